//! The clock around [`Beats`], and the words an operator reads about them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::call::tracker::{Beat, BeatState};
use daemon_kit::Workers;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::beats::{Beats, Notice, UnknownDaemon};

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The daemons that are watched; clones share them.
#[derive(Clone)]
pub(crate) struct Watch {
    beats: Arc<Mutex<Beats>>,
}

impl Watch {
    /// Starts to watch daemons that beat every `beat`.
    pub(crate) fn new(beat: Duration) -> Self {
        Self { beats: Arc::new(Mutex::new(Beats::new(beat, now()))) }
    }

    /// Takes in a beat.
    pub(crate) fn hear(&self, beat: Beat, seen_unix_ms: u64) -> Result<(), UnknownDaemon> {
        let notices = self.lock().hear(beat, now(), seen_unix_ms)?;
        notices.into_iter().for_each(tell);
        Ok(())
    }

    /// Returns the newest beat of every daemon that was heard.
    pub(crate) fn states(&self) -> Vec<BeatState> {
        self.lock().states()
    }

    /// Returns who is not heard of, and for how long.
    pub(crate) fn silent(&self) -> Vec<(&'static str, Duration)> {
        self.lock().silent(now())
    }

    /// Looks for silent daemons until the workers stop.
    pub(crate) async fn run(self, workers: Workers) {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = workers.stopping() => return,
                _ = ticks.tick() => {}
            }
            let notices = self.lock().newly_silent(now());
            notices.into_iter().for_each(tell);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Beats> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The monotonic time: a clock that is set does not make a daemon look silent.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}

fn tell(notice: Notice) {
    match notice {
        Notice::Appeared { service, pid } => tracing::info!(service, pid, "Daemon appeared"),
        Notice::Restarted { service, former_pid, pid } => {
            tracing::info!(service, former_pid, pid, "Daemon was restarted");
        }
        Notice::Silent { service, silence } => {
            tracing::warn!(service, silent_s = silence.as_secs(), "Daemon is silent");
        }
        Notice::Back { service, silence } => tracing::info!(service, silent_s = silence.as_secs(), "Daemon is back"),
    }
}

#[cfg(test)]
mod tests {
    use daemon_kit::Problems;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    const BEAT: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn an_operator_is_warned_of_a_silent_daemon() {
        let problems = Problems::new();
        let _logs = tracing::subscriber::set_default(tracing_subscriber::registry().with(problems.clone()));
        let workers = Workers::new();
        let watch = Watch::new(BEAT);
        workers.spawn("beat-watch", watch.clone().run(workers.clone()));

        for _ in 0..6 {
            tokio::time::sleep(BEAT).await;
            watch.hear(beat("miner-daemon"), 0).unwrap();
            watch.hear(beat("task-handler"), 0).unwrap();
        }

        let warnings: Vec<_> = problems.newest().into_iter().map(|problem| problem.message).collect();
        assert_eq!(warnings, ["Daemon is silent service=\"wallet-manager\" silent_s=21"]);
        workers.stop();
        assert_eq!(workers.wait(BEAT).await, Ok(()));
    }

    fn beat(service: &str) -> Beat {
        Beat { service: service.into(), pid: 1, started_unix_ms: 1, outbox: 0, conditions: vec![], vitals: vec![] }
    }
}
