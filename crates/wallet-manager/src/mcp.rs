//! `wallet-manager mcp`: the wallet as tools of an agent, by the Model Context Protocol over stdin and stdout.
//!
//! A thin client of the wallet-manager that runs: it has no key and no right of its own, and cannot unlock or approve. Policy
//! decides on whatever would be signed. Only the protocol goes to stdout; words go to stderr.

mod answer;
mod arguments;
mod latinum;
mod tools;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context;
use clap::builder::ValueParser;
use clap::{Arg, Command};
use common::call::wallet::WalletCall;
use daemon_kit::ipc::Client;
use daemon_kit::{Home, Workers};
use rmcp::ServiceExt as _;
use rmcp::transport::stdio;

/// The wallet's tools.
#[derive(Clone)]
pub(crate) struct Tools {
    wallet: Client<WalletCall>,
}

/// Runs the server until the agent closes stdin. `args` are those after `mcp`.
pub fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let home = home(args);
    match serve(&home) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed, but there is nobody else to tell.
            let _written = writeln!(io::stderr(), "wallet-manager mcp: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn home(args: impl Iterator<Item = OsString>) -> Home {
    let home = Arg::new("home")
        .long("home")
        .env("MINER_HOME")
        .value_name("DIRECTORY")
        .default_value(".")
        .value_parser(ValueParser::path_buf())
        .help("The home in which wallet-manager runs");
    let command = Command::new("wallet-manager mcp")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The wallet as tools of an agent (MCP over stdin and stdout); wallet-manager must run in the same home")
        .arg(home);
    let mut matches = command.get_matches_from([OsString::from("wallet-manager mcp")].into_iter().chain(args));
    // There is a default.
    Home::new(matches.remove_one("home").unwrap_or_default())
}

fn serve(home: &Home) -> anyhow::Result<()> {
    daemon_kit::harden().context("this process cannot be protected from others")?;
    let home = Home::new(std::path::absolute(home.root()).context("the home cannot be found")?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let workers = Workers::new();
        let wallet = Client::new(home.socket("wallet-admin"), crate::SERVICE, &workers);
        let running = Tools { wallet }.serve(stdio()).await.context("the agent does not speak MCP")?;
        running.waiting().await.context("the connection to the agent failed")?;
        Ok(())
    })
}
