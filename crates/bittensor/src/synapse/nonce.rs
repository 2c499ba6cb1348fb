//! Nonces that were used: each works once, in any order, and a restart makes none of them work again.

use std::collections::BTreeSet;

use super::auth::MAX_AGE;

/// The nonces that were used and are young enough to be used again. Memory is bounded.
///
/// A nonce is only forgotten when its age alone refuses it, and the floor then keeps it refused even if the clock is
/// set back. When the window is full of young nonces, new ones are refused: spend only those of admitted callers.
#[derive(Debug)]
pub struct NonceWindow {
    capacity: usize,
    floor_ns: u64,
    used: BTreeSet<Nonce>,
}

/// What makes a signed request unlike any other; ordered by time first.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Nonce {
    pub(super) ns: u64,
    pub(super) caller: [u8; 32],
    pub(super) uuid: Box<str>,
}

/// A nonce cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NonceError {
    /// It was used, or may have been.
    Used,
    /// There is no room to remember it.
    Full,
}

impl NonceWindow {
    /// Remembers at most `capacity` nonces, and refuses every nonce at or under `floor_ns`.
    #[must_use]
    pub fn new(capacity: usize, floor_ns: u64) -> Self {
        Self { capacity, floor_ns, used: BTreeSet::new() }
    }

    /// Returns the newest nonce that was ever used, or the floor; the floor of a later window must not be lower.
    ///
    /// No nonce accepted until time `t` is above `t` plus [`super::FUTURE_ALLOWANCE`].
    #[must_use]
    pub fn newest_ns(&self) -> u64 {
        self.used.last().map_or(self.floor_ns, |nonce| nonce.ns.max(self.floor_ns))
    }

    /// Uses a nonce up. Its age must have been checked at the same time `now_ns`.
    pub(super) fn spend(&mut self, nonce: Nonce, now_ns: u64) -> Result<(), NonceError> {
        self.forget(now_ns);
        if nonce.ns <= self.floor_ns || self.used.contains(&nonce) {
            return Err(NonceError::Used);
        }
        if self.used.len() >= self.capacity {
            return Err(NonceError::Full);
        }
        self.used.insert(nonce);
        Ok(())
    }

    fn forget(&mut self, now_ns: u64) {
        let oldest_ns = now_ns.saturating_sub(u64::try_from(MAX_AGE.as_nanos()).unwrap_or(u64::MAX));
        while let Some(nonce) = self.used.first().filter(|nonce| nonce.ns <= oldest_ns) {
            self.floor_ns = self.floor_ns.max(nonce.ns);
            self.used.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const NOW: u64 = 1_795_345_600 * SECOND;

    fn nonce(ns: u64) -> Nonce {
        Nonce { ns, caller: [1; 32], uuid: "client".into() }
    }

    #[test]
    fn a_nonce_works_once() {
        let mut window = NonceWindow::new(10, 0);

        assert_eq!(window.spend(nonce(NOW), NOW), Ok(()));
        assert_eq!(window.spend(nonce(NOW), NOW), Err(NonceError::Used));
    }

    #[test]
    fn nonces_work_in_any_order() {
        let mut window = NonceWindow::new(10, 0);

        for ns in [NOW, NOW - 2, NOW - 1, NOW + 1] {
            assert_eq!(window.spend(nonce(ns), NOW), Ok(()));
        }
    }

    #[test]
    fn another_caller_or_client_has_its_own_nonces() {
        let mut window = NonceWindow::new(10, 0);

        assert_eq!(window.spend(nonce(NOW), NOW), Ok(()));
        assert_eq!(window.spend(Nonce { caller: [2; 32], ..nonce(NOW) }, NOW), Ok(()));
        assert_eq!(window.spend(Nonce { uuid: "other".into(), ..nonce(NOW) }, NOW), Ok(()));
    }

    #[test]
    fn a_full_window_refuses_rather_than_forgets() {
        let mut window = NonceWindow::new(2, 0);
        window.spend(nonce(NOW - 1), NOW).unwrap();
        window.spend(nonce(NOW), NOW).unwrap();

        assert_eq!(window.spend(nonce(NOW + 1), NOW), Err(NonceError::Full));
        assert_eq!(window.spend(nonce(NOW - 1), NOW), Err(NonceError::Used));
        assert_eq!(window.spend(nonce(NOW + 70 * SECOND), NOW + 70 * SECOND), Ok(()));
    }

    #[test]
    fn everything_at_or_under_the_floor_is_refused() {
        let mut window = NonceWindow::new(10, NOW);

        assert_eq!(window.spend(nonce(NOW), NOW), Err(NonceError::Used));
        assert_eq!(window.spend(nonce(NOW + 1), NOW), Ok(()));
        assert_eq!(window.newest_ns(), NOW + 1);
    }

    #[test]
    fn a_clock_set_back_makes_no_nonce_work_again() {
        let mut window = NonceWindow::new(10, 0);
        window.spend(nonce(NOW), NOW).unwrap();
        window.spend(nonce(NOW + 100 * SECOND), NOW + 100 * SECOND).unwrap();

        assert_eq!(window.spend(nonce(NOW), NOW), Err(NonceError::Used));
        assert_eq!(window.spend(nonce(NOW + 1), NOW), Ok(()));
    }

    proptest! {
        #[test]
        fn no_nonce_is_accepted_twice(steps in prop::collection::vec((0_u64..200, 0_u64..200), 1..200)) {
            let mut window = NonceWindow::new(16, 0);
            let mut accepted = BTreeSet::new();
            for (now, ns) in steps {
                if window.spend(nonce(NOW + ns * SECOND), NOW + now * SECOND).is_ok() {
                    prop_assert!(accepted.insert(ns));
                }
            }
        }
    }
}
