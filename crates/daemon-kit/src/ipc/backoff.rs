//! Waiting times between attempts: doubling, with jitter, so that daemons do not knock in step.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// The waiting times of one run of failures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Backoff {
    /// Returns how long to wait before the next attempt: between half and all of the doubled time.
    pub(crate) fn next_delay(&mut self) -> Duration {
        self.delay(rand::random_range(0.5..=1.0))
    }

    fn delay(&mut self, share: f64) -> Duration {
        let delay = self.next.mul_f64(share);
        self.next = self.next.saturating_mul(2).min(LONGEST);
        delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_times_double_up_to_the_longest() {
        let mut backoff = Backoff::default();

        let delays: Vec<_> = (0..8).map(|_| backoff.delay(1.0)).collect();

        assert_eq!(delays[0], FIRST);
        assert_eq!(delays[1], FIRST * 2);
        assert_eq!(delays[7], LONGEST);
    }
}
