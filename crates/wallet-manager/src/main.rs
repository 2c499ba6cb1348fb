//! The `wallet-manager` daemon, and `wallet-manager mcp`, by which an agent uses the one that runs.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|first| first == "mcp") {
        return wallet_manager::mcp::main(args);
    }
    daemon_kit::main("wallet-manager", env!("CARGO_PKG_VERSION"), wallet_manager::check, wallet_manager::run)
}
