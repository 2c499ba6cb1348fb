//! `minerctl up --detach`: starts the supervisor in the background and shows how far it gets.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use anyhow::Context;
use daemon_kit::{Home, Instance, Workers};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::supervisor::DAEMONS;
use crate::output;
use crate::status::{self, Status};

/// How long the daemons may take to be ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs the command; returns when all daemons answer or one of them cannot.
///
/// # Errors
/// If the supervisor cannot be started.
pub(super) async fn run(home: &Home) -> anyhow::Result<ExitCode> {
    if let Some(pid) = Instance::holder(home, super::SUPERVISOR)? {
        output::note(&format!("already running (pid {pid})"));
        return watch(home, None).await;
    }
    let log = OpenOptions::new().create(true).append(true).mode(0o600).open(home.logs_dir().join("supervisor.log"))?;
    let child = Command::new(std::env::current_exe()?)
        .arg("--home")
        .arg(home.root())
        .args(["up", "--detached"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .context("cannot start the supervisor")?;
    watch(home, Some(child)).await
}

/// Says which daemon is ready as soon as it is.
async fn watch(home: &Home, mut supervisor: Option<Child>) -> anyhow::Result<ExitCode> {
    let workers = Workers::new();
    let started = Instant::now();
    let mut announced = Vec::new();
    loop {
        let status = status::gather(home, &workers).await;
        for name in ready(&status) {
            if !announced.contains(&name) {
                output::note(&format!("{name} is ready"));
                announced.push(name);
            }
        }
        if status.all_running {
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(child) = &mut supervisor
            && let Some(end) = child.try_wait()?
        {
            output::note(&format!("the miner could not be started ({end}):"));
            output::note(&last_words(home));
            return Ok(ExitCode::FAILURE);
        }
        if started.elapsed() >= PATIENCE {
            let missing: Vec<_> = DAEMONS.iter().filter(|name| !announced.contains(name)).copied().collect();
            output::note(&format!("not ready after {} s: {}", PATIENCE.as_secs(), missing.join(", ")));
            output::note(&last_words(home));
            return Ok(ExitCode::FAILURE);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn ready(status: &Status) -> Vec<&'static str> {
    let answers = [
        status.tracker.running().is_some(),
        status.wallet_manager.running().is_some(),
        status.task_handler.running().is_some(),
        status.miner_daemon.running().is_some(),
    ];
    DAEMONS.iter().zip(answers).filter(|(_, answers)| *answers).map(|(name, _)| *name).collect()
}

/// Returns what the daemons said before their logs were open, and the supervisor's newest lines.
fn last_words(home: &Home) -> String {
    let mut words = String::new();
    for name in DAEMONS.iter().map(|name| format!("{name}.err")).chain(["supervisor.log".into()]) {
        let path = home.logs_dir().join(&name);
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        for line in lines.iter().skip(lines.len().saturating_sub(MAX_LINES)) {
            words.push_str(&format!("  {name}: {}\n", output::printable(line)));
        }
    }
    words
}

/// How many lines of each file are shown.
const MAX_LINES: usize = 20;
