//! Whether requests are refused for their time because this machine's clock is off. Pure.

use std::time::Duration;

use common::record::RefusalReason;
use tokio::time::Instant;

/// So many in a row, with no request in time between them.
const MANY: u32 = 3;
/// A request in time says for so long that the clock is right.
const TRUST: Duration = Duration::from_secs(60);
/// Nothing more is said for so long.
const QUIET: Duration = Duration::from_secs(600);

/// What the times of requests say about the clock.
#[derive(Debug, Default)]
pub(super) struct ClockDoubt {
    in_a_row: u32,
    in_time: Option<Instant>,
    said: Option<Instant>,
}

impl ClockDoubt {
    /// A request was in time.
    pub(super) fn in_time(&mut self, now: Instant) {
        self.in_a_row = 0;
        self.in_time = Some(now);
    }

    /// A request was refused; returns whether to doubt the clock aloud.
    pub(super) fn refused(&mut self, reason: RefusalReason, now: Instant) -> bool {
        if !is_about_time(reason) {
            return false;
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        let within = |past: Option<Instant>, time| past.is_some_and(|past| now.saturating_duration_since(past) < time);
        let doubtful = self.in_a_row >= MANY && !within(self.in_time, TRUST) && !within(self.said, QUIET);
        if doubtful {
            self.said = Some(now);
        }
        doubtful
    }
}

/// Exhaustive, so that a new reason is thought about here.
fn is_about_time(reason: RefusalReason) -> bool {
    match reason {
        RefusalReason::Stale | RefusalReason::Future => true,
        RefusalReason::UnknownRoute
        | RefusalReason::Method
        | RefusalReason::BadHeader
        | RefusalReason::Unsigned
        | RefusalReason::BadSignature
        | RefusalReason::WrongReceiver
        | RefusalReason::Replay
        | RefusalReason::BodyHash
        | RefusalReason::BadBody
        | RefusalReason::TooLarge
        | RefusalReason::Slow
        | RefusalReason::NotAdmitted
        | RefusalReason::RateLimited
        | RefusalReason::Overloaded => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn stale(doubt: &mut ClockDoubt, times: u32, now: Instant) -> u32 {
        (0..times).map(|_| u32::from(doubt.refused(RefusalReason::Stale, now))).sum()
    }

    #[test]
    fn a_few_in_a_row_are_said_once_for_a_while() {
        let start = Instant::now();
        let mut doubt = ClockDoubt::default();

        assert_eq!(stale(&mut doubt, MANY - 1, start), 0);
        assert_eq!(stale(&mut doubt, 100, start), 1);
        assert_eq!(stale(&mut doubt, 100, start + QUIET - SECOND), 0);
        assert_eq!(stale(&mut doubt, 100, start + QUIET), 1);
    }

    #[test]
    fn requests_in_time_vouch_for_the_clock_but_not_for_ever() {
        let start = Instant::now();
        let mut doubt = ClockDoubt::default();
        doubt.in_time(start);

        assert_eq!(stale(&mut doubt, 100, start + TRUST - SECOND), 0);
        assert_eq!(stale(&mut doubt, 1, start + TRUST), 1);
    }

    #[test]
    fn other_refusals_say_nothing_about_the_clock() {
        let now = Instant::now();
        let mut doubt = ClockDoubt::default();

        let said = (0..100).any(|_| doubt.refused(RefusalReason::BadSignature, now));

        assert!(!said);
    }
}
