//! Calls of wallet-manager.

use serde::{Deserialize, Serialize};

use super::calls;
use super::status::ProcessStatus;
use crate::id::Ss58;

calls! {
    /// Everything wallet-manager can be asked on either of its sockets, for now.
    WalletCall {
        /// See [`WalletStatusQuery`].
        WalletStatusQuery => WalletStatus,
    }
}

/// Asks for the wallet's state.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WalletStatusQuery {}

/// What is known of the configured wallet without opening any key.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WalletStatus {
    /// The shared part.
    pub process: ProcessStatus,
    /// The wallet's name.
    pub name: String,
    /// The coldkey's address, from `coldkeypub.txt`.
    pub coldkey: Option<Ss58>,
    /// Whether the coldkey itself is on this host, and how it is kept.
    pub coldkey_file: KeyPresence,
    /// The hotkey's name.
    pub hotkey_name: String,
    /// The hotkey's address.
    pub hotkey: Option<Ss58>,
    /// Whether the hotkey is on this host, and how it is kept.
    pub hotkey_file: KeyPresence,
    /// What is wrong with the wallet's files; empty when all is well.
    pub findings: Vec<Finding>,
}

/// Whether a key file is there, and how it is kept.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPresence {
    /// No file.
    Absent,
    /// A readable key.
    Plain,
    /// A key behind a password.
    Encrypted,
    /// Something that is no key, or cannot be read.
    Unreadable,
}

/// Something wrong with one of the wallet's files.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The file or directory.
    pub path: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub fix: String,
}
