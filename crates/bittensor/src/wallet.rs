//! A wallet directory as `btcli` and the SDKs write it: found, read in every format, written in today's.

mod encryption;
mod inspect;
mod keyfile;
mod list;
mod secret;
mod write;

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use common::id::Ss58;
use zeroize::Zeroizing;

use crate::keys::{Keypair, Scheme};
use keyfile::Opened;

pub use encryption::{Encryption, Seal};
pub use inspect::Inspection;
pub use keyfile::KeyfileError;
pub use list::{ListedHotkey, ListedWallet, list};
pub use secret::KeySecret;
pub use write::Protection;

/// A key file has less than 1 KiB, an old encrypted one less than 4.
const MAX_FILE: u64 = 64 * 1024;

/// The files of one wallet and one of its hotkeys.
#[derive(Clone, Debug)]
pub struct Wallet {
    directory: PathBuf,
    hotkey: String,
}

/// A wallet's key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// A name would lead out of the wallet's directory.
    #[error("the {what} name {name:?} is not a file name: name it as btcli does, without its path")]
    Name {
        /// `wallet` or `hotkey`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// `~` stands for nothing.
    #[error("the wallet path starts with ~/, but there is no home directory: write the whole path")]
    NoHome,
    /// The file is not there.
    #[error("{}: no such file: create the key with btcli, or correct the wallet's path, name or hotkey", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("{}: cannot be read: give the file to the user that runs the miner", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Others can get at the file, or replace it.
    #[error("{}: mode {mode:04o}: others on this host can get at the key: chmod {fix} '{}'", path.display(), path.display())]
    Loose {
        /// The file or its directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// What `chmod` should be told.
        fix: &'static str,
    },
    /// There is such a key already.
    #[error("{}: there is a key already, which is not overwritten: move it away first", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be written.
    #[error("{}: cannot be written", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file's content is of no use.
    #[error("{}", path.display())]
    Keyfile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeyfileError,
    },
}

impl Wallet {
    /// Names the files of a wallet; none is read yet. A `root` that starts with `~/` is in the home directory.
    ///
    /// # Errors
    /// If a name is not a plain file name, or there is no home directory to stand for `~`.
    pub fn locate(root: &str, name: &str, hotkey: &str) -> Result<Self, WalletError> {
        for (what, name) in [("wallet", name), ("hotkey", hotkey)] {
            if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
                return Err(WalletError::Name { what, name: name.to_owned() });
            }
        }
        Ok(Self { directory: expand(root)?.join(name), hotkey: hotkey.to_owned() })
    }

    /// Reads the hotkey.
    ///
    /// # Errors
    /// If it is missing, open to others, encrypted, damaged or contradicts itself.
    pub fn hotkey(&self) -> Result<Keypair, WalletError> {
        let path = self.hotkey_path();
        refuse_loose(&path)?;
        let content = read(&path)?;
        keyfile::keypair(&content).map_err(|source| WalletError::Keyfile { path, source })
    }

    /// Decrypts the coldkey, which takes seconds and 512 MiB of memory. A file that is not encrypted needs no password.
    ///
    /// # Errors
    /// If it is missing, open to others or damaged, the password is wrong, or `coldkeypub.txt` has another key's address.
    pub fn coldkey(&self, password: &[u8]) -> Result<Keypair, WalletError> {
        let path = self.coldkey_path();
        let keypair = open(&path, password)?.keypair;
        match self.coldkeypub() {
            Ok(stated) if stated != keypair.address() => {
                let source = KeyfileError::Contradiction { stated: stated.to_string(), actual: keypair.address() };
                Err(WalletError::Keyfile { path: self.coldkeypub_path(), source })
            }
            Ok(_) | Err(WalletError::Missing { .. }) => Ok(keypair),
            Err(error) => Err(error),
        }
    }

    /// Reads the coldkey's address.
    ///
    /// # Errors
    /// If `coldkeypub.txt` is missing or damaged.
    pub fn coldkeypub(&self) -> Result<Ss58, WalletError> {
        read_address(self.coldkeypub_path())
    }

    fn hotkeypub(&self) -> Result<Ss58, WalletError> {
        read_address(self.hotkeypub_path())
    }

    fn coldkey_path(&self) -> PathBuf {
        self.directory.join("coldkey")
    }

    fn coldkeypub_path(&self) -> PathBuf {
        self.directory.join("coldkeypub.txt")
    }

    fn hotkeys_directory(&self) -> PathBuf {
        self.directory.join("hotkeys")
    }

    fn hotkey_path(&self) -> PathBuf {
        self.hotkeys_directory().join(&self.hotkey)
    }

    fn hotkeypub_path(&self) -> PathBuf {
        self.hotkeys_directory().join(format!("{}pub.txt", self.hotkey))
    }
}

/// Reads a key file in any format, after checking that it is private.
///
/// # Errors
/// If it is missing, open to others or damaged, or the password is wrong.
pub fn import(path: &Path, password: &[u8]) -> Result<(KeySecret, Scheme), WalletError> {
    let opened = open(path, password)?;
    Ok((opened.secret, opened.keypair.scheme()))
}

/// Whether a key file needs a password.
///
/// # Errors
/// If it cannot be read.
pub fn is_encrypted(path: &Path) -> Result<bool, WalletError> {
    Ok(Encryption::of(&read(path)?).is_some())
}

fn open(path: &Path, password: &[u8]) -> Result<Opened, WalletError> {
    refuse_loose(path)?;
    let content = read(path)?;
    keyfile::open(&content, password).map_err(|source| WalletError::Keyfile { path: path.to_owned(), source })
}

/// Puts the home directory in place of `~`.
fn expand(root: &str) -> Result<PathBuf, WalletError> {
    Ok(match root.strip_prefix("~/") {
        Some(inside) => std::env::home_dir().ok_or(WalletError::NoHome)?.join(inside),
        None => PathBuf::from(root),
    })
}

/// A secret that others can read is no secret, and one that they can replace is not ours.
fn refuse_loose(path: &Path) -> Result<(), WalletError> {
    let directory = path.parent().unwrap_or(Path::new("."));
    // What cannot be looked at is found out on reading.
    let mode = |path: &Path| path.metadata().map_or(0, |metadata| metadata.mode() & 0o7777);
    let (file, around) = (mode(path), mode(directory));
    if file & 0o077 != 0 {
        return Err(WalletError::Loose { path: path.to_owned(), mode: file, fix: "600" });
    }
    // In a directory like /tmp others may write, but not replace what is not theirs.
    if around & 0o022 != 0 && around & 0o1000 == 0 {
        return Err(WalletError::Loose { path: directory.to_owned(), mode: around, fix: "go-w" });
    }
    Ok(())
}

fn read_address(path: PathBuf) -> Result<Ss58, WalletError> {
    let content = read(&path)?;
    keyfile::address(&content).map_err(|source| WalletError::Keyfile { path, source })
}

/// Reads a small file. What was read is overwritten in memory when it is dropped.
fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, WalletError> {
    read_up_to(path, MAX_FILE).map_err(|source| {
        if source.kind() == std::io::ErrorKind::NotFound {
            WalletError::Missing { path: path.to_owned() }
        } else {
            WalletError::Unreadable { path: path.to_owned(), source }
        }
    })
}

fn read_up_to(path: &Path, limit: u64) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    let size = file.metadata()?.len().min(limit);
    // Room for all of it from the start: growing would leave copies behind.
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0).saturating_add(1)));
    file.take(size).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_lead_out_of_the_directory() {
        for name in ["", ".", "..", "../other", "a/b", ".hidden", "a\\b"] {
            assert!(matches!(Wallet::locate("/w", name, "default"), Err(WalletError::Name { what: "wallet", .. })));
            assert!(matches!(Wallet::locate("/w", "miner", name), Err(WalletError::Name { what: "hotkey", .. })));
        }
    }

    #[test]
    fn a_tilde_is_the_home_directory() {
        let wallet = Wallet::locate("~/.bittensor/wallets", "miner", "default").unwrap();

        assert!(wallet.directory.ends_with(".bittensor/wallets/miner"));
        assert!(!wallet.directory.starts_with("~"));
    }

    #[test]
    fn a_missing_wallet_is_told_apart_from_a_broken_one() {
        let wallet = Wallet::locate("/nowhere", "miner", "default").unwrap();

        assert!(matches!(wallet.hotkey(), Err(WalletError::Missing { .. })));
        assert!(matches!(wallet.coldkeypub(), Err(WalletError::Missing { .. })));
    }
}
