//! Writes key files as today's tools do: private from the start, at once or not at all, and never over another key.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use common::id::Ss58;

use super::encryption::Seal;
use super::secret::{KeySecret, public_file};
use super::{KeyfileError, Wallet, WalletError, read_address};
use crate::keys::Scheme;
use crate::ss58;

/// How a secret is kept on the disk.
#[derive(Clone, Copy)]
pub enum Protection<'a> {
    /// Behind a password.
    Password(Seal<'a>),
    /// In the clear, readable by its owner: what a hotkey is, and a coldkey should not be.
    Plain,
}

impl Wallet {
    /// Writes the coldkey and `coldkeypub.txt`, and returns its address.
    ///
    /// # Errors
    /// If there is a coldkey, or the address of another one; if the secret is none; if the files cannot be written.
    pub fn write_coldkey(
        &self,
        secret: &KeySecret,
        scheme: Scheme,
        protection: Protection<'_>,
    ) -> Result<Ss58, WalletError> {
        write(&self.coldkey_path(), &self.coldkeypub_path(), secret, scheme, protection)
    }

    /// Writes the hotkey and its public file, and returns its address.
    ///
    /// # Errors
    /// As for a coldkey.
    pub fn write_hotkey(
        &self,
        secret: &KeySecret,
        scheme: Scheme,
        protection: Protection<'_>,
    ) -> Result<Ss58, WalletError> {
        write(&self.hotkey_path(), &self.hotkeypub_path(), secret, scheme, protection)
    }

    /// Writes `coldkeypub.txt` alone: enough to watch a wallet whose coldkey is somewhere else.
    ///
    /// # Errors
    /// If there is one with another address, or it cannot be written.
    pub fn write_coldkeypub(&self, address: &Ss58, scheme: Scheme) -> Result<(), WalletError> {
        let path = self.coldkeypub_path();
        let public = ss58::decode(address.as_str()).map_err(|_| {
            let source = KeyfileError::Damaged { field: "ss58Address" };
            WalletError::Keyfile { path: path.clone(), source }
        })?;
        refuse_another(&path, address)?;
        publish(&path, &public_file(&public, scheme))
    }
}

/// The secret comes first: after a crash between the two nothing is lost, while an address without its key could be paid.
fn write(
    path: &Path,
    public_path: &Path,
    secret: &KeySecret,
    scheme: Scheme,
    protection: Protection<'_>,
) -> Result<Ss58, WalletError> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(WalletError::Exists { path: path.to_owned() });
    }
    let keyfile = |source| WalletError::Keyfile { path: path.to_owned(), source };
    let (plain, keypair) =
        secret.key_file(scheme).map_err(|source| keyfile(KeyfileError::Secret { field: "secret", source }))?;
    let address = keypair.address();
    refuse_another(public_path, &address)?;
    match protection {
        Protection::Password(seal) => publish_new(path, &seal.close(&plain).map_err(keyfile)?)?,
        Protection::Plain => publish_new(path, &plain)?,
    }
    publish(public_path, &public_file(&keypair.public(), scheme))?;
    Ok(address)
}

/// A public file that is there already must be of the same key.
fn refuse_another(public_path: &Path, address: &Ss58) -> Result<(), WalletError> {
    match read_address(public_path.to_owned()) {
        Ok(stated) if stated == *address => Ok(()),
        Err(WalletError::Missing { .. }) => Ok(()),
        Err(error @ WalletError::Unreadable { .. }) => Err(error),
        Ok(_) | Err(_) => Err(WalletError::Exists { path: public_path.to_owned() }),
    }
}

fn publish_new(path: &Path, content: &[u8]) -> Result<(), WalletError> {
    draft(path, content, |draft| draft.persist_noclobber(path).map_err(|error| error.error))
}

fn publish(path: &Path, content: &[u8]) -> Result<(), WalletError> {
    draft(path, content, |draft| draft.persist(path).map_err(|error| error.error))
}

/// Writes a draft beside the file, gets it to the disk, and lets `name` give it its name.
fn draft(
    path: &Path,
    content: &[u8],
    name: impl FnOnce(tempfile::NamedTempFile) -> io::Result<File>,
) -> Result<(), WalletError> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let written = (|| {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        // Readable by its owner only from the start, and gone if anything fails.
        let mut draft = tempfile::Builder::new().prefix(".").suffix(".tmp").tempfile_in(directory)?;
        draft.write_all(content)?;
        draft.as_file().sync_all()?;
        name(draft)?;
        File::open(directory)?.sync_all()
    })();
    written.map_err(|source: io::Error| {
        if source.kind() == io::ErrorKind::AlreadyExists {
            WalletError::Exists { path: path.to_owned() }
        } else {
            WalletError::Unwritable { path: path.to_owned(), source }
        }
    })
}
