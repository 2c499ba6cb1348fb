//! The sandbox's command.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    sandbox::command::execute(sandbox::cli::Cli::parse())
}
