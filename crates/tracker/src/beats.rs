//! Who is alive: the newest beat of each daemon, and when a silence is worth a word. Pure: time comes in as an argument.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use common::call::tracker::{Beat, BeatState};

/// The daemons that beat. tracker does not beat to itself.
pub const DAEMONS: [&str; 3] = ["miner-daemon", "task-handler", "wallet-manager"];

/// A daemon that misses this many beats is silent; fewer are missed in a restart.
const MISSED_BEATS: u32 = 4;

/// The newest beat of each daemon.
#[derive(Debug)]
pub struct Beats {
    patience: Duration,
    daemons: BTreeMap<&'static str, Watched>,
}

#[derive(Debug)]
struct Watched {
    newest: Option<BeatState>,
    /// When it was last heard, or when the watch began.
    heard: Instant,
    silent: bool,
}

/// Something that an operator wants to know about a daemon.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Notice {
    /// It was heard for the first time.
    Appeared {
        /// The daemon.
        service: &'static str,
        /// Its process.
        pid: u32,
    },
    /// Another process beats in its name.
    Restarted {
        /// The daemon.
        service: &'static str,
        /// The process before.
        former_pid: u32,
        /// The process now.
        pid: u32,
    },
    /// It has not been heard for too long.
    Silent {
        /// The daemon.
        service: &'static str,
        /// Since it was last heard, or since the watch began.
        silence: Duration,
    },
    /// It is heard again.
    Back {
        /// The daemon.
        service: &'static str,
        /// How long it was not heard.
        silence: Duration,
    },
}

/// The beat is of no daemon that is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a beat of an unknown daemon; known are {}", DAEMONS.join(", "))]
pub struct UnknownDaemon;

impl Beats {
    /// Starts the watch at `now` over daemons that beat every `interval`.
    #[must_use]
    pub fn new(interval: Duration, now: Instant) -> Self {
        let watched = |service| (service, Watched { newest: None, heard: now, silent: false });
        Self { patience: interval.saturating_mul(MISSED_BEATS), daemons: DAEMONS.map(watched).into() }
    }

    /// Takes in a beat and returns what is new about its daemon.
    ///
    /// # Errors
    /// When the daemon is not one of [`DAEMONS`].
    pub fn hear(&mut self, beat: Beat, now: Instant, seen_unix_ms: u64) -> Result<Vec<Notice>, UnknownDaemon> {
        let service = *DAEMONS.iter().find(|service| **service == beat.service).ok_or(UnknownDaemon)?;
        let watched = self.daemons.get_mut(service).ok_or(UnknownDaemon)?;
        let silence = now.saturating_duration_since(watched.heard);
        let mut notices = Vec::new();
        if std::mem::take(&mut watched.silent) {
            notices.push(Notice::Back { service, silence });
        }
        notices.extend(new_process(service, watched.newest.as_ref().map(|newest| &newest.beat), &beat));
        watched.heard = now;
        watched.newest = Some(BeatState { beat, seen_unix_ms });
        Ok(notices)
    }

    /// Returns who has become silent since the last time this was asked.
    pub fn newly_silent(&mut self, now: Instant) -> Vec<Notice> {
        let mut notices = Vec::new();
        for (&service, watched) in &mut self.daemons {
            let silence = now.saturating_duration_since(watched.heard);
            if !watched.silent && silence > self.patience {
                watched.silent = true;
                notices.push(Notice::Silent { service, silence });
            }
        }
        notices
    }

    /// Returns who is silent, and for how long.
    #[must_use]
    pub fn silent(&self, now: Instant) -> Vec<(&'static str, Duration)> {
        let silence = |(service, watched): (&&'static str, &Watched)| {
            let silence = now.saturating_duration_since(watched.heard);
            (silence > self.patience).then_some((*service, silence))
        };
        self.daemons.iter().filter_map(silence).collect()
    }

    /// Returns the newest beat of every daemon that was heard.
    #[must_use]
    pub fn states(&self) -> Vec<BeatState> {
        self.daemons.values().filter_map(|watched| watched.newest.clone()).collect()
    }
}

fn new_process(service: &'static str, former: Option<&Beat>, beat: &Beat) -> Option<Notice> {
    let pid = beat.pid;
    match former {
        None => Some(Notice::Appeared { service, pid }),
        Some(former) if (former.pid, former.started_unix_ms) != (pid, beat.started_unix_ms) => {
            Some(Notice::Restarted { service, former_pid: former.pid, pid })
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(5);
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_newest_beat_of_each_daemon_is_kept() {
        let start = Instant::now();
        let mut beats = Beats::new(INTERVAL, start);

        beats.hear(beat("task-handler", 10), start, 1).unwrap();
        beats.hear(beat("miner-daemon", 11), start, 2).unwrap();
        beats.hear(Beat { outbox: 7, ..beat("task-handler", 10) }, start, 3).unwrap();

        let states = beats.states();
        let told: Vec<_> = states.iter().map(|s| (s.beat.service.as_str(), s.beat.outbox, s.seen_unix_ms)).collect();
        assert_eq!(told, [("miner-daemon", 0, 2), ("task-handler", 7, 3)]);
    }

    #[test]
    fn only_a_new_process_is_news() {
        let start = Instant::now();
        let mut beats = Beats::new(INTERVAL, start);

        let first = beats.hear(beat("task-handler", 10), start, 0);
        let second = beats.hear(beat("task-handler", 10), start, 0);
        let restarted = beats.hear(beat("task-handler", 12), start, 0);

        assert_eq!(first, Ok(vec![Notice::Appeared { service: "task-handler", pid: 10 }]));
        assert_eq!(second, Ok(vec![]));
        assert_eq!(restarted, Ok(vec![Notice::Restarted { service: "task-handler", former_pid: 10, pid: 12 }]));
    }

    #[test]
    fn the_same_pid_with_another_start_is_a_new_process() {
        let start = Instant::now();
        let mut beats = Beats::new(INTERVAL, start);
        beats.hear(beat("task-handler", 10), start, 0).unwrap();

        let again = beats.hear(Beat { started_unix_ms: 2, ..beat("task-handler", 10) }, start, 0);

        assert_eq!(again, Ok(vec![Notice::Restarted { service: "task-handler", former_pid: 10, pid: 10 }]));
    }

    #[test]
    fn a_silence_is_told_once_and_so_is_its_end() {
        let start = Instant::now();
        let mut beats = Beats::new(INTERVAL, start);
        hear_all(&mut beats, start);
        hear_all_but(&mut beats, "wallet-manager", start + 20 * SECOND);

        assert_eq!(beats.newly_silent(start + 20 * SECOND), []);
        let silent = Notice::Silent { service: "wallet-manager", silence: 21 * SECOND };
        assert_eq!(beats.newly_silent(start + 21 * SECOND), [silent]);
        assert_eq!(beats.newly_silent(start + 22 * SECOND), []);
        assert_eq!(beats.silent(start + 25 * SECOND), [("wallet-manager", 25 * SECOND)]);
        let back = Notice::Back { service: "wallet-manager", silence: 30 * SECOND };
        assert_eq!(beats.hear(beat("wallet-manager", 1), start + 30 * SECOND, 0), Ok(vec![back]));
        assert_eq!(beats.hear(beat("wallet-manager", 1), start + 35 * SECOND, 0), Ok(vec![]));
    }

    #[test]
    fn a_daemon_that_never_came_is_silent_too() {
        let start = Instant::now();
        let mut beats = Beats::new(INTERVAL, start);

        let silent = beats.newly_silent(start + 21 * SECOND);

        assert_eq!(silent, DAEMONS.map(|service| Notice::Silent { service, silence: 21 * SECOND }));
    }

    #[test]
    fn an_unknown_daemon_is_refused() {
        let start = Instant::now();
        let mut beats = Beats::new(INTERVAL, start);

        assert_eq!(beats.hear(beat("stranger", 1), start, 0), Err(UnknownDaemon));
        assert_eq!(beats.states(), []);
    }

    fn beat(service: &str, pid: u32) -> Beat {
        Beat { service: service.into(), pid, started_unix_ms: 1, outbox: 0, conditions: vec![], vitals: vec![] }
    }

    fn hear_all(beats: &mut Beats, now: Instant) {
        hear_all_but(beats, "", now);
    }

    fn hear_all_but(beats: &mut Beats, missing: &str, now: Instant) {
        for service in DAEMONS.into_iter().filter(|service| *service != missing) {
            beats.hear(beat(service, 1), now, 0).unwrap();
        }
    }
}
