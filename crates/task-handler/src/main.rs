//! The `task-handler` process.

use std::process::ExitCode;

fn main() -> ExitCode {
    daemon_kit::main("task-handler", env!("CARGO_PKG_VERSION"), task_handler::check::check, task_handler::run)
}
