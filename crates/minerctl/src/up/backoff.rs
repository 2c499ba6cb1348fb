//! How long to wait before a daemon is started again. Pure: time comes in as an argument.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_millis(100);

/// The longest wait.
const LONGEST: Duration = Duration::from_secs(30);

/// A daemon that ran this long starts with a clean record: it is no loop of failing starts.
const PROVEN: Duration = Duration::from_secs(10);

/// The record of one daemon's failures.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Returns how long to wait after a daemon ended that had run for `uptime`.
    pub(super) fn after(&mut self, uptime: Duration) -> Duration {
        if uptime >= PROVEN {
            self.failures = 0;
        }
        let wait = FIRST.saturating_mul(2_u32.saturating_pow(self.failures)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound() {
        let mut backoff = Backoff::default();

        let waits: Vec<_> = (0..40).map(|_| backoff.after(Duration::ZERO)).collect();

        assert_eq!(waits[..3], [FIRST, FIRST * 2, FIRST * 4]);
        assert_eq!(waits[39], LONGEST);
    }

    #[test]
    fn a_long_run_clears_the_record() {
        let mut backoff = Backoff::default();
        backoff.after(Duration::ZERO);
        backoff.after(Duration::ZERO);

        assert_eq!(backoff.after(PROVEN), FIRST);
    }
}
