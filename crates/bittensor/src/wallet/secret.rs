//! What a key is made of, and the key file that holds it as the wallet tools write it.

use std::fmt;

use bip39::Mnemonic;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::keys::{KeyError, Keypair, Scheme, seed_of_mnemonic};

/// What a key is made of. Overwritten in memory when it is dropped.
#[derive(Clone)]
pub enum KeySecret {
    /// A mnemonic, its words apart by one space.
    Mnemonic(Zeroizing<String>),
    /// A seed, which Substrate also calls the mini secret.
    Seed(Zeroizing<[u8; 32]>),
    /// A private key as key files have it: for sr25519 64 bytes of scalar and nonce.
    PrivateKey(Zeroizing<[u8; 64]>),
}

impl KeySecret {
    /// Makes a mnemonic of 12, 15, 18, 21 or 24 words of 16, 20, 24, 28 or 32 random bytes.
    ///
    /// # Errors
    /// If it is another number of bytes.
    pub fn fresh(entropy: &[u8]) -> Result<Self, KeyError> {
        let words = Mnemonic::from_entropy(entropy).map_err(|_| KeyError::Mnemonic)?;
        Ok(Self::Mnemonic(Zeroizing::new(words.to_string())))
    }

    /// Reads what an operator types: a mnemonic, or 64 or 128 hexadecimal digits with or without `0x`.
    ///
    /// # Errors
    /// If it is neither.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let digits = text.strip_prefix("0x").unwrap_or(text);
        if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) && !digits.is_empty() {
            let mut seed = Zeroizing::new([0; 32]);
            let mut private = Zeroizing::new([0; 64]);
            return if hex::decode_to_slice(digits, &mut *seed).is_ok() {
                Ok(Self::Seed(seed))
            } else if hex::decode_to_slice(digits, &mut *private).is_ok() {
                Ok(Self::PrivateKey(private))
            } else {
                Err(KeyError::Hex)
            };
        }
        // With room for everything, the text never moves and leaves no copy behind.
        let mut words = Zeroizing::new(String::with_capacity(text.len()));
        for word in text.split_whitespace() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(word);
        }
        seed_of_mnemonic(&words)?;
        Ok(Self::Mnemonic(words))
    }

    /// Makes the key pair.
    ///
    /// # Errors
    /// If it is no secret of the scheme.
    pub fn keypair(&self, scheme: Scheme) -> Result<Keypair, KeyError> {
        match self {
            Self::Mnemonic(words) => Keypair::from_mnemonic(scheme, words),
            Self::Seed(seed) => Ok(Keypair::from_seed(scheme, seed)),
            Self::PrivateKey(private) => Keypair::from_private_key(scheme, &**private),
        }
    }

    /// The words, if it has any.
    #[must_use]
    pub fn mnemonic(&self) -> Option<&str> {
        match self {
            Self::Mnemonic(words) => Some(words),
            Self::Seed(_) | Self::PrivateKey(_) => None,
        }
    }

    /// Writes the key file in the clear, and makes the key pair.
    pub(super) fn key_file(&self, scheme: Scheme) -> Result<(Zeroizing<Vec<u8>>, Keypair), KeyError> {
        let keypair = self.keypair(scheme)?;
        let seed = match self {
            Self::Mnemonic(words) => Some(seed_of_mnemonic(words)?),
            Self::Seed(seed) => Some(seed.clone()),
            Self::PrivateKey(_) => None,
        };
        let private = keypair.private_key();
        let public = PublicFields::of(&keypair.public(), scheme);
        let file = SecretFile {
            public,
            private_key: digits(&private),
            secret_phrase: self.mnemonic(),
            secret_seed: seed.map(|seed| digits(&*seed)),
        };
        Ok((json(&file), keypair))
    }
}

/// Says which sort it is, and nothing else.
impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mnemonic(_) => "Mnemonic",
            Self::Seed(_) => "Seed",
            Self::PrivateKey(_) => "PrivateKey",
        })
    }
}

/// Writes the key file of a public key.
pub(super) fn public_file(public: &[u8; 32], scheme: Scheme) -> Zeroizing<Vec<u8>> {
    json(&PublicFields::of(public, scheme))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublicFields {
    account_id: String,
    public_key: String,
    ss58_address: String,
    crypto_type: u8,
}

impl PublicFields {
    fn of(public: &[u8; 32], scheme: Scheme) -> Self {
        let digits = format!("0x{}", hex::encode(public));
        let crypto_type = match scheme {
            Scheme::Sr25519 => 1,
            Scheme::Ed25519 => 0,
        };
        let ss58_address = crate::ss58::encode(public).to_string();
        Self { account_id: digits.clone(), public_key: digits, ss58_address, crypto_type }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SecretFile<'a> {
    #[serde(flatten)]
    public: PublicFields,
    private_key: Zeroizing<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_phrase: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_seed: Option<Zeroizing<String>>,
}

fn digits(bytes: &[u8]) -> Zeroizing<String> {
    let digits = Zeroizing::new(hex::encode(bytes));
    Zeroizing::new(format!("0x{}", *digits))
}

fn json(file: &impl Serialize) -> Zeroizing<Vec<u8>> {
    // Room for the longest file: growing would leave copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(4096));
    // Text and numbers can always be written.
    drop(serde_json::to_writer(&mut *text, file));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

    #[test]
    fn a_mnemonic_is_read_with_any_space_between_its_words() {
        let typed = format!("  {}\n", WORDS.replace(' ', "  "));

        assert_eq!(KeySecret::parse(&typed).unwrap().mnemonic(), Some(WORDS));
    }

    #[test]
    fn hexadecimal_digits_are_a_seed_or_a_private_key_by_their_number() {
        assert!(matches!(KeySecret::parse(&"0a".repeat(32)), Ok(KeySecret::Seed(_))));
        assert!(matches!(KeySecret::parse(&format!("0x{}", "0a".repeat(64))), Ok(KeySecret::PrivateKey(_))));
        assert_eq!(KeySecret::parse("0x0a").unwrap_err(), KeyError::Hex);
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        for text in ["", "0x", "legal winner", "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo", "ö"] {
            assert_eq!(KeySecret::parse(text).unwrap_err(), KeyError::Mnemonic, "{text}");
        }
    }

    #[test]
    fn random_bytes_become_as_many_words_as_their_number_says() {
        for (bytes, words) in [(16, 12), (20, 15), (24, 18), (28, 21), (32, 24)] {
            let secret = KeySecret::fresh(&vec![7; bytes]).unwrap();

            assert_eq!(secret.mnemonic().unwrap().split(' ').count(), words);
            assert!(secret.keypair(Scheme::Sr25519).is_ok());
        }
        assert!(KeySecret::fresh(&[7; 8]).is_err());
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", KeySecret::parse(WORDS).unwrap()), "Mnemonic");
    }
}
