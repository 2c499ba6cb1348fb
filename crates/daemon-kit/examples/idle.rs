//! The smallest daemon: it is ready at once and does nothing until it is stopped.

use std::process::ExitCode;

use daemon_kit::Daemon;
use daemon_kit::config::{Config, ConfigError, ConfigErrors, File};

fn main() -> ExitCode {
    daemon_kit::main("idle", env!("CARGO_PKG_VERSION"), check, run)
}

/// It must not have a wallet of this name.
const REFUSED: &str = "busy";

fn check(config: &Config) -> Result<(), ConfigErrors> {
    if config.miner.wallet.name != REFUSED {
        return Ok(());
    }
    Err(ConfigErrors(vec![ConfigError::contradiction(File::MinerConfig, "wallet.name", "must be idle")]))
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
