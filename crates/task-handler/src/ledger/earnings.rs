//! Limits that are a share of what the miner earns. Pure but for the row that keeps the newest report.

use common::call::task::Earnings;
use common::config::budget::{EarningsShare, LimitWindow};
use common::id::Netuid;
use common::money::{NanoUsd, Rao};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, params};

use super::sql::integer;

const DAY_S: u64 = 86_400;
/// A share of a month is that of the shortest: what is earned in 28 days may be spent in 31, never the other way round.
const MONTH_S: u64 = 28 * DAY_S;
const HOUR_MS: u64 = 3_600_000;
/// A report may be so far ahead of the windows' time; one from further ahead comes from a wrong clock.
const AHEAD_MS: u64 = 600_000;

/// Returns the most that a limit's window may cost: the share of what was earned in a time as long, and the floor at least.
/// Nothing is counted up: earnings of a day allow a month no more than a share of that day's.
pub(super) fn most_cost(
    share: &EarningsShare,
    window: LimitWindow,
    netuid: Option<Netuid>,
    earnings: Option<&Earnings>,
    time_ms: u64,
) -> NanoUsd {
    let floor = share.floor_usd.0;
    let (Some(earnings), Some(window_s)) = (earnings, seconds(window)) else { return floor };
    if !is_fresh(earnings, share.max_age_hours, time_ms) {
        return floor;
    }
    let earned = u128::from(earned(earnings, netuid).0);
    let (part, whole) = (u128::from(window_s.min(earnings.window_s)), u128::from(earnings.window_s.max(1)));
    // Rounded down.
    let most = (earned.saturating_mul(part) / whole).saturating_mul(share.percent.into()) / 100;
    floor.max(NanoUsd(u64::try_from(most).unwrap_or(u64::MAX)))
}

/// The earnings of how many seconds allow a window's spending; none for windows that a share makes no sense for.
fn seconds(window: LimitWindow) -> Option<u64> {
    match window {
        LimitWindow::Day => Some(DAY_S),
        LimitWindow::Month => Some(MONTH_S),
        LimitWindow::Minute | LimitWindow::Total => None,
    }
}

fn is_fresh(earnings: &Earnings, max_age_hours: u32, time_ms: u64) -> bool {
    let age_ms = time_ms.saturating_sub(earnings.as_of_unix_ms);
    age_ms <= u64::from(max_age_hours) * HOUR_MS && earnings.as_of_unix_ms <= time_ms.saturating_add(AHEAD_MS)
}

/// What was earned in dollars, by one subnet or all of them, rounded down.
fn earned(earnings: &Earnings, netuid: Option<Netuid>) -> NanoUsd {
    let of_scope = earnings.subnets.iter().filter(|subnet| netuid.is_none_or(|netuid| netuid == subnet.netuid));
    let rao = of_scope.fold(0_u64, |sum, subnet| sum.saturating_add(subnet.earned.0));
    dollars(Rao(rao), earnings.usd_per_tao)
}

fn dollars(amount: Rao, usd_per_tao: NanoUsd) -> NanoUsd {
    let nano = u128::from(amount.0) * u128::from(usd_per_tao.0) / 1_000_000_000;
    NanoUsd(u64::try_from(nano).unwrap_or(u64::MAX))
}

/// Keeps a report, unless there is one of a later time. Returns whether it is kept.
pub(super) fn keep(connection: &Connection, report: &Earnings) -> rusqlite::Result<bool> {
    let json =
        serde_json::to_string(report).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let changed = connection.execute(
        "INSERT INTO earnings (id, as_of_unix_ms, report) VALUES (0, ?1, ?2) \
         ON CONFLICT (id) DO UPDATE SET as_of_unix_ms = excluded.as_of_unix_ms, report = excluded.report \
         WHERE excluded.as_of_unix_ms >= as_of_unix_ms",
        params![integer(report.as_of_unix_ms), json],
    )?;
    Ok(changed == 1)
}

/// Returns the newest report.
pub(super) fn newest(connection: &Connection) -> rusqlite::Result<Option<Earnings>> {
    let json = connection.query_row("SELECT report FROM earnings", [], |row| row.get::<_, String>(0)).optional()?;
    let parsed = json.map(|json| serde_json::from_str(&json)).transpose();
    parsed.map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

#[cfg(test)]
mod tests {
    use common::call::task::SubnetEarnings;
    use common::money::Usd;

    use super::*;

    /// 2026-11-22 12:00:00 UTC
    const NOON: u64 = 1_795_348_800_000;
    const TAO: u64 = 1_000_000_000;
    const USD: u64 = 1_000_000_000;

    fn share(percent: u32, floor: u64) -> EarningsShare {
        EarningsShare { percent, floor_usd: Usd(NanoUsd(floor * USD)), max_age_hours: 36 }
    }

    /// Ten TAO of 400 dollars within a week, three quarters of it by subnet 1.
    fn week() -> Earnings {
        let subnet = |netuid, halves: u64| SubnetEarnings { netuid: Netuid(netuid), earned: Rao(halves * TAO / 2) };
        Earnings {
            as_of_unix_ms: NOON,
            window_s: 7 * DAY_S,
            usd_per_tao: NanoUsd(400 * USD),
            subnets: vec![subnet(1, 15), subnet(2, 5)],
        }
    }

    fn most(share: &EarningsShare, window: LimitWindow, netuid: Option<u16>, earnings: &Earnings) -> u64 {
        most_cost(share, window, netuid.map(Netuid), Some(earnings), NOON).0
    }

    #[test]
    fn a_day_may_cost_a_share_of_a_days_part_of_the_earnings() {
        let half = share(50, 0);

        // 4,000 dollars a week, half of a seventh of it.
        assert_eq!(most(&half, LimitWindow::Day, None, &week()) / USD, 285);
        assert_eq!(most(&half, LimitWindow::Day, Some(2), &week()) / USD, 71);
        assert_eq!(most(&half, LimitWindow::Day, Some(9), &week()), 0);
    }

    #[test]
    fn nothing_is_counted_up() {
        assert_eq!(most(&share(100, 0), LimitWindow::Month, None, &week()), 4_000 * USD);
    }

    #[test]
    fn stale_missing_and_future_earnings_are_none() {
        let share = share(100, 3);
        let at = |as_of_unix_ms| Earnings { as_of_unix_ms, ..week() };

        for earnings in
            [at(NOON - 36 * HOUR_MS - 1), at(NOON + AHEAD_MS + 1), Earnings { subnets: Vec::new(), ..week() }]
        {
            assert_eq!(most(&share, LimitWindow::Day, None, &earnings), 3 * USD, "{earnings:?}");
        }
        assert_eq!(most_cost(&share, LimitWindow::Day, None, None, NOON).0, 3 * USD);
        assert!(most(&share, LimitWindow::Day, None, &at(NOON - 36 * HOUR_MS)) > 3 * USD);
    }

    #[test]
    fn absurd_reports_do_not_wrap() {
        let subnets = vec![SubnetEarnings { netuid: Netuid(1), earned: Rao(u64::MAX) }; 3];
        let absurd = Earnings { subnets, usd_per_tao: NanoUsd(u64::MAX), window_s: 0, ..week() };

        assert!(most(&share(u32::MAX, 1), LimitWindow::Day, None, &absurd) >= USD);
        let shown_as_endless = Earnings { window_s: u64::MAX, ..absurd };
        assert!(most(&share(u32::MAX, 1), LimitWindow::Day, None, &shown_as_endless) >= USD);
    }
}
