//! Keeps the four daemons, and the sandbox in its home, running: restarts with backoff, stops in order.

use std::process::{ExitCode, ExitStatus};
use std::time::{Duration, Instant};

use daemon_kit::Home;
use futures_util::future::join_all;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::backoff::Backoff;
use super::child::Child;
use crate::output;
use crate::sandbox::{SANDBOX, is_sandbox};

/// The daemons in the order in which they are started.
pub(crate) const DAEMONS: [&str; 4] = ["tracker", "wallet-manager", "task-handler", "miner-daemon"];

/// Returns what runs in a home, in the order in which it is started; it is stopped in the reverse order, so that nobody
/// loses the one it reports to.
pub(super) fn children(home: &Home) -> Vec<&'static str> {
    DAEMONS.into_iter().chain(is_sandbox(home).then_some(SANDBOX)).collect()
}

/// How long a daemon may take to drain before it is killed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where one daemon's keeper stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// It keeps the daemon running.
    Keeping,
    /// It was stopped.
    Stopped,
    /// Starting the daemon again cannot help.
    GaveUp,
}

/// Runs until a signal comes or a daemon cannot be helped; then stops all.
///
/// # Errors
/// If signals cannot be received.
pub(super) async fn run(home: &Home) -> anyhow::Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (keepers, handles): (Vec<_>, Vec<_>) = children(home).into_iter().map(|name| keeper(home, name)).unzip();
    let conductor = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = any_gave_up(&handles) => {}
        }
        for handle in handles.iter().rev() {
            handle.stop().await;
        }
    };
    tokio::join!(join_all(keepers), conductor);
    let failed = handles.iter().any(|handle| *handle.stage.borrow() == Stage::GaveUp);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The conductor's end of one keeper.
struct Handle {
    stop: watch::Sender<bool>,
    stage: watch::Receiver<Stage>,
}

impl Handle {
    async fn stop(&self) {
        self.stop.send_replace(true);
        // A keeper that is gone has stopped.
        drop(self.stage.clone().wait_for(|stage| *stage != Stage::Keeping).await);
    }
}

async fn any_gave_up(handles: &[Handle]) {
    let waits = handles.iter().map(|handle| {
        let mut stage = handle.stage.clone();
        Box::pin(async move { drop(stage.wait_for(|stage| *stage == Stage::GaveUp).await) })
    });
    futures_util::future::select_all(waits).await;
}

fn keeper(home: &Home, name: &'static str) -> (impl Future<Output = ()>, Handle) {
    let (stop, stop_wish) = watch::channel(false);
    let (report, stage) = watch::channel(Stage::Keeping);
    let home = home.clone();
    let keeper = async move {
        let end = keep(&home, name, stop_wish).await;
        report.send_replace(end);
    };
    (keeper, Handle { stop, stage })
}

/// Starts one daemon again and again until it is told to stop or there is no point in it.
async fn keep(home: &Home, name: &'static str, mut stop: watch::Receiver<bool>) -> Stage {
    let mut backoff = Backoff::default();
    loop {
        let started = Instant::now();
        let mut child = match Child::start(home, name) {
            Ok(child) => child,
            Err(error) => {
                output::note(&format!("{error}; build it with `cargo build --release`"));
                return Stage::GaveUp;
            }
        };
        let status = tokio::select! {
            status = child.wait() => status,
            _ = stop.wait_for(|stop| *stop) => {
                child.stop(PATIENCE).await;
                return Stage::Stopped;
            }
        };
        let wait = match status.map(|status| (judge(status), status)) {
            Ok((Verdict::Restart, status)) => {
                let wait = backoff.after(started.elapsed());
                output::note(&format!("{name} ended ({status}); it is started again in {} ms", wait.as_millis()));
                wait
            }
            Ok((Verdict::GiveUp, _)) => {
                output::note(&format!("{name} refuses its configuration; see logs/{name}.err"));
                return Stage::GaveUp;
            }
            Err(error) => {
                output::note(&format!("{name} cannot be watched: {error}"));
                return Stage::GaveUp;
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = stop.wait_for(|stop| *stop) => return Stage::Stopped,
        }
    }
}

/// What a daemon's end means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    /// It is worth another start.
    Restart,
    /// Another start cannot help.
    GiveUp,
}

/// A bad configuration stays bad; anything else is worth another start.
fn judge(status: ExitStatus) -> Verdict {
    if status.code() == Some(i32::from(crate::config::BAD_CONFIG)) { Verdict::GiveUp } else { Verdict::Restart }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn only_a_bad_configuration_is_hopeless() {
        let exit = |code: i32| ExitStatus::from_raw(code << 8);

        assert_eq!(judge(exit(78)), Verdict::GiveUp);
        assert_eq!(judge(exit(1)), Verdict::Restart);
        assert_eq!(judge(ExitStatus::from_raw(9)), Verdict::Restart);
    }
}
