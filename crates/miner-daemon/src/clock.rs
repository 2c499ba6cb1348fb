//! The wall clock as numbers.

use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970; 0 before.
pub(crate) fn unix_ns(now: SystemTime) -> u64 {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Milliseconds since 1970; 0 before.
pub(crate) fn unix_ms(now: SystemTime) -> u64 {
    unix_ns(now) / 1_000_000
}
