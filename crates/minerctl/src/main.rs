//! The operator's one command. Thin: each daemon answers about itself, this prints it and adds the offline checks.

mod balance;
mod budget;
mod cli;
mod commands;
mod config;
mod confirm;
mod credentials;
mod down;
mod earnings;
mod events;
mod explain;
mod heartbeat;
mod logs;
mod models;
mod operation;
mod output;
mod pause;
mod register;
mod replay;
mod sandbox;
mod stake;
mod status;
mod up;
mod wallet;
mod why;

use std::process::ExitCode;

use clap::Parser;

use cli::{BudgetCommand, Cli, Command, ConfigCommand, ModelsCommand};

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
            Command::Why => why::run(&cli.common).await,
            Command::Heartbeat => heartbeat::run(&cli.common).await,
            Command::Events(args) => events::run(&cli.common, args).await,
            Command::Commands => commands::run(&cli.common),
            Command::Budget { command: None } => budget::run(&cli.common).await,
            Command::Budget { command: Some(BudgetCommand::ConfirmClock(args)) } => {
                budget::confirm_clock(&cli.common, args).await
            }
            Command::Budget { command: Some(BudgetCommand::Earnings(args)) } => {
                budget::earnings(&cli.common, args).await
            }
            Command::Models { command: None } => models::run(&cli.common).await,
            Command::Models { command: Some(ModelsCommand::Check) } => models::check(&cli.common).await,
            Command::Explain { task } => explain::run(&cli.common, *task).await,
            Command::Pause(args) => pause::run(&cli.common, args, true).await,
            Command::Resume(args) => pause::run(&cli.common, args, false).await,
            Command::Config(ConfigCommand::Check) => config::check(&cli.common).await,
            Command::Up(args) => up::run(&cli.common, args).await,
            Command::Credentials(command) => credentials::run(&cli.common, command).await,
            Command::Wallet(command) => wallet::run(&cli.common, command).await,
            Command::Balance => balance::run(&cli.common).await,
            Command::Earnings(args) => earnings::run(&cli.common, args).await,
            Command::Register(args) => register::run(&cli.common, args).await,
            Command::Stake(command) => stake::run(&cli.common, command).await,
            Command::Transfer(args) => stake::transfer(&cli.common, args).await,
            Command::Operations(args) => operation::list(&cli.common, args).await,
            Command::Approve(args) => operation::decide(&cli.common, args, true).await,
            Command::Reject(args) => operation::decide(&cli.common, args, false).await,
            Command::Logs(args) => logs::run(&cli.common, args),
            Command::Down(args) => down::run(&cli.common, args).await,
            Command::Replay(args) => replay::run(&cli.common, args),
        }
    })
}
