//! Windows of time, from the timestamp alone: there is no reset that could come late or twice.

use std::ops::{Range, RangeInclusive};

use common::config::budget::LimitWindow;

/// The whole seconds that a sliding minute holds besides the present one: never less than 60 seconds in all.
const MINUTE_S: u64 = 60;
const DAY_MS: u64 = 86_400_000;

/// The periods of the sums that make up a window, from the first to the last in the order of their names.
pub(super) type Span = RangeInclusive<String>;

/// Returns what `window` holds at a time.
pub(super) fn span(window: LimitWindow, unix_ms: u64) -> Span {
    let one = |period: String| period.clone()..=period;
    match window {
        LimitWindow::Minute => second(unix_ms.saturating_sub(MINUTE_S * 1000))..=second(unix_ms),
        LimitWindow::Day => one(day(unix_ms)),
        LimitWindow::Month => one(month(unix_ms)),
        LimitWindow::Total => one(total()),
    }
}

/// Returns the periods of seconds that no minute will hold any more once it is `unix_ms`.
pub(super) fn bygone_seconds(unix_ms: u64) -> Range<String> {
    second(0)..second(unix_ms.saturating_sub(MINUTE_S * 1000))
}

/// Returns the periods that a time belongs to.
pub(super) fn periods(unix_ms: u64) -> [String; 4] {
    [day(unix_ms), month(unix_ms), total(), second(unix_ms)]
}

/// Returns the time that windows are counted at: a clock that goes backwards must not make room.
pub(super) fn window_time(now_ms: u64, newest_ms: Option<u64>) -> u64 {
    newest_ms.map_or(now_ms, |newest| newest.max(now_ms))
}

fn day(unix_ms: u64) -> String {
    let (year, month, day) = date(unix_ms);
    format!("{year:04}-{month:02}-{day:02}")
}

fn month(unix_ms: u64) -> String {
    let (year, month, _) = date(unix_ms);
    format!("{year:04}-{month:02}")
}

fn total() -> String {
    "total".to_owned()
}

/// As many digits as any second has, so that names are in the order of time.
fn second(unix_ms: u64) -> String {
    format!("second {:017}", unix_ms / 1000)
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
            (0, "1970-01-01", "1970-01"),
            (951_782_399_999, "2000-02-28", "2000-02"),
            (951_782_400_000, "2000-02-29", "2000-02"),
            (951_868_800_000, "2000-03-01", "2000-03"),
            (1_795_391_999_999, "2026-11-22", "2026-11"),
            (1_795_392_000_000, "2026-11-23", "2026-11"),
            (1_798_761_599_999, "2026-12-31", "2026-12"),
            (1_798_761_600_000, "2027-01-01", "2027-01"),
            (4_107_542_400_000, "2100-03-01", "2100-03"),
        ];

        for (unix_ms, day, month) in cases {
            assert_eq!(periods(unix_ms)[..3], [day, month, "total"], "{unix_ms}");
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
        let minute = span(LimitWindow::Minute, 100_999);

        let holds = |unix_ms| minute.contains(&second(unix_ms));
        assert_eq!([39_999, 40_000, 100_999, 101_000].map(holds), [false, true, true, false]);
    }

    #[test]
    fn a_second_is_bygone_once_no_minute_holds_it() {
        let bygone = bygone_seconds(100_000);

        assert_eq!([39_999, 40_000].map(|unix_ms| bygone.contains(&second(unix_ms))), [true, false]);
        assert!(!span(LimitWindow::Minute, 100_000).contains(&second(39_999)));
    }

    #[test]
    fn seconds_hold_no_day_no_month_and_no_total() {
        let all = second(0)..=second(u64::MAX);

        assert!(periods(1_795_391_999_999)[..3].iter().all(|period| !all.contains(period)));
    }

    #[test]
    fn the_end_of_time_is_a_date_too() {
        assert_eq!(periods(u64::MAX)[2], "total");
    }

    #[test]
    fn a_clock_that_goes_backwards_stays_at_the_newest_time() {
        assert_eq!(window_time(5, None), 5);
        assert_eq!(window_time(5, Some(9)), 9);
        assert_eq!(window_time(9, Some(5)), 9);
    }
}
