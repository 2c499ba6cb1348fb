//! How often one validator is answered, and how often a stranger's signature is looked at.
//!
//! A signature costs more than everything that is checked before it. An address from which too many are checked in vain is
//! not looked at any more for a moment; one that only sends sound requests is never limited by this.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::config::miner::Server;
use common::id::Ss58;
use governor::clock::{Clock, MonotonicClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::limits::counted_as;

/// How long an address over its limit is not looked at.
const CUT: Duration = Duration::from_secs(1);
/// So many keys are remembered before those that are idle are forgotten.
const MANY_KEYS: usize = 4096;

type Limiter<K, C> = RateLimiter<K, HashMapStateStore<K>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// The limits, and who is at them.
pub(crate) struct Rates<C: Clock = MonotonicClock> {
    clock: C,
    callers: Option<Limiter<Ss58, C>>,
    strangers: Option<Limiter<IpAddr, C>>,
    cut: Mutex<HashMap<IpAddr, C::Instant>>,
}

impl<C: Clock> std::fmt::Debug for Rates<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rates").field("cut", &self.cut().len()).finish_non_exhaustive()
    }
}

impl Rates {
    /// Nobody has come yet.
    pub(crate) fn new(limits: &Server) -> Self {
        Self::with_clock(limits, MonotonicClock)
    }
}

impl<C: Clock + Clone> Rates<C> {
    fn with_clock(limits: &Server, clock: C) -> Self {
        Self {
            callers: limiter(limits.max_requests_per_s_per_caller, &clock),
            strangers: limiter(limits.max_strangers_per_s_per_ip, &clock),
            cut: Mutex::default(),
            clock,
        }
    }
}

impl<C: Clock> Rates<C> {
    /// Whether a verified validator may ask now; counts as a request.
    pub(crate) fn admits(&self, caller: &Ss58) -> bool {
        self.callers.as_ref().is_none_or(|callers| check(callers, caller))
    }

    /// Whether a signature from this address is looked at.
    pub(crate) fn looks_at(&self, peer: IpAddr) -> bool {
        if self.strangers.is_none() {
            return true;
        }
        let (peer, now) = (counted_as(peer), self.clock.now());
        let mut cut = self.cut();
        match cut.get(&peer) {
            None => true,
            Some(since) if now.duration_since(*since) < CUT.into() => false,
            Some(_) => {
                cut.remove(&peer);
                true
            }
        }
    }

    /// A signature from this address was looked at in vain.
    pub(crate) fn in_vain(&self, peer: IpAddr) {
        let peer = counted_as(peer);
        if self.strangers.as_ref().is_none_or(|strangers| check(strangers, &peer)) {
            return;
        }
        let now = self.clock.now();
        let mut cut = self.cut();
        if cut.len() >= MANY_KEYS {
            cut.retain(|_, since| now.duration_since(*since) < CUT.into());
        }
        // Full of addresses that are cut: this one is so the next time.
        if cut.len() < MANY_KEYS {
            cut.insert(peer, now);
        }
    }

    /// Every change is complete before anything can panic.
    fn cut(&self) -> MutexGuard<'_, HashMap<IpAddr, C::Instant>> {
        self.cut.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A limit of so many a second, with a second's worth at once; none of 0.
fn limiter<K: Clone + Eq + Hash, C: Clock + Clone>(per_second: u32, clock: &C) -> Option<Limiter<K, C>> {
    let quota = Quota::per_second(NonZeroU32::new(per_second)?);
    Some(RateLimiter::hashmap_with_clock(quota, clock.clone()))
}

fn check<K: Clone + Eq + Hash, C: Clock>(limiter: &Limiter<K, C>, key: &K) -> bool {
    if limiter.len() >= MANY_KEYS {
        limiter.retain_recent();
    }
    limiter.check_key(key).is_ok()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use governor::clock::FakeRelativeClock;

    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

    fn rates(per_caller: u32, strangers: u32) -> (Rates<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let limits = Server {
            max_requests_per_s_per_caller: per_caller,
            max_strangers_per_s_per_ip: strangers,
            ..Server::default()
        };
        (Rates::with_clock(&limits, clock.clone()), clock)
    }

    #[test]
    fn each_validator_has_its_own_rate() {
        let (rates, clock) = rates(2, 0);
        let (alice, bob) = (ALICE.parse().unwrap(), BOB.parse().unwrap());

        let at_once = [rates.admits(&alice), rates.admits(&alice), rates.admits(&alice), rates.admits(&bob)];
        clock.advance(Duration::from_millis(500));
        let later = [rates.admits(&alice), rates.admits(&alice)];

        assert_eq!((at_once, later), ([true, true, false, true], [true, false]));
    }

    #[test]
    fn an_address_is_not_looked_at_after_too_much_in_vain() {
        let (rates, clock) = rates(0, 3);
        for _ in 0..3 {
            rates.in_vain(HERE);
        }
        let before = rates.looks_at(HERE);

        rates.in_vain(HERE);
        let cut = (rates.looks_at(HERE), rates.looks_at(THERE));
        clock.advance(CUT);

        assert!(before);
        assert_eq!(cut, (false, true));
        assert!(rates.looks_at(HERE));
    }

    #[test]
    fn zero_is_no_limit() {
        let (rates, _) = rates(0, 0);
        let alice = ALICE.parse().unwrap();

        for _ in 0..1000 {
            rates.in_vain(HERE);
            assert!(rates.admits(&alice) && rates.looks_at(HERE));
        }
    }

    #[test]
    fn a_flood_from_everywhere_takes_bounded_memory() {
        let (rates, clock) = rates(1, 1);
        for number in 0..20_000_u32 {
            let peer = IpAddr::V4(Ipv4Addr::from_bits(number));
            rates.in_vain(peer);
            rates.in_vain(peer);
            clock.advance(Duration::from_millis(1));
        }

        assert!(rates.cut().len() <= MANY_KEYS);
        assert!(rates.strangers.as_ref().unwrap().len() <= MANY_KEYS + 1);
    }
}
