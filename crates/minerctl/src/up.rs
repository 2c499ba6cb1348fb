//! `minerctl up`: starts the four daemons and keeps them running where there is no systemd. In a sandbox's home the sandbox
//! runs with them.

mod backoff;
mod child;
mod complaints;
mod detach;
mod supervisor;

use std::process::ExitCode;

use anyhow::Context;
use daemon_kit::config::Config;
use daemon_kit::{Home, Instance, InstanceError};

use crate::cli::{CommonArgs, UpArgs};
use crate::config::BAD_CONFIG;
use crate::output;

/// The supervisor's name among the locks.
pub(crate) const SUPERVISOR: &str = "supervisor";

/// Runs the command.
///
/// # Errors
/// If the home cannot be prepared or a daemon cannot be started.
pub(crate) async fn run(common: &CommonArgs, args: &UpArgs) -> anyhow::Result<ExitCode> {
    let root = std::path::absolute(&common.home)?;
    let home = Home::new(root);
    if let Err(errors) = Config::load(&home) {
        output::note(&errors.to_string());
        output::note("nothing was started");
        return Ok(ExitCode::from(BAD_CONFIG));
    }
    home.prepare()?;
    if args.detach {
        return detach::run(&home).await;
    }
    if args.detached {
        // A terminal that closes must not take the miner with it.
        rustix::process::setsid().context("cannot leave the terminal's session")?;
    }
    let _instance = match Instance::take(&home, SUPERVISOR) {
        Ok(instance) => instance,
        Err(InstanceError::Running { pid, .. }) => {
            output::note(&format!("already running (pid {pid})"));
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => return Err(error.into()),
    };
    supervisor::run(&home).await
}
