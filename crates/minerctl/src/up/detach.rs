//! `minerctl up --detach`: starts the supervisor in the background and shows how far it gets.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use anyhow::Context;
use daemon_kit::{Home, Instance, Workers};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::complaints::Complaints;
use super::{disk, supervisor};
use crate::output;
use crate::sandbox::SANDBOX;
use crate::status::{self, Answer, Status};

/// What the supervisor says.
const LOG: &str = "supervisor.log";

/// How long everything may take to be ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a process may go on that has said why it cannot start: what is in its way may be about to go.
const PATIENCE_AFTER_COMPLAINT: Duration = Duration::from_secs(5);

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(20);

/// How many lines of the supervisor's own log are shown.
const LAST_WORDS: usize = 20;

/// Runs the command; returns when everything runs or something cannot.
///
/// # Errors
/// If there is no room on the disk, or the supervisor cannot be started.
pub(super) async fn run(home: &Home) -> anyhow::Result<ExitCode> {
    if let Some(pid) = Instance::holder(home, super::SUPERVISOR)? {
        output::note(&format!("already running (pid {pid})"));
        return watch(home, None).await;
    }
    disk::check(home)?;
    Complaints::forget(home, &supervisor::children(home));
    let log = OpenOptions::new().create(true).append(true).mode(0o600).open(home.logs_dir().join(LOG))?;
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

/// Says what is ready as soon as it is, and what cannot start as soon as it says so.
async fn watch(home: &Home, mut supervisor: Option<Child>) -> anyhow::Result<ExitCode> {
    let workers = Workers::new();
    let children = supervisor::children(home);
    let mut complaints = Complaints::default();
    let mut announced = Vec::new();
    let mut deadline = Instant::now() + PATIENCE;
    loop {
        let status = status::gather(home, &workers).await;
        let ready = ready(&status);
        for name in &ready {
            if !announced.contains(name) {
                output::note(&format!("{name} is ready"));
                announced.push(*name);
            }
        }
        if status.all_running {
            return Ok(ExitCode::SUCCESS);
        }
        let missing: Vec<_> = children.iter().filter(|name| !ready.contains(name)).copied().collect();
        let was_quiet = complaints.is_empty();
        complaints.new_lines(home, &missing).iter().for_each(|line| output::note(line));
        if was_quiet && !complaints.is_empty() {
            deadline = deadline.min(Instant::now() + PATIENCE_AFTER_COMPLAINT);
        }
        if let Some(child) = &mut supervisor
            && let Some(end) = child.try_wait()?
        {
            output::note(&format!("the miner could not be started ({end}):"));
            output::note(&last_words(home));
            return Ok(ExitCode::FAILURE);
        }
        if Instant::now() >= deadline {
            output::note(&format!("not ready: {}", missing.join(", ")));
            output::note(&format!(
                "it is tried again in the background until `minerctl --home '{}' down`; `minerctl logs` shows more",
                home.root().display()
            ));
            return Ok(ExitCode::FAILURE);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn ready(status: &Status) -> Vec<&'static str> {
    let sandbox = status.sandbox.as_ref().and_then(Answer::running);
    let answers = [
        ("tracker", status.tracker.running().is_some()),
        ("wallet-manager", status.wallet_manager.running().is_some()),
        ("task-handler", status.task_handler.running().is_some()),
        ("miner-daemon", status.miner_daemon.running().is_some()),
        (SANDBOX, sandbox.is_some()),
    ];
    answers.into_iter().filter(|(_, answers)| *answers).map(|(name, _)| name).collect()
}

/// Returns the supervisor's newest lines.
fn last_words(home: &Home) -> String {
    let text = std::fs::read_to_string(home.logs_dir().join(LOG)).unwrap_or_default();
    let lines: Vec<_> = text.lines().map(output::printable).collect();
    let newest: Vec<_> = lines.iter().skip(lines.len().saturating_sub(LAST_WORDS)).map(String::as_str).collect();
    newest.join("\n")
}
