//! Addresses as text: base58 of the network's prefix, the public key and a checksum.

use common::id::Ss58;
use sp_core::crypto::{AccountId32, PublicError, Ss58Codec};

/// The prefix of Bittensor, and of Substrate networks without one of their own.
const PREFIX: u16 = 42;

/// The text is not an address of this network.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Ss58Error {
    /// Some other text, or one cut short.
    #[error("not an ss58 address: 48 base58 characters are expected")]
    Shape,
    /// An address of another network or kind.
    #[error("an ss58 address with another prefix than 42: it belongs to another network")]
    Prefix,
    /// A mistyped address.
    #[error("an ss58 address with a wrong checksum: it is mistyped")]
    Checksum,
}

/// Returns the public key of an address.
///
/// # Errors
/// If the text is anything but a well-formed address with the prefix 42.
pub fn decode(text: &str) -> Result<[u8; 32], Ss58Error> {
    // Decoding takes quadratic time: what is too long for an address is not decoded.
    if text.len() > 64 {
        return Err(Ss58Error::Shape);
    }
    let (account, prefix) = AccountId32::from_ss58check_with_version(text).map_err(|error| match error {
        PublicError::InvalidChecksum => Ss58Error::Checksum,
        PublicError::FormatNotAllowed | PublicError::UnknownSs58AddressFormat(_) => Ss58Error::Prefix,
        PublicError::BadBase58
        | PublicError::BadLength
        | PublicError::InvalidPrefix
        | PublicError::InvalidFormat
        | PublicError::InvalidPath
        | PublicError::PasswordNotAllowed
        | PublicError::MalformedUri(_) => Ss58Error::Shape,
    })?;
    if u16::from(prefix) != PREFIX {
        return Err(Ss58Error::Prefix);
    }
    let public = account.into();
    // The prefix also has a longer form, which nothing writes: one key has one address.
    if encode(&public).as_str() == text { Ok(public) } else { Err(Ss58Error::Shape) }
}

/// Returns the address of a public key.
///
/// # Panics
/// Never: 35 bytes starting with 42 are always 48 base58 characters.
#[must_use]
#[expect(clippy::expect_used, reason = "the shape of an encoded address does not depend on the key")]
pub fn encode(public: &[u8; 32]) -> Ss58 {
    let text = AccountId32::new(*public).to_ss58check_with_version(PREFIX.into());
    text.parse().expect("an encoded address has an address's shape")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    #[test]
    fn an_address_and_its_key_are_the_same_thing() {
        let public = decode(ALICE).unwrap();

        assert_eq!(hex::encode(public), "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d");
        assert_eq!(encode(&public).as_str(), ALICE);
    }

    #[test]
    fn every_key_has_an_address() {
        for byte in [0, 1, 127, 128, 255] {
            assert_eq!(decode(encode(&[byte; 32]).as_str()), Ok([byte; 32]));
        }
    }

    #[test]
    fn a_mistyped_address_is_refused() {
        assert_eq!(decode(&ALICE.replace("Fz9", "Fz8")), Err(Ss58Error::Checksum));
    }

    #[test]
    fn another_networks_address_is_refused() {
        assert_eq!(decode("15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5"), Err(Ss58Error::Prefix));
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "5", "0OIl", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQ", &ALICE.repeat(1000)] {
            assert!(decode(text).is_err(), "{text}");
        }
    }
}
