//! The content of key files, as every wallet version since 2023 writes them.

use common::id::Ss58;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::encryption::Encryption;
use super::secret::KeySecret;
use crate::keys::{KeyError, Keypair, Scheme};
use crate::ss58;

/// The content of a key file is of no use. Never holds any of it but addresses.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyfileError {
    /// It needs a password, which nobody is there to type.
    #[error(
        "the key is encrypted with {0}, and an unattended miner has no password: store it without one \
         (btcli wallet regen-hotkey --no-use-password)"
    )]
    Encrypted(Encryption),
    /// The password does not open it. A damaged file looks the same.
    #[error("wrong password, or the file, which is encrypted with {0}, is damaged")]
    WrongPassword(Encryption),
    /// No password opens it.
    #[error("the file starts as one encrypted with {0}, but is damaged: restore the key from its mnemonic")]
    Ciphertext(Encryption),
    /// The password cannot be tried.
    #[error("trying the password takes 512 MiB of memory, which this host does not have")]
    Memory,
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

/// A key file's secret, and the key pair made of it.
pub(super) struct Opened {
    pub(super) secret: KeySecret,
    pub(super) keypair: Keypair,
}

/// Makes the key pair of a key file that is not encrypted.
pub(super) fn keypair(content: &[u8]) -> Result<Keypair, KeyfileError> {
    secret(content).map(|opened| opened.keypair)
}

/// Reads a key file in any format; one that is not encrypted needs no password, and none is tried on it.
pub(super) fn open(content: &[u8], password: &[u8]) -> Result<Opened, KeyfileError> {
    match Encryption::of(content) {
        Some(encryption) => secret(&encryption.open(content, password)?),
        None => secret(content),
    }
}

/// The phrase counts before the seed and the seed before the private key, as in the wallets since version 4; the address
/// must be the key's.
fn secret(content: &[u8]) -> Result<Opened, KeyfileError> {
    if let Some(opened) = bare_secret(content) {
        return Ok(opened);
    }
    let file = parse(content)?;
    let scheme = file.scheme()?;
    let (field, secret) = if let Some(phrase) = file.secret_phrase.clone() {
        ("secretPhrase", KeySecret::Mnemonic(phrase))
    } else if let Some(seed) = &file.secret_seed {
        ("secretSeed", KeySecret::Seed(bytes("secretSeed", seed)?))
    } else if let Some(private) = &file.private_key {
        let secret = match scheme {
            Scheme::Sr25519 => KeySecret::PrivateKey(bytes("privateKey", private)?),
            Scheme::Ed25519 => KeySecret::Seed(bytes("privateKey", private)?),
        };
        ("privateKey", secret)
    } else {
        return Err(KeyfileError::WatchOnly);
    };
    let keypair = secret.keypair(scheme).map_err(|source| KeyfileError::Secret { field, source })?;
    match file.stated()? {
        Some(stated) if stated != keypair.address() => {
            Err(KeyfileError::Contradiction { stated: stated.to_string(), actual: keypair.address() })
        }
        Some(_) | None => Ok(Opened { secret, keypair }),
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
fn bare_secret(content: &[u8]) -> Option<Opened> {
    let secret = KeySecret::parse(std::str::from_utf8(content).ok()?).ok()?;
    if matches!(secret, KeySecret::PrivateKey(_)) {
        return None;
    }
    let keypair = secret.keypair(Scheme::Sr25519).ok()?;
    Some(Opened { secret, keypair })
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
