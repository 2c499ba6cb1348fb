//! Addresses that nobody could dial.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use common::config::chain::Network;

use crate::network::is_public;

/// Why an address is not published.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AddressProblem {
    /// The chain refuses it everywhere.
    #[error(
        "the chain accepts no loopback, unspecified or broadcast address; set chain.axon.address to the one that validators dial"
    )]
    RefusedByTheChain,
    /// It is of a private network.
    #[error("it is a private address, which validators cannot dial; set chain.axon.address to your public one")]
    Private,
    /// It is of this machine or of this link only.
    #[error(
        "it is an address of this machine or link, which validators cannot dial; set chain.axon.address to your public one"
    )]
    Local,
    /// It is no host's.
    #[error("it is a multicast or reserved address, which is no host's; set chain.axon.address to your public one")]
    NoHost,
    /// It is for examples.
    #[error("it is an address for documentation; set chain.axon.address to your public one")]
    Documentation,
    /// There is no port.
    #[error("the port is 0; set chain.axon.port to the one that validators dial")]
    NoPort,
}

/// Says why an address cannot be published on a network, if so.
#[must_use]
pub fn problem(ip: IpAddr, network: Network) -> Option<AddressProblem> {
    let refused = match ip {
        IpAddr::V4(ip) => ip == Ipv4Addr::LOCALHOST || ip.is_unspecified() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip == Ipv6Addr::LOCALHOST || ip.is_unspecified() || u128::from(ip) == u128::MAX,
    };
    if refused {
        return Some(AddressProblem::RefusedByTheChain);
    }
    if !is_public(network) {
        return None;
    }
    match ip {
        IpAddr::V4(ip) => v4(ip),
        IpAddr::V6(ip) => v6(ip),
    }
}

fn v4(ip: Ipv4Addr) -> Option<AddressProblem> {
    let [a, b, c, _] = ip.octets();
    // 100.64/10 is between a provider and its customers.
    let shared = a == 100 && b & 0xc0 == 64;
    let benchmark = a == 198 && b & 0xfe == 18;
    let protocols = a == 192 && b == 0 && c == 0;
    if ip.is_loopback() || ip.is_link_local() || a == 0 {
        Some(AddressProblem::Local)
    } else if ip.is_private() || shared {
        Some(AddressProblem::Private)
    } else if ip.is_documentation() || benchmark {
        Some(AddressProblem::Documentation)
    } else if ip.is_multicast() || a >= 240 || protocols {
        Some(AddressProblem::NoHost)
    } else {
        None
    }
}

fn v6(ip: Ipv6Addr) -> Option<AddressProblem> {
    if let Some(ip) = ip.to_ipv4_mapped() {
        return v4(ip);
    }
    let [first, second, ..] = ip.segments();
    if ip.is_unicast_link_local() {
        Some(AddressProblem::Local)
    } else if ip.is_unique_local() || first & 0xffc0 == 0xfec0 {
        Some(AddressProblem::Private)
    } else if (first == 0x2001 && second == 0xdb8) || first & 0xfff0 == 0x3ff0 {
        Some(AddressProblem::Documentation)
    } else if ip.is_multicast() || first & 0xe000 != 0x2000 {
        // Only 2000::/3 is given out to hosts.
        Some(AddressProblem::NoHost)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::AddressProblem::{Documentation, Local, NoHost, Private, RefusedByTheChain};
    use super::*;

    #[test]
    fn what_the_chain_refuses_is_refused_on_every_network() {
        for ip in ["0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"] {
            for network in [Network::Finney, Network::Test, Network::Local, Network::Sandbox] {
                assert_eq!(problem(ip.parse().unwrap(), network), Some(RefusedByTheChain), "{ip}");
            }
        }
    }

    #[test]
    fn what_nobody_can_dial_is_refused_on_public_networks_only() {
        for (ip, expected) in [
            ("127.0.0.2", Local),
            ("169.254.1.1", Local),
            ("0.1.2.3", Local),
            ("10.0.0.9", Private),
            ("172.16.0.1", Private),
            ("172.31.255.255", Private),
            ("192.168.1.1", Private),
            ("100.64.0.1", Private),
            ("100.127.255.255", Private),
            ("192.0.2.1", Documentation),
            ("198.51.100.1", Documentation),
            ("203.0.113.1", Documentation),
            ("198.18.0.1", Documentation),
            ("224.0.0.1", NoHost),
            ("240.0.0.1", NoHost),
            ("192.0.0.1", NoHost),
            ("fe80::1", Local),
            ("fd00::1", Private),
            ("fec0::1", Private),
            ("2001:db8::1", Documentation),
            ("3fff::1", Documentation),
            ("ff02::1", NoHost),
            ("::ffff:10.0.0.9", Private),
            ("::ffff:127.0.0.1", Local),
            ("64:ff9b::1", NoHost),
        ] {
            let ip = ip.parse().unwrap();

            assert_eq!(problem(ip, Network::Finney), Some(expected), "{ip}");
            assert_eq!(problem(ip, Network::Test), Some(expected), "{ip}");
            assert_eq!(problem(ip, Network::Sandbox), None, "{ip}");
        }
    }

    #[test]
    fn public_addresses_are_published() {
        for ip in ["1.2.3.4", "8.8.8.8", "100.63.0.1", "100.128.0.1", "172.32.0.1", "2a01:4f8::1", "::ffff:8.8.8.8"] {
            assert_eq!(problem(ip.parse().unwrap(), Network::Finney), None, "{ip}");
        }
    }
}
