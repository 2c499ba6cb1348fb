//! `minerctl down`: stops whatever runs in a home, and waits until it has stopped.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use daemon_kit::{Home, Instance};
use rustix::process::{Pid, Signal};
use serde_json::json;

use crate::cli::{CommonArgs, DownArgs};
use crate::output;
use crate::sandbox::SANDBOX;
use crate::up::SUPERVISOR;

/// What can run in a home, in the order in which it is stopped.
const PROCESSES: [&str; 6] = [SUPERVISOR, SANDBOX, "miner-daemon", "task-handler", "wallet-manager", "tracker"];

/// How long calls in work may take to drain, and some more.
const PATIENCE: Duration = Duration::from_secs(40);

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(50);

/// Runs the command.
///
/// # Errors
/// If a process cannot be signalled, or does not stop in time.
pub(crate) async fn run(common: &CommonArgs, args: &DownArgs) -> anyhow::Result<ExitCode> {
    let home = Home::new(common.home.clone());
    if args.dry_run {
        return dry_run(&home);
    }
    let mut stopped = Vec::new();
    for process in PROCESSES {
        if stop(&home, process).await? {
            stopped.push(process);
        }
    }
    if common.json {
        output::json(&json!({ "schema": 1, "stopped": stopped }))?;
    } else if stopped.is_empty() {
        output::text("Nothing was running.\n")?;
    } else {
        output::text("Stopped.\n")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what would be stopped.
fn dry_run(home: &Home) -> anyhow::Result<ExitCode> {
    let mut runs = false;
    for process in PROCESSES {
        if let Some(pid) = Instance::holder(home, process)? {
            output::note(&format!("dry run: {process} (pid {pid}) will be stopped"));
            runs = true;
        }
    }
    if !runs {
        output::note("dry run: nothing is running");
    }
    Ok(ExitCode::SUCCESS)
}

/// Stops one process; returns whether it ran. The supervisor stops its daemons before it goes.
async fn stop(home: &Home, process: &str) -> anyhow::Result<bool> {
    let Some(pid) = Instance::holder(home, process)? else {
        return Ok(false);
    };
    output::note(&format!("stopping {process} (pid {pid})"));
    signal(pid).with_context(|| format!("cannot stop {process} (pid {pid})"))?;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while Instance::holder(home, process)? == Some(pid) {
        anyhow::ensure!(
            tokio::time::Instant::now() < deadline,
            "{process} (pid {pid}) has not stopped after {} s; look at logs/{process}.log, and if it hangs, kill -9 {pid}: \
             no record and no budget is lost by that",
            PATIENCE.as_secs()
        );
        tokio::time::sleep(PAUSE).await;
    }
    Ok(true)
}

fn signal(pid: Pid) -> rustix::io::Result<()> {
    match rustix::process::kill_process(pid, Signal::TERM) {
        // It went by itself meanwhile.
        Err(rustix::io::Errno::SRCH) => Ok(()),
        other => other,
    }
}
