//! Where a neuron says it is reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use scale_decode::DecodeAsType;
use scale_value::Value;

use crate::block::Block;
use crate::error::ChainError;
use crate::head::Account;
use crate::shapes::known;

/// The protocol number that the SDKs publish for HTTP.
pub const HTTP: u8 = 4;

/// An axon as the chain has it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PublishedAxon {
    /// The block it was published at.
    pub block: u64,
    /// What is published.
    pub axon: Axon,
}

/// Where a neuron is reached, and by which version of its software.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Axon {
    /// The address. Anything: a miner may publish what it likes, so nothing is dialled unchecked.
    pub ip: IpAddr,
    /// The port.
    pub port: u16,
    /// The protocol's number; [`HTTP`] is usual.
    pub protocol: u8,
    /// The software's version.
    pub version: u32,
}

/// A TLS key that is published beside an axon.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    /// The algorithm's number.
    pub algorithm: u8,
    /// The public key, at most 64 bytes.
    pub public_key: Vec<u8>,
}

impl Block {
    /// What a hotkey has published on a subnet.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn axon(&self, netuid: u16, hotkey: &Account) -> Result<Option<PublishedAxon>, ChainError> {
        let raw: Option<RawAxon> = self.optional(&known::AXONS, by_hotkey(netuid, hotkey)).await?;
        Ok(raw.as_ref().and_then(RawAxon::published))
    }

    /// The TLS key a hotkey has published on a subnet.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn certificate(&self, netuid: u16, hotkey: &Account) -> Result<Option<Certificate>, ChainError> {
        let raw: Option<RawCertificate> = self.optional(&known::CERTIFICATES, by_hotkey(netuid, hotkey)).await?;
        Ok(raw.map(|raw| Certificate { algorithm: raw.algorithm, public_key: raw.public_key }))
    }

    /// How many blocks must lie between two publications of a hotkey.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn serving_rate_limit(&self, netuid: u16) -> Result<u64, ChainError> {
        self.value(&known::SERVING_RATE_LIMIT, vec![netuid.into()]).await
    }
}

fn by_hotkey(netuid: u16, hotkey: &Account) -> Vec<Value> {
    vec![netuid.into(), Value::from_bytes(hotkey)]
}

/// An axon as the chain stores it.
#[derive(Clone, Copy, Debug, DecodeAsType)]
pub(crate) struct RawAxon {
    block: u64,
    version: u32,
    ip: u128,
    port: u16,
    ip_type: u8,
    protocol: u8,
}

#[derive(Debug, DecodeAsType)]
struct RawCertificate {
    public_key: Vec<u8>,
    algorithm: u8,
}

impl RawAxon {
    /// A neuron that never published has an axon of zeroes.
    pub(crate) fn published(&self) -> Option<PublishedAxon> {
        let ip = address(self.ip, self.ip_type)?;
        if self.port == 0 && ip.is_unspecified() {
            return None;
        }
        let axon = Axon { ip, port: self.port, protocol: self.protocol, version: self.version };
        Some(PublishedAxon { block: self.block, axon })
    }
}

/// Reads an address as the chain stores it; nothing if the number does not fit its type.
#[must_use]
pub fn address(number: u128, ip_type: u8) -> Option<IpAddr> {
    match ip_type {
        4 => Some(Ipv4Addr::from(u32::try_from(number).ok()?).into()),
        6 => Some(Ipv6Addr::from(number).into()),
        _ => None,
    }
}

/// Writes an address as the chain stores it: its number and its type.
#[must_use]
pub fn number(ip: IpAddr) -> (u128, u8) {
    match ip {
        IpAddr::V4(ip) => (u32::from(ip).into(), 4),
        IpAddr::V6(ip) => (ip.into(), 6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_as_it_was_written() {
        for ip in ["1.2.3.4", "255.255.255.255", "::1", "2001:db8::7", "::ffff:1.2.3.4"] {
            let ip: IpAddr = ip.parse().unwrap();
            let (number, ip_type) = number(ip);

            assert_eq!(address(number, ip_type), Some(ip));
        }
        assert_eq!(number("1.2.3.4".parse().unwrap()), (0x0102_0304, 4));
    }

    #[test]
    fn a_number_that_does_not_fit_its_type_is_no_address() {
        assert_eq!(address(1 << 32, 4), None);
        assert_eq!(address(1, 0), None);
        assert_eq!(address(1, 5), None);
    }

    #[test]
    fn an_axon_of_zeroes_was_never_published() {
        let zero = RawAxon { block: 0, version: 0, ip: 0, port: 0, ip_type: 4, protocol: 0 };

        assert_eq!(zero.published(), None);
        assert_eq!(RawAxon { ip_type: 0, ..zero }.published(), None);
        assert!(RawAxon { ip: 1, port: 1, ..zero }.published().is_some());
    }
}
