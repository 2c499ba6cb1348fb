//! The smallest daemon: it is ready at once and does nothing until it is stopped.

use std::process::ExitCode;

use daemon_kit::Daemon;

fn main() -> ExitCode {
    daemon_kit::main("idle", env!("CARGO_PKG_VERSION"), run)
}

async fn run(daemon: Daemon) -> anyhow::Result<()> {
    let workers = daemon.workers.clone();
    daemon.workers.spawn("idler", async move {
        workers.stopping().await;
        // For the test of a worker that fails.
        assert!(std::env::var_os("IDLE_FAILS").is_none(), "asked to fail");
    });
    Ok(())
}
