//! SQLite's integers are signed: what does not fit becomes the largest or smallest that does.
//!
//! Refusing would be no better: the sender would send the same entry for ever and nothing behind it would arrive.

/// Makes a value that SQLite can hold.
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Reads a value that was written by [`signed`].
pub(super) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_values_come_back() {
        for value in [0, 1, 1_785_000_000_000] {
            assert_eq!(unsigned(signed(value)), value);
        }
    }

    #[test]
    fn the_largest_values_stay_large() {
        assert_eq!(signed(u64::MAX), i64::MAX);
    }
}
