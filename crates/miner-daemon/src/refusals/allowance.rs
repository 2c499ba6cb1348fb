//! How many refusals may be recorded one by one: a few hundred at once, a few per second in the long run. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// The most records at once.
const BURST: usize = 200;
/// In which time one more record is allowed.
const REFILL: Duration = Duration::from_millis(200);

/// A bucket of records.
#[derive(Debug)]
pub(super) struct Allowance {
    left: usize,
    since: Instant,
}

impl Allowance {
    /// A full bucket.
    pub(super) fn new(now: Instant) -> Self {
        Self { left: BURST, since: now }
    }

    /// How many records are allowed now.
    pub(super) fn available(&mut self, now: Instant) -> usize {
        let earned = now.saturating_duration_since(self.since).as_millis() / REFILL.as_millis();
        let earned = u32::try_from(earned).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(usize::try_from(earned).unwrap_or(BURST)).min(BURST);
        self.since = if self.left == BURST { now } else { self.since + REFILL * earned };
        self.left
    }

    /// Records were written.
    pub(super) fn spend(&mut self, records: usize) {
        self.left = self.left.saturating_sub(records);
    }

    /// How long to wait for the next allowed record.
    pub(super) fn wait(&mut self, now: Instant) -> Duration {
        if self.available(now) > 0 { Duration::ZERO } else { (self.since + REFILL).saturating_duration_since(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_little_by_little() {
        let start = Instant::now();
        let mut allowance = Allowance::new(start);

        let first = allowance.available(start);
        allowance.spend(first);

        assert_eq!(first, BURST);
        assert_eq!(allowance.available(start), 0);
        assert_eq!(allowance.wait(start), REFILL);
        assert_eq!(allowance.available(start + REFILL * 3 + REFILL / 2), 3);
    }

    #[test]
    fn a_quiet_time_fills_the_bucket_and_no_more() {
        let start = Instant::now();
        let mut allowance = Allowance::new(start);
        allowance.spend(BURST);

        let later = allowance.available(start + Duration::from_secs(86_400));

        assert_eq!(later, BURST);
    }
}
