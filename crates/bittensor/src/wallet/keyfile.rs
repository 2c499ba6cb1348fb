//! The content of key files, as every wallet version since 2023 writes them.

use std::fmt;

use common::id::Ss58;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::keys::{KeyError, Keypair, Scheme};
use crate::ss58;

/// How a key file is encrypted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encryption {
    /// Today's: `$NACL`.
    Nacl,
    /// Until 2023: an Ansible vault.
    Ansible,
    /// Before that: Fernet.
    Fernet,
}

impl Encryption {
    /// Recognises it by its first bytes.
    pub(super) fn of(content: &[u8]) -> Option<Self> {
        [(&b"$NACL"[..], Self::Nacl), (b"$ANSIBLE_VAULT", Self::Ansible), (b"gAAAAA", Self::Fernet)]
            .into_iter()
            .find_map(|(start, encryption)| content.starts_with(start).then_some(encryption))
    }
}

impl fmt::Display for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nacl => "NaCl",
            Self::Ansible => "an Ansible vault",
            Self::Fernet => "Fernet",
        })
    }
}

/// The content of a key file is of no use. Never holds any of it but addresses.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyfileError {
    /// It needs a password, which nobody is there to type.
    #[error(
        "the key is encrypted with {0}, and an unattended miner has no password: store it without one \
         (btcli wallet regen-hotkey --no-use-password)"
    )]
    Encrypted(Encryption),
    /// It is no key file.
    #[error("not a key file: restore it from its mnemonic with btcli")]
    Format,
    /// It has a public key only.
    #[error("the file has no secret, only an address: restore the key from its mnemonic with btcli")]
    WatchOnly,
    /// It has neither an address nor a public key.
    #[error("the file has no address: restore it with btcli")]
    NoAddress,
    /// A type of key that nobody uses.
    #[error("cryptoType {0} is unknown: 1 (sr25519) or 0 (ed25519) is expected")]
    CryptoType(u64),
    /// A value is damaged.
    #[error(
        "{field} is damaged: restore the key from its mnemonic or seed with btcli, and not with bittensor-wallet 4.1.1, \
             which writes such files"
    )]
    Damaged {
        /// The JSON key.
        field: &'static str,
    },
    /// The secret is not one.
    #[error("{field} is of no use")]
    Secret {
        /// The JSON key.
        field: &'static str,
        /// Why.
        source: KeyError,
    },
    /// The file says that it is another key than it is.
    #[error(
        "the file says that its address is {stated}, but its key has {actual}: one of them was altered; restore the file"
    )]
    Contradiction {
        /// What the file says.
        stated: String,
        /// What its key has.
        actual: Ss58,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keyfile {
    secret_phrase: Option<Zeroizing<String>>,
    secret_seed: Option<Zeroizing<String>>,
    private_key: Option<Zeroizing<String>>,
    public_key: Option<String>,
    ss58_address: Option<String>,
    crypto_type: Option<u64>,
}

/// Makes the key pair of a key file. The phrase counts before the seed and the seed before the private key, as in the
/// wallets since version 4; the address must be the key's.
pub(super) fn keypair(content: &[u8]) -> Result<Keypair, KeyfileError> {
    if let Some(keypair) = bare_secret(content) {
        return Ok(keypair);
    }
    let file = parse(content)?;
    let scheme = file.scheme()?;
    let keypair = if let Some(phrase) = &file.secret_phrase {
        Keypair::from_mnemonic(scheme, phrase)
            .map_err(|source| KeyfileError::Secret { field: "secretPhrase", source })?
    } else if let Some(seed) = &file.secret_seed {
        Keypair::from_seed(scheme, &*bytes::<32>("secretSeed", seed)?)
    } else if let Some(private) = &file.private_key {
        let key = match scheme {
            Scheme::Sr25519 => Keypair::from_private_key(scheme, &*bytes::<64>("privateKey", private)?),
            Scheme::Ed25519 => Keypair::from_private_key(scheme, &*bytes::<32>("privateKey", private)?),
        };
        key.map_err(|source| KeyfileError::Secret { field: "privateKey", source })?
    } else {
        return Err(KeyfileError::WatchOnly);
    };
    match file.stated()? {
        Some(stated) if stated != keypair.address() => {
            Err(KeyfileError::Contradiction { stated: stated.to_string(), actual: keypair.address() })
        }
        Some(_) | None => Ok(keypair),
    }
}

/// Returns the address that a key file states.
pub(super) fn address(content: &[u8]) -> Result<Ss58, KeyfileError> {
    parse(content)?.stated()?.ok_or(KeyfileError::NoAddress)
}

fn parse(content: &[u8]) -> Result<Keyfile, KeyfileError> {
    if let Some(encryption) = Encryption::of(content) {
        return Err(KeyfileError::Encrypted(encryption));
    }
    serde_json::from_slice(content).map_err(|_| KeyfileError::Format)
}

/// Wallets since version 11 also take a file that is nothing but a seed or a mnemonic.
fn bare_secret(content: &[u8]) -> Option<Keypair> {
    let text = std::str::from_utf8(content).ok()?.trim();
    let hex = text.strip_prefix("0x").unwrap_or(text);
    if let Ok(seed) = bytes::<32>("", hex) {
        return Some(Keypair::from_seed(Scheme::Sr25519, &seed));
    }
    let is_phrase = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b' ');
    is_phrase.then(|| Keypair::from_mnemonic(Scheme::Sr25519, text).ok()).flatten()
}

impl Keyfile {
    fn scheme(&self) -> Result<Scheme, KeyfileError> {
        match self.crypto_type {
            None | Some(1) => Ok(Scheme::Sr25519),
            Some(0) => Ok(Scheme::Ed25519),
            Some(other) => Err(KeyfileError::CryptoType(other)),
        }
    }

    /// The address, which the public key must agree with.
    fn stated(&self) -> Result<Option<Ss58>, KeyfileError> {
        let public = match &self.public_key {
            Some(text) => Some(ss58::encode(&*bytes::<32>("publicKey", text)?)),
            None => None,
        };
        let address = match &self.ss58_address {
            Some(text) => {
                let key = ss58::decode(text).map_err(|_| KeyfileError::Damaged { field: "ss58Address" })?;
                Some(ss58::encode(&key))
            }
            None => None,
        };
        match (address, public) {
            (Some(address), Some(public)) if address != public => {
                Err(KeyfileError::Contradiction { stated: address.to_string(), actual: public })
            }
            (address, public) => Ok(address.or(public)),
        }
    }
}

fn bytes<const N: usize>(field: &'static str, text: &str) -> Result<Zeroizing<[u8; N]>, KeyfileError> {
    let mut bytes = Zeroizing::new([0; N]);
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode_to_slice(digits, &mut *bytes).map_err(|_| KeyfileError::Damaged { field })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const SEED: &str = "0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";

    fn address_of(json: &str) -> Result<String, KeyfileError> {
        keypair(json.as_bytes()).map(|key| key.address().to_string())
    }

    #[test]
    fn nulls_and_missing_keys_are_the_same() {
        let json = format!(r#"{{"secretPhrase": null, "secretSeed": "{SEED}", "cryptoType": null}}"#);

        assert_eq!(address_of(&json).as_deref(), Ok(ALICE));
    }

    #[test]
    fn a_bare_seed_or_mnemonic_is_a_key_file() {
        let phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow";

        assert_eq!(address_of(SEED).as_deref(), Ok(ALICE));
        assert_eq!(address_of(&format!("{phrase}\n")).unwrap(), "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe");
    }

    #[test]
    fn a_file_with_another_keys_address_is_refused() {
        let bob = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
        let json = format!(r#"{{"secretSeed": "{SEED}", "ss58Address": "{bob}"}}"#);

        assert!(matches!(address_of(&json), Err(KeyfileError::Contradiction { stated, .. }) if stated == bob));
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        assert_eq!(address_of(&format!(r#"{{"ss58Address": "{ALICE}"}}"#)), Err(KeyfileError::WatchOnly));
        assert_eq!(address_of(r#"{"secretSeed": "0x00"}"#), Err(KeyfileError::Damaged { field: "secretSeed" }));
        assert_eq!(address_of(r#"{"cryptoType": 2}"#), Err(KeyfileError::CryptoType(2)));
        assert_eq!(address_of("$NACL..."), Err(KeyfileError::Encrypted(Encryption::Nacl)));
        for text in ["", "{", "[]", "hello", "\u{0}"] {
            assert_eq!(address_of(text), Err(KeyfileError::Format), "{text}");
        }
        assert_eq!(address(b"{}"), Err(KeyfileError::NoAddress));
    }

    #[test]
    fn an_error_holds_no_secret() {
        let words = "secret words that are no mnemonic";

        let error = address_of(&format!(r#"{{"secretPhrase": "{words}"}}"#)).unwrap_err();

        assert!(!format!("{error:?}").contains("secret words"));
    }
}
