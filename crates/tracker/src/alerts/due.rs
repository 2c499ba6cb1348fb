//! When a message goes out. Pure.

use common::alert::AlertSeverity;
use common::config::alerts::QuietHours;

const HOUR_MS: u64 = 60 * 60 * 1_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// What is not critical waits this long for company.
const GATHER_MS: u64 = 30_000;
/// The hour of the day, in UTC, at which notices are told.
const NOTICES_AT: u64 = 9;

/// Returns when something of a severity that happened at `now_ms` is told, in milliseconds since 1970: what is critical at once, a
/// warning soon but not in quiet hours, a notice once a day.
pub(crate) fn due_ms(severity: AlertSeverity, now_ms: u64, quiet: Option<QuietHours>) -> u64 {
    match severity {
        AlertSeverity::Critical => now_ms,
        AlertSeverity::Warning => {
            let soon = now_ms.saturating_add(GATHER_MS);
            quiet.filter(|quiet| is_quiet(*quiet, soon)).map_or(soon, |quiet| next(u64::from(quiet.to), soon))
        }
        AlertSeverity::Notice => next(NOTICES_AT, now_ms),
    }
}

fn is_quiet(quiet: QuietHours, unix_ms: u64) -> bool {
    let hour = unix_ms % DAY_MS / HOUR_MS;
    let (from, to) = (u64::from(quiet.from), u64::from(quiet.to));
    if from <= to { (from..to).contains(&hour) } else { hour >= from || hour < to }
}

/// The next time that a day's hour begins after `unix_ms`.
fn next(hour: u64, unix_ms: u64) -> u64 {
    let today = (unix_ms - unix_ms % DAY_MS).saturating_add(hour * HOUR_MS);
    if unix_ms < today { today } else { today.saturating_add(DAY_MS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NIGHT: Option<QuietHours> = Some(QuietHours { from: 22, to: 8 });

    #[test]
    fn the_severity_decides_how_long_a_message_waits() {
        let hour = |hour: u64| 20_000 * DAY_MS + hour * HOUR_MS;
        for (severity, now, quiet, due) in [
            (AlertSeverity::Critical, hour(3), NIGHT, hour(3)),
            (AlertSeverity::Warning, hour(12), NIGHT, hour(12) + GATHER_MS),
            (AlertSeverity::Warning, hour(23), NIGHT, hour(24 + 8)),
            (AlertSeverity::Warning, hour(3), NIGHT, hour(8)),
            (AlertSeverity::Warning, hour(8), NIGHT, hour(8) + GATHER_MS),
            (AlertSeverity::Warning, hour(3), None, hour(3) + GATHER_MS),
            (AlertSeverity::Warning, hour(13), Some(QuietHours { from: 12, to: 14 }), hour(14)),
            (AlertSeverity::Warning, hour(13), Some(QuietHours { from: 5, to: 5 }), hour(13) + GATHER_MS),
            (AlertSeverity::Notice, hour(8), NIGHT, hour(9)),
            (AlertSeverity::Notice, hour(9), NIGHT, hour(24 + 9)),
        ] {
            assert_eq!(due_ms(severity, now, quiet), due, "{severity:?} {now} {quiet:?}");
        }
    }
}
