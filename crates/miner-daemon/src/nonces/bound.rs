//! The upper bound of accepted nonce times: what a restart must know so that nothing is accepted twice. Pure.
//!
//! A nonce is the time at which a validator signed. The used ones are remembered in memory only; a write for each would
//! cost a disk write per request. Instead a bound is persisted *ahead* of accepting: no nonce above it is ever accepted.
//! After a restart everything at or under the bound counts as used. The price: since the bound lies a few seconds in the
//! future, honest requests are refused after a crash until those have passed, and so are requests that were already on
//! their way. A crash in a quiet time costs less, since the bound rises only while requests come; a stop in good order
//! costs nothing, since it puts the bound back to the newest nonce that was used.

use std::time::Duration;

use bittensor::synapse::FUTURE_ALLOWANCE;

/// How far above the clock the bound is put: what validators' clocks may be ahead, and time for the next raise to be
/// written.
const LEAD: Duration = FUTURE_ALLOWANCE.saturating_add(Duration::from_secs(3));

/// The bound to persist at `now_ns`, or none if the present one is as good.
pub(super) fn raised(bound_ns: u64, now_ns: u64) -> Option<u64> {
    let raised = now_ns.saturating_add(nanoseconds(LEAD));
    (raised > bound_ns).then_some(raised)
}

/// What counts as used after a start.
///
/// A bound far in the future was written under a wrong clock. Nonces up there are refused as such now, so the bound
/// needs to reach no further than one that is written now; otherwise the miner would be deaf until that time comes.
pub(super) fn floor_at_start(bound_ns: u64, now_ns: u64) -> u64 {
    bound_ns.min(now_ns.saturating_add(nanoseconds(LEAD)))
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn the_bound_runs_ahead_of_the_clock() {
        let bound = raised(0, 100 * SECOND);

        assert_eq!(bound, Some(105 * SECOND));
    }

    #[test]
    fn the_bound_never_falls() {
        let bound = raised(105 * SECOND, 90 * SECOND);

        assert_eq!(bound, None);
    }

    #[test]
    fn everything_under_the_bound_counts_as_used_after_a_start() {
        let floor = floor_at_start(105 * SECOND, 102 * SECOND);

        assert_eq!(floor, 105 * SECOND);
    }

    #[test]
    fn a_bound_from_a_wrong_clock_does_not_deafen_the_miner() {
        let floor = floor_at_start(1_000_000 * SECOND, 100 * SECOND);

        assert_eq!(floor, 105 * SECOND);
    }
}
