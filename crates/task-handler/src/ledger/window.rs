//! Windows of time, from the timestamp alone: there is no reset that could come late or twice.

use common::config::budget::LimitWindow;

/// The whole seconds that a sliding minute holds besides the present one: never less than 60 seconds in all.
const MINUTE_S: u64 = 60;
const DAY_MS: u64 = 86_400_000;
/// A slot of the last hour, from which the present pace is taken.
pub(super) const MINUTE_MS: u64 = 60_000;

/// Returns the slot that a call of this time is counted in: a second, a day, a month, or the only one.
pub(super) fn slot(window: LimitWindow, unix_ms: u64) -> u64 {
    match window {
        LimitWindow::Minute => unix_ms / 1000,
        LimitWindow::Day => unix_ms / DAY_MS,
        LimitWindow::Month => {
            let (year, month, _) = date(unix_ms);
            year * 12 + month - 1
        }
        LimitWindow::Total => 0,
    }
}

/// Returns the first slot that a window holds at a time; the last is the time's own.
pub(super) fn first_slot(window: LimitWindow, unix_ms: u64) -> u64 {
    let present = slot(window, unix_ms);
    match window {
        LimitWindow::Minute => present.saturating_sub(MINUTE_S),
        LimitWindow::Day | LimitWindow::Month | LimitWindow::Total => present,
    }
}

/// Returns when the first slot begins that a window holds at a time.
pub(super) fn start_ms(window: LimitWindow, unix_ms: u64) -> u64 {
    match window {
        LimitWindow::Minute => first_slot(window, unix_ms) * 1000,
        LimitWindow::Day => unix_ms / DAY_MS * DAY_MS,
        LimitWindow::Month => {
            let (_, _, day) = date(unix_ms);
            (unix_ms / DAY_MS).saturating_sub(day - 1) * DAY_MS
        }
        LimitWindow::Total => 0,
    }
}

/// Returns the first minute of the hour that ends at a time.
pub(super) fn first_minute(unix_ms: u64) -> u64 {
    (unix_ms / MINUTE_MS).saturating_sub(60)
}

/// Returns when the window of a day or a month ends that a time is in; the end of time for the others.
pub(super) fn end_ms(window: LimitWindow, unix_ms: u64) -> u64 {
    match window {
        LimitWindow::Day => start_ms(window, unix_ms).saturating_add(DAY_MS),
        // The thirty-second day after the first is one of the next month, whatever the month.
        LimitWindow::Month => start_ms(window, start_ms(window, unix_ms).saturating_add(32 * DAY_MS)),
        LimitWindow::Minute | LimitWindow::Total => u64::MAX,
    }
}

/// Returns the part of a day's or a month's window that has passed at a time; nothing for the others, which have no end.
pub(crate) fn elapsed_share(window: LimitWindow, unix_ms: u64) -> Option<f64> {
    let (start, end) = match window {
        LimitWindow::Day | LimitWindow::Month => (start_ms(window, unix_ms), end_ms(window, unix_ms)),
        LimitWindow::Minute | LimitWindow::Total => return None,
    };
    Some(unix_ms.saturating_sub(start) as f64 / end.saturating_sub(start).max(1) as f64)
}

/// Returns the time that windows are counted at: a clock that goes backwards must not make room.
pub(super) fn window_time(now_ms: u64, newest_ms: Option<u64>) -> u64 {
    newest_ms.map_or(now_ms, |newest| newest.max(now_ms))
}

/// The UTC date as year, month and day, counted in years that begin in March so that a leap day comes last.
fn date(unix_ms: u64) -> (u64, u64, u64) {
    const DAYS_FROM_MARCH_OF_YEAR_0_TO_1970: u64 = 719_468;
    const DAYS_IN_400_YEARS: u64 = 146_097;
    let days = unix_ms / DAY_MS + DAYS_FROM_MARCH_OF_YEAR_0_TO_1970;
    let day_of_era = days % DAYS_IN_400_YEARS;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = days / DAYS_IN_400_YEARS * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p10_days_and_months_are_those_of_utc() {
        let cases = [
            (0, (1970, 1, 1)),
            (951_782_399_999, (2000, 2, 28)),
            (951_782_400_000, (2000, 2, 29)),
            (951_868_800_000, (2000, 3, 1)),
            (1_795_391_999_999, (2026, 11, 22)),
            (1_795_392_000_000, (2026, 11, 23)),
            (1_798_761_599_999, (2026, 12, 31)),
            (1_798_761_600_000, (2027, 1, 1)),
            (4_107_542_400_000, (2100, 3, 1)),
        ];

        for (unix_ms, (year, month, day)) in cases {
            assert_eq!(date(unix_ms), (year, month, day), "{unix_ms}");
            assert_eq!(slot(LimitWindow::Month, unix_ms), year * 12 + month - 1, "{unix_ms}");
        }
    }

    #[test]
    fn a_slot_is_held_until_its_window_has_moved_on() {
        const NOVEMBER_22: u64 = 1_795_391_999_999;
        for (window, last_ms) in [
            (LimitWindow::Day, NOVEMBER_22),
            (LimitWindow::Month, NOVEMBER_22 + 8 * DAY_MS),
            (LimitWindow::Minute, NOVEMBER_22 + 60_000),
        ] {
            let holds = |unix_ms| first_slot(window, unix_ms) <= slot(window, NOVEMBER_22);
            assert_eq!([last_ms, last_ms + 1].map(holds), [true, false], "{window:?}");
        }
        assert_eq!(first_slot(LimitWindow::Total, u64::MAX), slot(LimitWindow::Total, 0));
    }

    #[test]
    fn a_windows_start_is_the_first_moment_of_its_first_slot() {
        for unix_ms in [0, 59_999, 951_782_400_000, 1_795_391_999_999, 1_798_761_600_000, 4_107_542_400_000] {
            for window in [LimitWindow::Minute, LimitWindow::Day, LimitWindow::Month, LimitWindow::Total] {
                let (start, first) = (start_ms(window, unix_ms), first_slot(window, unix_ms));
                assert_eq!(slot(window, start), first, "{window:?} {unix_ms}");
                assert!(start == 0 || slot(window, start - 1) < first, "{window:?} {unix_ms}");
            }
        }
    }

    #[test]
    fn a_windows_end_is_the_next_ones_start() {
        for unix_ms in [0, 951_782_400_000, 1_795_391_999_999, 1_798_761_600_000, 4_107_542_400_000] {
            for window in [LimitWindow::Day, LimitWindow::Month] {
                let end = end_ms(window, unix_ms);
                assert_eq!(start_ms(window, end), end, "{window:?} {unix_ms}");
                assert_eq!(slot(window, end - 1), slot(window, unix_ms), "{window:?} {unix_ms}");
            }
        }
    }

    #[test]
    fn p10_every_day_follows_the_day_before() {
        let mut previous = date(0);

        for day in 1..200_000 {
            let next = date(day * DAY_MS);
            let (year, month, first) = next;
            assert!(next > previous && (1..=12).contains(&month) && (1..=31).contains(&first), "{next:?}");
            assert!(first == 1 || (year, month, first - 1) == previous, "{previous:?} {next:?}");
            previous = next;
        }
    }

    #[test]
    fn the_minute_slides_by_whole_seconds() {
        let at = |unix_ms| slot(LimitWindow::Minute, unix_ms);
        let minute = first_slot(LimitWindow::Minute, 100_999)..=at(100_999);

        let holds = |unix_ms| minute.contains(&at(unix_ms));
        assert_eq!([39_999, 40_000, 100_999, 101_000].map(holds), [false, true, true, false]);
    }

    #[test]
    fn the_end_of_time_has_its_slots_too() {
        assert_eq!(slot(LimitWindow::Total, u64::MAX), 0);
        assert!(slot(LimitWindow::Month, u64::MAX) > slot(LimitWindow::Month, 4_107_542_400_000));
    }

    #[test]
    fn p16_a_clock_that_goes_backwards_stays_at_the_newest_time() {
        assert_eq!(window_time(5, None), 5);
        assert_eq!(window_time(5, Some(9)), 9);
        assert_eq!(window_time(9, Some(5)), 9);
    }
}
