//! A throw-away wallet as `btcli` would write it: a hotkey in the clear, and of the coldkey only the address.

use std::fs;
use std::path::Path;

use bip39::Mnemonic;
use bittensor::keys::{Keypair, Scheme};
use bittensor::ss58;
use common::id::Ss58;
use serde_json::{Map, Value, json};
use sha3::{Digest, Sha3_256};

use super::{PrepareError, pretty};

/// The directories, each after the one it is in.
pub(super) const DIRECTORIES: [&str; 3] = ["wallets", "wallets/sandbox", "wallets/sandbox/hotkeys"];

/// The wallet's name, which is its directory's.
pub(super) const NAME: &str = "sandbox";

/// The hotkey's name.
pub(super) const HOTKEY: &str = "default";

const HOTKEY_SECRET: &str = "wallets/sandbox/hotkeys/default";

/// Where the hotkey's address is.
pub(super) const HOTKEY_PUBLIC: &str = "wallets/sandbox/hotkeys/defaultpub.txt";

/// Where the address of the coldkey is.
pub(super) const COLDKEY_PUBLIC: &str = "wallets/sandbox/coldkeypub.txt";

/// No key can be made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Of so many bits there are no words.
    #[error(transparent)]
    Words(#[from] bip39::Error),
    /// Of these words there is no key.
    #[error(transparent)]
    Key(#[from] bittensor::keys::KeyError),
}

/// Returns the files' names.
pub(super) fn names() -> impl Iterator<Item = String> {
    [HOTKEY_SECRET, HOTKEY_PUBLIC, COLDKEY_PUBLIC].into_iter().map(str::to_owned)
}

/// Makes the files: of fresh keys, or of the seed's.
pub(super) fn files(seed: Option<u64>) -> Result<[(&'static str, Vec<u8>); 3], PrepareError> {
    let words = words(seed, "hotkey")?;
    let hotkey = key(&words)?;
    let coldkey = key(&self::words(seed, "coldkey")?)?;
    let mut secret = public(&hotkey);
    secret.insert("secretPhrase".into(), json!(words.to_string()));
    Ok([
        (HOTKEY_SECRET, pretty(&secret)?),
        (HOTKEY_PUBLIC, pretty(&public(&hotkey))?),
        (COLDKEY_PUBLIC, pretty(&public(&coldkey))?),
    ])
}

fn words(seed: Option<u64>, purpose: &str) -> Result<Mnemonic, KeyError> {
    let entropy: [u8; 16] = match seed {
        None => rand::random(),
        Some(seed) => {
            let digest = Sha3_256::digest(format!("sandbox {purpose} {seed}"));
            digest.first_chunk().copied().unwrap_or_default()
        }
    };
    Ok(Mnemonic::from_entropy(&entropy)?)
}

fn key(words: &Mnemonic) -> Result<Keypair, KeyError> {
    Ok(Keypair::from_mnemonic(Scheme::Sr25519, &words.to_string())?)
}

fn public(key: &Keypair) -> Map<String, Value> {
    let public = format!("0x{}", hex::encode(key.public()));
    let fields = [
        ("accountId", json!(public)),
        ("publicKey", json!(public)),
        ("ss58Address", json!(key.address())),
        ("cryptoType", json!(1)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Reads the address in a public key's file.
pub(super) fn read_address(path: &Path) -> Result<Ss58, String> {
    let text = fs::read(path).map_err(|error| error.to_string())?;
    let file: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    let address = file.get("ss58Address").and_then(Value::as_str).unwrap_or_default();
    ss58::decode(address).map(|public| ss58::encode(&public)).map_err(|error| error.to_string())
}
