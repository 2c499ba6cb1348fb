//! The `wallet-manager` daemon.

use std::process::ExitCode;

fn main() -> ExitCode {
    daemon_kit::main("wallet-manager", env!("CARGO_PKG_VERSION"), wallet_manager::check, wallet_manager::run)
}
