//! How many connections may be open, overall and from one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts open connections and refuses those over a limit.
#[derive(Debug)]
pub(crate) struct ConnectionLimits {
    overall: u32,
    per_address: u32,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    overall: u32,
    by_address: HashMap<IpAddr, u32>,
}

/// One open connection's place; dropping it makes room.
#[derive(Debug)]
pub(crate) struct Place {
    limits: Arc<ConnectionLimits>,
    address: IpAddr,
}

impl ConnectionLimits {
    /// Makes the limits of a server without connections.
    pub(crate) fn new(overall: u32, per_address: u32) -> Arc<Self> {
        Arc::new(Self { overall, per_address, open: Mutex::default() })
    }

    /// Takes a place for a connection, if there is one.
    pub(crate) fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let address = counted_as(peer);
        let mut open = self.lock();
        let here = open.by_address.get(&address).copied().unwrap_or(0);
        if open.overall >= self.overall || here >= self.per_address {
            return None;
        }
        open.overall += 1;
        open.by_address.insert(address, here + 1);
        Some(Place { limits: Arc::clone(self), address })
    }

    /// How many connections are open.
    pub(crate) fn open(&self) -> u32 {
        self.lock().overall
    }

    /// Every change is complete before anything can panic.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.limits.lock();
        open.overall = open.overall.saturating_sub(1);
        match open.by_address.get_mut(&self.address) {
            Some(here) if *here > 1 => *here -= 1,
            Some(_) | None => {
                open.by_address.remove(&self.address);
            }
        }
    }
}

/// Whoever has one IPv6 address usually has the 2^64 around it.
pub(crate) fn counted_as(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        address @ IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_has_its_own_limit() {
        let limits = ConnectionLimits::new(10, 1);

        let first = limits.enter(address("192.0.2.1"));
        let second = limits.enter(address("::ffff:192.0.2.1"));
        let other = limits.enter(address("192.0.2.2"));

        assert!(first.is_some());
        assert!(second.is_none());
        assert!(other.is_some());
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let limits = ConnectionLimits::new(10, 1);

        let _first = limits.enter(address("2001:db8::1"));

        assert!(limits.enter(address("2001:db8::ffff:2")).is_none());
        assert!(limits.enter(address("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn leaving_makes_room() {
        let limits = ConnectionLimits::new(1, 1);
        let place = limits.enter(address("192.0.2.1"));
        let full = limits.enter(address("192.0.2.2")).is_none();

        drop(place);

        assert!(full);
        assert_eq!(limits.open(), 0);
        assert!(limits.lock().by_address.is_empty());
        assert!(limits.enter(address("192.0.2.2")).is_some());
    }
}
