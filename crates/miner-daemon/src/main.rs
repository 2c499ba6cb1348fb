//! The `miner-daemon` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    daemon_kit::main("miner-daemon", env!("CARGO_PKG_VERSION"), miner_daemon::check, miner_daemon::run)
}
