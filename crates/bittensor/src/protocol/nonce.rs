//! Nonces that were used: each works once, in any order, and a restart makes none of them work again.
//!
//! The used ones are remembered in memory only. For a restart each caller has a bound, stored by the window's owner
//! *before* a request is answered: no nonce of the caller above it was ever answered. After a restart everything of the
//! caller at or under it counts as used. The bound is put a little above the nonce that needs it, so that a busy caller
//! costs a few writes a second instead of one for each request; a restart refuses him no more than that little.

mod callers;

use std::collections::BTreeSet;
use std::time::Duration;

use super::{FUTURE_ALLOWANCE, MAX_AGE};
use callers::Callers;

/// How far above a nonce its caller's bound is put: less than any restart takes, so that what is signed after it is above.
const LEAD: Duration = Duration::from_millis(50);

/// The nonces that were used and are young enough to be used again. Memory is bounded.
///
/// A nonce is only forgotten when its age alone refuses it, and the floor then keeps it refused even if the clock is
/// set back. When the window is full of young nonces, new ones are refused: spend only those of admitted callers.
#[derive(Debug)]
pub struct NonceWindow {
    capacity: usize,
    floor_ns: u64,
    callers: Callers,
    used: BTreeSet<Nonce>,
}

/// After a restart every nonce of the caller at or under it counts as used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NonceBound {
    /// The caller's public key.
    pub caller: [u8; 32],
    /// In nanoseconds since 1970.
    pub ns: u64,
}

impl NonceBound {
    /// Returns what no bound is above that a right clock caused until `now_ns`.
    #[must_use]
    pub fn highest_ns(now_ns: u64) -> u64 {
        now_ns.saturating_add(nanoseconds(FUTURE_ALLOWANCE)).saturating_add(nanoseconds(LEAD))
    }

    /// Returns what a bound must be above to be of any use at `now_ns`: the age of nonces under it refuses them anyway.
    #[must_use]
    pub fn oldest_ns(now_ns: u64) -> u64 {
        now_ns.saturating_sub(nanoseconds(MAX_AGE))
    }
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
    /// Remembers at most `capacity` nonces and as many callers, and refuses every nonce at or under `floor_ns`.
    #[must_use]
    pub fn new(capacity: usize, floor_ns: u64) -> Self {
        Self { capacity, floor_ns, callers: Callers::default(), used: BTreeSet::new() }
    }

    /// Refuses also what is at or under a caller's bound: the bounds that were stored before a restart.
    #[must_use]
    pub fn after_restart(mut self, bounds: impl IntoIterator<Item = NonceBound>) -> Self {
        self.callers = Callers::after_restart(bounds);
        self
    }

    /// Learns that a bound is stored: the caller's nonces up to it need no other.
    pub fn stored(&mut self, bound: NonceBound) {
        self.callers.stored(bound);
    }

    /// Uses a nonce up. Its age must have been checked at the same time `now_ns`. If it returns a bound, that must be
    /// stored before the request is answered.
    pub(super) fn spend(&mut self, nonce: Nonce, now_ns: u64) -> Result<Option<NonceBound>, NonceError> {
        self.forget(now_ns);
        let (caller, ns) = (nonce.caller, nonce.ns);
        if ns <= self.floor_ns || self.callers.used_before_start(&caller, ns) || self.used.contains(&nonce) {
            return Err(NonceError::Used);
        }
        if self.used.len() >= self.capacity || !self.make_room_for(&caller, now_ns) {
            return Err(NonceError::Full);
        }
        let is_bounded = self.callers.enter(caller, ns);
        self.used.insert(nonce);
        Ok((!is_bounded).then(|| NonceBound { caller, ns: ns.saturating_add(nanoseconds(LEAD)) }))
    }

    fn forget(&mut self, now_ns: u64) {
        let oldest_ns = NonceBound::oldest_ns(now_ns);
        while let Some(nonce) = self.used.first().filter(|nonce| nonce.ns <= oldest_ns) {
            self.floor_ns = self.floor_ns.max(nonce.ns);
            self.used.pop_first();
        }
    }

    /// Callers are only looked through when there are too many: their bounds do no harm until then.
    fn make_room_for(&mut self, caller: &[u8; 32], now_ns: u64) -> bool {
        let has_room = |callers: &Callers| callers.knows(caller) || callers.len() < self.capacity;
        if has_room(&self.callers) {
            return true;
        }
        let forgotten_ns = self.callers.forget(NonceBound::oldest_ns(now_ns));
        self.floor_ns = self.floor_ns.max(forgotten_ns);
        has_room(&self.callers)
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
