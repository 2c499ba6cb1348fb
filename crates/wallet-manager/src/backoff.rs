//! How long nothing is tried after wrong passwords or codes. Pure: time comes in as an argument.

use std::time::{Duration, Instant};

/// The pause after the first wrong one; twice as long after each further one.
pub(crate) const FIRST: Duration = Duration::from_secs(5);

/// The longest pause.
pub(crate) const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Wrong tries in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    until: Option<Instant>,
}

impl Backoff {
    /// How long nothing is tried from now on, if so.
    pub(crate) fn wait(&self, now: Instant) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(now)).filter(|wait| !wait.is_zero())
    }

    /// Something wrong was tried.
    pub(crate) fn failed(&mut self, now: Instant) {
        let pause = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        self.until = now.checked_add(pause);
    }

    /// The right one was tried.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_try_doubles_the_pause_up_to_a_quarter_of_an_hour() {
        let now = Instant::now();
        let mut backoff = Backoff::default();

        let pauses: Vec<_> = (0..40)
            .map(|_| {
                backoff.failed(now);
                backoff.wait(now).unwrap().as_secs()
            })
            .collect();

        assert_eq!(pauses[..4], [5, 10, 20, 40]);
        assert_eq!(pauses.last(), Some(&900));
    }

    #[test]
    fn after_the_pause_and_after_the_right_one_there_is_no_wait() {
        let now = Instant::now();
        let mut backoff = Backoff::default();
        backoff.failed(now);

        assert_eq!(backoff.wait(now + FIRST), None);
        backoff.succeeded();
        assert_eq!(backoff.wait(now), None);
    }
}
