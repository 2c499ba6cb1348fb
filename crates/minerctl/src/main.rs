//! The operator's one command. Thin: each daemon answers about itself, this prints it and adds the offline checks.

mod budget;
mod cli;
mod config;
mod confirm;
mod credentials;
mod down;
mod explain;
mod logs;
mod models;
mod output;
mod pause;
mod replay;
mod replay;
mod sandbox;
mod status;
mod up;
mod wallet;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command, ConfigCommand, ModelsCommand};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(code) => code,
        // Whoever reads the output, such as `head`, has seen enough.
        Err(error) if output::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    // One thread: children are started from it, and they are told when it dies.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match &cli.command {
            Command::Status(args) => status::run(&cli.common, args).await,
            Command::Budget => budget::run(&cli.common).await,
            Command::Models { command: None } => models::run(&cli.common).await,
            Command::Models { command: Some(ModelsCommand::Check) } => models::check(&cli.common).await,
            Command::Explain { task } => explain::run(&cli.common, *task).await,
            Command::Pause(args) => pause::run(&cli.common, args, true).await,
            Command::Resume(args) => pause::run(&cli.common, args, false).await,
            Command::Config(ConfigCommand::Check) => config::check(&cli.common).await,
            Command::Up(args) => up::run(&cli.common, args).await,
            Command::Credentials(command) => credentials::run(&cli.common, command).await,
            Command::Wallet(command) => wallet::run(&cli.common, command).await,
            Command::Logs(args) => logs::run(&cli.common, args),
            Command::Down(args) => down::run(&cli.common, args).await,
            Command::Replay(args) => replay::run(&cli.common, args),
            Command::Replay(args) => replay::run(&cli.common, args),
        }
    })
}
