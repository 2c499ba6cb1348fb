//! Nonces: the time in nanoseconds, and never the same one twice.

use std::sync::atomic::{AtomicU64, Ordering};

/// The last nonce that was given out.
#[derive(Debug, Default)]
pub(super) struct Nonces(AtomicU64);

impl Nonces {
    /// Returns the time, or just more than the last nonce where the clock stood still or went back.
    pub(super) fn next(&self, now_ns: u64) -> u64 {
        let next = |last: u64| now_ns.max(last.saturating_add(1));
        let last = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        next(last.unwrap_or_else(|last| last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_rise_even_if_the_clock_does_not() {
        let nonces = Nonces::default();

        let given = [nonces.next(5), nonces.next(5), nonces.next(3), nonces.next(9)];

        assert_eq!(given, [5, 6, 7, 9]);
    }
}
