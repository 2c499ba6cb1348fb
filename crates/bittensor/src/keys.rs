//! Key pairs of both schemes: made from a phrase, a seed or a URI, used to sign and verify.

use std::fmt;

use common::id::Ss58;
use sp_core::{Pair, ed25519, sr25519};
use zeroize::Zeroizing;

use crate::ss58;

/// How a key signs. An address does not tell.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Scheme {
    /// Schnorr signatures over Ristretto; what hotkeys are, unless said otherwise.
    Sr25519,
    /// Edwards-curve signatures.
    Ed25519,
}

/// The secret cannot be made into a key. Never holds the secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// Wrong words, number of words or checksum.
    #[error("not a mnemonic: 12, 15, 18, 21 or 24 words of the English BIP 39 list with a valid checksum are expected")]
    Mnemonic,
    /// Not of the form `//Alice`, `phrase//hard/soft///password` or `0x` and 64 hex digits.
    #[error("not a key URI: a mnemonic or a seed, followed by //hard and /soft parts, is expected")]
    Uri,
    /// Hexadecimal digits, but not as many as any secret has.
    #[error("not a seed or private key: 64 or 128 hexadecimal digits are expected")]
    Hex,
    /// Not a secret of the scheme.
    #[error("not a private key of its scheme: sr25519 has 64 bytes, ed25519 has 32")]
    PrivateKey,
}

/// A secret key and its public key. The secret is overwritten in memory when the pair is dropped.
pub struct Keypair(Secret);

enum Secret {
    /// Overwrites itself.
    Sr25519(Box<sr25519::Pair>),
    /// The library's own pair does not overwrite itself, so only the seed is kept.
    Ed25519 { seed: Zeroizing<[u8; 32]>, public: [u8; 32] },
}

impl From<sr25519::Pair> for Secret {
    fn from(pair: sr25519::Pair) -> Self {
        Self::Sr25519(Box::new(pair))
    }
}

impl From<ed25519::Pair> for Secret {
    fn from(pair: ed25519::Pair) -> Self {
        Self::Ed25519 { seed: Zeroizing::new(pair.seed()), public: pair.public().0 }
    }
}

impl Keypair {
    /// Makes the key of a mnemonic without a password.
    ///
    /// # Errors
    /// If it is no English BIP 39 phrase.
    pub fn from_mnemonic(scheme: Scheme, phrase: &str) -> Result<Self, KeyError> {
        let secret = match scheme {
            Scheme::Sr25519 => sr25519::Pair::from_phrase(phrase, None).map(|(pair, _)| pair.into()),
            Scheme::Ed25519 => ed25519::Pair::from_phrase(phrase, None).map(|(pair, _)| pair.into()),
        };
        secret.map(Self).map_err(|_| KeyError::Mnemonic)
    }

    /// Makes the key of a seed, which Substrate also calls the mini secret.
    #[must_use]
    pub fn from_seed(scheme: Scheme, seed: &[u8; 32]) -> Self {
        Self(match scheme {
            Scheme::Sr25519 => sr25519::Pair::from_seed(seed).into(),
            Scheme::Ed25519 => ed25519::Pair::from_seed(seed).into(),
        })
    }

    /// Makes a key from the private key of a key file: for sr25519 the 64 bytes of scalar and nonce, for ed25519 the seed.
    ///
    /// # Errors
    /// If the length is wrong or the scalar is not one.
    pub fn from_private_key(scheme: Scheme, private: &[u8]) -> Result<Self, KeyError> {
        let secret = match (scheme, private.len()) {
            (Scheme::Sr25519, 64) => sr25519::Pair::from_seed_slice(private).map(Secret::from),
            (Scheme::Ed25519, 32) => ed25519::Pair::from_seed_slice(private).map(Secret::from),
            _ => return Err(KeyError::PrivateKey),
        };
        secret.map(Self).map_err(|_| KeyError::PrivateKey)
    }

    /// Makes the key of a URI such as `//Alice`; a URI that starts with `/` derives from the public development phrase.
    ///
    /// # Errors
    /// If it cannot be read, or has a soft part with ed25519.
    pub fn from_uri(scheme: Scheme, uri: &str) -> Result<Self, KeyError> {
        let secret = match scheme {
            Scheme::Sr25519 => sr25519::Pair::from_string(uri, None).map(Secret::from),
            Scheme::Ed25519 => ed25519::Pair::from_string(uri, None).map(Secret::from),
        };
        secret.map(Self).map_err(|_| KeyError::Uri)
    }

    /// Signs a message. sr25519 signatures differ each time.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        match &self.0 {
            Secret::Sr25519(pair) => pair.sign(message).0,
            Secret::Ed25519 { seed, .. } => ed25519::Pair::from_seed(seed).sign(message).0,
        }
    }

    /// Returns the public key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        match &self.0 {
            Secret::Sr25519(pair) => pair.public().0,
            Secret::Ed25519 { public, .. } => *public,
        }
    }

    /// Returns the public key as an address.
    #[must_use]
    pub fn address(&self) -> Ss58 {
        ss58::encode(&self.public())
    }

    /// The private key as key files have it: for sr25519 64 bytes of scalar and nonce, for ed25519 the seed.
    pub(crate) fn private_key(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match &self.0 {
            Secret::Sr25519(pair) => pair.to_raw_vec(),
            Secret::Ed25519 { seed, .. } => seed.to_vec(),
        })
    }

    /// Returns the scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        match &self.0 {
            Secret::Sr25519(_) => Scheme::Sr25519,
            Secret::Ed25519 { .. } => Scheme::Ed25519,
        }
    }
}

impl fmt::Debug for Keypair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keypair({:?}, {})", self.scheme(), self.address())
    }
}

/// The seed of a mnemonic without a password, which is the same for both schemes.
pub(crate) fn seed_of_mnemonic(phrase: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let made = ed25519::Pair::from_phrase(phrase, None).map_err(|_| KeyError::Mnemonic)?;
    Ok(Zeroizing::new(made.1))
}

/// Whether the signature is the key's over the message. Anything that is no key or no signature is simply not.
#[must_use]
pub fn verify(scheme: Scheme, public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    match scheme {
        Scheme::Sr25519 => sr25519::Pair::verify(
            &sr25519::Signature::from_raw(*signature),
            message,
            &sr25519::Public::from_raw(*public),
        ),
        Scheme::Ed25519 => ed25519::Pair::verify(
            &ed25519::Signature::from_raw(*signature),
            message,
            &ed25519::Public::from_raw(*public),
        ),
    }
}
