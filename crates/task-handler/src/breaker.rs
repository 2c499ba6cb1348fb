//! Benches a model that fails. Pure: time comes in as an argument, so every test is exact.

use std::time::Duration;

use common::outcome::VendorFailure;
use common::usage::TokenUsage;
use llm::RateLimits;
use tokio::time::Instant;

/// How long a model is left alone that fails until somebody changes something.
const LONG_BENCH: Duration = Duration::from_secs(600);

/// The record of one model.
#[derive(Clone, Debug)]
pub struct Breaker {
    max_failures: u32,
    bench: Duration,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// With this many failures in a row.
    Trusted { failures: u32 },
    /// Left alone.
    Benched { until: Instant },
    /// It works, but its vendor has no room for calls.
    Resting { until: Instant },
    /// One call is under way; its verdict decides.
    OnTrial,
}

/// What a call says about its model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It works.
    Healthy,
    /// It works, but its vendor would refuse such a call for so long.
    Exhausted(Duration),
    /// It failed, and may work the next time.
    Failing,
    /// It will fail for at least so long.
    Bench(Duration),
    /// So will everything that is called with the same key.
    BenchKey(Duration),
    /// The call ended before there was a verdict.
    Unknown,
}

impl Verdict {
    /// Returns what an answered call says: the vendor's limits may have no room for another one like it, and asking for it
    /// would only be refused. Vendors count the whole output cap of a call.
    #[must_use]
    pub fn of_answer(limits: &RateLimits, usage: Option<TokenUsage>, cap: u32) -> Self {
        let input_tokens = usage.map_or(0, |usage| usage.total().saturating_sub(usage.output));
        let refused = limits.refuses_for(input_tokens, cap.into());
        refused.map_or(Self::Healthy, |wait| Self::Exhausted(wait.min(LONG_BENCH)))
    }

    /// Returns what it says about the key that the call was made with.
    #[must_use]
    pub fn of_key(self) -> Self {
        match self {
            Self::BenchKey(wait) => Self::Bench(wait),
            Self::Healthy | Self::Exhausted(_) => Self::Healthy,
            Self::Failing | Self::Bench(_) | Self::Unknown => Self::Unknown,
        }
    }

    /// Returns what a failed call says about its model. A failure that is the request's fault says that it works.
    #[must_use]
    pub fn of(failure: VendorFailure, retry_after: Option<Duration>) -> Self {
        match failure {
            VendorFailure::InvalidRequest
            | VendorFailure::ContextTooLong
            | VendorFailure::Filtered
            | VendorFailure::Truncated => Self::Healthy,
            // A key that is valid may still not be good for this model.
            VendorFailure::Auth | VendorFailure::ModelNotFound => Self::Bench(LONG_BENCH),
            VendorFailure::Billing => Self::BenchKey(LONG_BENCH),
            VendorFailure::RateLimited | VendorFailure::Overloaded => {
                retry_after.map_or(Self::Failing, |wait| Self::Bench(wait.min(LONG_BENCH)))
            }
            VendorFailure::Server
            | VendorFailure::Empty
            | VendorFailure::Malformed
            | VendorFailure::Timeout
            | VendorFailure::Unreachable
            | VendorFailure::Disconnected => Self::Failing,
        }
    }
}

impl Breaker {
    /// Makes the record of a trusted model, which `max_failures` failures in a row bench.
    #[must_use]
    pub fn new(max_failures: u32, bench: Duration) -> Self {
        Self { max_failures, bench, state: State::Trusted { failures: 0 } }
    }

    /// Returns for how long the model is still left alone; nothing if it may be called.
    #[must_use]
    pub fn benched_for(&self, now: Instant) -> Option<Duration> {
        match self.state {
            State::Trusted { .. } => None,
            State::Benched { until } | State::Resting { until } => {
                until.checked_duration_since(now).filter(|left| !left.is_zero())
            }
            State::OnTrial => Some(Duration::ZERO),
        }
    }

    /// Whether the model may be called now; after a bench one call is let through, whose verdict must be recorded.
    pub fn admits(&mut self, now: Instant) -> bool {
        if self.benched_for(now).is_some() {
            return false;
        }
        match self.state {
            State::Benched { .. } => self.state = State::OnTrial,
            State::Resting { .. } => self.state = State::Trusted { failures: 0 },
            State::Trusted { .. } | State::OnTrial => {}
        }
        true
    }

    /// Records what a call said.
    pub fn record(&mut self, verdict: Verdict, now: Instant) {
        self.state = match (verdict, self.state) {
            // Whoever asked later may have heard that there is no room.
            (Verdict::Healthy, State::Resting { until }) if until > now => self.state,
            (Verdict::Healthy, _) => State::Trusted { failures: 0 },
            (Verdict::Exhausted(wait), State::Resting { until }) => State::Resting { until: until.max(now + wait) },
            (Verdict::Exhausted(wait), _) => State::Resting { until: now + wait },
            (Verdict::Bench(wait), State::Benched { until } | State::Resting { until }) => {
                State::Benched { until: until.max(now + wait) }
            }
            (Verdict::Bench(wait), State::Trusted { .. } | State::OnTrial) => State::Benched { until: now + wait },
            (Verdict::Failing, State::Trusted { failures }) if failures + 1 < self.max_failures => {
                State::Trusted { failures: failures + 1 }
            }
            (Verdict::Failing, State::Trusted { .. } | State::OnTrial) => State::Benched { until: now + self.bench },
            (Verdict::Unknown | Verdict::BenchKey(_), State::OnTrial) => State::Benched { until: now },
            // Said by a call that began before the bench.
            (Verdict::Failing, state @ (State::Benched { .. } | State::Resting { .. }))
            // The key's record says it of each of its models.
            | (Verdict::Unknown | Verdict::BenchKey(_), state) => state,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BENCH: Duration = Duration::from_secs(30);
    const MOMENT: Duration = Duration::from_millis(1);

    #[test]
    fn failures_in_a_row_bench() {
        let start = Instant::now();
        let mut breaker = Breaker::new(2, BENCH);

        breaker.record(Verdict::Failing, start);
        assert!(breaker.admits(start));
        breaker.record(Verdict::Failing, start);

        assert!(!breaker.admits(start));
        assert_eq!(breaker.benched_for(start), Some(BENCH));
        assert!(!breaker.admits(start + BENCH - MOMENT));
    }

    #[test]
    fn a_success_clears_the_record() {
        let start = Instant::now();
        let mut breaker = Breaker::new(2, BENCH);

        breaker.record(Verdict::Failing, start);
        breaker.record(Verdict::Healthy, start);
        breaker.record(Verdict::Failing, start);

        assert!(breaker.admits(start));
    }

    #[test]
    fn after_the_bench_one_call_is_tried() {
        let start = Instant::now();
        let mut breaker = benched(start);

        assert!(breaker.admits(start + BENCH));
        assert!(!breaker.admits(start + BENCH), "one at a time");
        breaker.record(Verdict::Healthy, start + BENCH);

        assert!(breaker.admits(start + BENCH));
    }

    #[test]
    fn a_failed_trial_benches_again() {
        let start = Instant::now();
        let mut breaker = benched(start);

        assert!(breaker.admits(start + BENCH));
        breaker.record(Verdict::Failing, start + BENCH);

        assert_eq!(breaker.benched_for(start + BENCH), Some(BENCH));
    }

    #[test]
    fn a_trial_that_says_nothing_leaves_room_for_the_next() {
        let start = Instant::now();
        let mut breaker = benched(start);

        assert!(breaker.admits(start + BENCH));
        breaker.record(Verdict::Unknown, start + BENCH);

        assert!(breaker.admits(start + BENCH));
    }

    #[test]
    fn a_wrong_key_benches_at_once_and_for_long() {
        let start = Instant::now();
        let mut breaker = Breaker::new(3, BENCH);

        breaker.record(Verdict::of(VendorFailure::Auth, None), start);

        assert_eq!(breaker.benched_for(start), Some(LONG_BENCH));
    }

    #[test]
    fn a_vendor_without_room_is_left_alone_until_it_has_some_and_then_needs_no_trial() {
        let start = Instant::now();
        let mut breaker = Breaker::new(1, BENCH);

        breaker.record(Verdict::Exhausted(BENCH), start);
        breaker.record(Verdict::Healthy, start + MOMENT);

        assert!(!breaker.admits(start + BENCH - MOMENT), "an answer on its way makes no room");
        assert!(breaker.admits(start + BENCH));
        assert!(breaker.admits(start + BENCH), "as many as come");
    }

    #[test]
    fn an_account_without_credit_benches_the_key_and_not_only_the_model() {
        let start = Instant::now();
        let verdict = Verdict::of(VendorFailure::Billing, None);
        let (mut of_model, mut of_key) = (Breaker::new(1, BENCH), Breaker::new(1, BENCH));

        of_model.record(verdict, start);
        of_key.record(verdict.of_key(), start);

        assert_eq!((of_model.benched_for(start), of_key.benched_for(start)), (None, Some(LONG_BENCH)));
        assert_eq!(Verdict::of(VendorFailure::Auth, None).of_key(), Verdict::Unknown);
    }

    #[test]
    fn the_vendor_is_given_the_time_it_asks_for() {
        let asked = Verdict::of(VendorFailure::RateLimited, Some(Duration::from_secs(7)));
        let too_much = Verdict::of(VendorFailure::Overloaded, Some(Duration::from_secs(86_400)));

        assert_eq!(asked, Verdict::Bench(Duration::from_secs(7)));
        assert_eq!(too_much, Verdict::Bench(LONG_BENCH));
    }

    #[test]
    fn a_request_that_is_at_fault_itself_does_not_bench() {
        let faults = [VendorFailure::InvalidRequest, VendorFailure::ContextTooLong, VendorFailure::Filtered];

        for failure in faults {
            assert_eq!(Verdict::of(failure, None), Verdict::Healthy, "{failure:?}");
        }
    }

    fn benched(start: Instant) -> Breaker {
        let mut breaker = Breaker::new(1, BENCH);
        breaker.record(Verdict::Failing, start);
        breaker
    }
}
