//! All wallets of a directory, told by what stands in the clear.

use std::fs;
use std::path::Path;

use common::call::wallet::KeyPresence;
use common::id::Ss58;

use super::encryption::Encryption;
use super::{Wallet, WalletError, expand, read_up_to};

/// A wallet that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListedWallet {
    /// Its name.
    pub name: String,
    /// The coldkey's address, from `coldkeypub.txt`.
    pub coldkey: Option<Ss58>,
    /// How the coldkey is kept.
    pub coldkey_file: KeyPresence,
    /// Its hotkeys, by name.
    pub hotkeys: Vec<ListedHotkey>,
}

/// A hotkey that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListedHotkey {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: Option<Ss58>,
    /// How it is kept.
    pub file: KeyPresence,
}

/// Finds the wallets under `root`, by name. Directories without any key are left out.
///
/// # Errors
/// If `root` cannot be read; one that is not there has no wallets.
pub fn list(root: &str) -> Result<Vec<ListedWallet>, WalletError> {
    let root_path = expand(root)?;
    let mut wallets = Vec::new();
    for name in names(&root_path)? {
        let Ok(wallet) = Wallet::locate(root, &name, "default") else { continue };
        let mut hotkeys = Vec::new();
        for hotkey in names(&wallet.hotkeys_directory()).unwrap_or_default() {
            let Ok(wallet) = Wallet::locate(root, &name, &hotkey) else { continue };
            if hotkey.ends_with("pub.txt") || hotkey.ends_with(".tmp") || !wallet.hotkey_path().is_file() {
                continue;
            }
            let address = wallet.hotkeypub().or_else(|_| wallet.hotkey().map(|key| key.address())).ok();
            hotkeys.push(ListedHotkey { name: hotkey, address, file: presence(&wallet.hotkey_path()) });
        }
        let coldkey_file = presence(&wallet.coldkey_path());
        let coldkey = wallet.coldkeypub().ok();
        if coldkey.is_some() || coldkey_file != KeyPresence::Absent || !hotkeys.is_empty() {
            wallets.push(ListedWallet { name, coldkey, coldkey_file, hotkeys });
        }
    }
    Ok(wallets)
}

fn names(directory: &Path) -> Result<Vec<String>, WalletError> {
    let unreadable = |source| WalletError::Unreadable { path: directory.to_owned(), source };
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.map_err(unreadable)?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

/// Of the file only its first bytes are read, which hold no secret.
pub(super) fn presence(path: &Path) -> KeyPresence {
    let start = match read_up_to(path, 16) {
        Ok(start) => start,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return KeyPresence::Absent,
        Err(_) => return KeyPresence::Unreadable,
    };
    if Encryption::of(&start).is_some() {
        KeyPresence::Encrypted
    } else if start.trim_ascii_start().first() == Some(&b'{') {
        KeyPresence::Plain
    } else {
        KeyPresence::Unreadable
    }
}
