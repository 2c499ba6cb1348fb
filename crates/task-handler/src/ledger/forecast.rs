//! When a limit will be used up if things go on as they do. Pure.

use common::call::task::Amount;
use common::config::budget::LimitWindow;
use common::money::NanoUsd;

use super::window;

/// The shortest time that a pace is taken from.
const SHORTEST_MS: u64 = 60_000;

/// What was used lately.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Pace {
    /// How much.
    pub(super) used: Amount,
    /// In how many milliseconds.
    pub(super) in_ms: u64,
}

/// Returns when the first of a limit's maxima will be reached at this pace; nothing if its window ends before.
pub(super) fn reached(
    window: LimitWindow,
    max_tokens: Option<u64>,
    max_cost: Option<NanoUsd>,
    used: Amount,
    pace: Pace,
    time_ms: u64,
) -> Option<u64> {
    let ends_ms = match window {
        // It ends before anybody has read this.
        LimitWindow::Minute => return None,
        LimitWindow::Day | LimitWindow::Month => window::end_ms(window, time_ms),
        LimitWindow::Total => u64::MAX,
    };
    let tokens = max_tokens.and_then(|most| wait_ms(most, used.tokens, pace.used.tokens, pace.in_ms));
    let cost = max_cost.and_then(|most| wait_ms(most.0, used.cost.0, pace.used.cost.0, pace.in_ms));
    let wait_ms = [tokens, cost].into_iter().flatten().min()?;
    Some(time_ms.saturating_add(wait_ms)).filter(|reached| *reached < ends_ms)
}

/// How long until `most` is used; nothing if it never is.
fn wait_ms(most: u64, used: u64, lately: u64, in_ms: u64) -> Option<u64> {
    let left = most.saturating_sub(used);
    if left == 0 {
        return Some(0);
    }
    let wait = (u128::from(left) * u128::from(in_ms.max(SHORTEST_MS))).checked_div(lately.into())?;
    u64::try_from(wait).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22 12:00:00 UTC
    const NOON: u64 = 1_795_348_800_000;
    const HOUR: u64 = 3_600_000;

    fn amount(tokens: u64, cost: u64) -> Amount {
        Amount { tokens, cost: NanoUsd(cost) }
    }

    fn reached_at(window: LimitWindow, used: Amount, lately: Amount) -> Option<u64> {
        reached(window, Some(1_000), Some(NanoUsd(500)), used, Pace { used: lately, in_ms: HOUR }, NOON)
    }

    #[test]
    fn the_first_maximum_to_be_reached_counts() {
        assert_eq!(reached_at(LimitWindow::Day, amount(400, 0), amount(100, 1)), Some(NOON + 6 * HOUR));
        assert_eq!(reached_at(LimitWindow::Day, amount(400, 400), amount(100, 50)), Some(NOON + 2 * HOUR));
    }

    #[test]
    fn what_lasts_longer_than_its_window_is_never_reached() {
        let (used, slowly) = (amount(400, 0), amount(10, 0));

        assert_eq!(reached_at(LimitWindow::Day, used, slowly), None);
        assert_eq!(reached_at(LimitWindow::Month, used, slowly), Some(NOON + 60 * HOUR));
        assert_eq!(reached_at(LimitWindow::Total, used, amount(0, 0)), None);
        assert_eq!(reached_at(LimitWindow::Minute, used, amount(900, 0)), None);
    }

    #[test]
    fn what_is_used_up_is_reached_now() {
        assert_eq!(reached_at(LimitWindow::Total, amount(1_000, 0), amount(0, 0)), Some(NOON));
    }
}
