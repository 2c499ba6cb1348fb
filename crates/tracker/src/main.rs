//! The `tracker` daemon.

use std::process::ExitCode;

fn main() -> ExitCode {
    daemon_kit::main("tracker", env!("CARGO_PKG_VERSION"), |_| Ok(()), tracker::run)
}
