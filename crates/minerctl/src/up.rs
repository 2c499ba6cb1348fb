//! `minerctl up`: starts the four daemons and keeps them running where there is no systemd. In a sandbox's home the sandbox
//! runs with them.

mod backoff;
mod child;
mod complaints;
mod detach;
mod disk;
mod supervisor;

use std::process::ExitCode;

use anyhow::Context;
use daemon_kit::{Home, Instance, InstanceError};

use crate::cli::{CommonArgs, UpArgs};
use crate::config::{self, BAD_CONFIG, Findings};
use crate::output;

pub(crate) use child::binary;
pub(crate) use supervisor::DAEMONS;

/// The supervisor's name among the locks.
pub(crate) const SUPERVISOR: &str = "supervisor";

/// Runs the command.
///
/// # Errors
/// If the home cannot be prepared or a daemon cannot be started.
pub(crate) async fn run(common: &CommonArgs, args: &UpArgs) -> anyhow::Result<ExitCode> {
    let root = std::path::absolute(&common.home)?;
    let home = Home::new(root);
    // The command in whose background this one runs has just checked it.
    let findings = if args.detached { Findings::default() } else { config::findings(&home).await? };
    if !findings.is_empty() {
        output::note(&findings.to_string());
        output::note("nothing was started");
        return Ok(ExitCode::from(BAD_CONFIG));
    }
    if args.dry_run {
        output::note(&match Instance::holder(&home, SUPERVISOR)? {
            Some(pid) => format!("dry run: already running (pid {pid})"),
            None => format!("dry run: {} will be started", supervisor::children(&home).join(", ")),
        });
        return Ok(ExitCode::SUCCESS);
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
