//! The keys of this machine, in `<home>/state/identity/`:
//!
//! | file | what it is |
//! |---|---|
//! | `<audience>.age-identity` | the key that opens a process's secrets |
//! | `<audience>.recipient` | its public key; alone, if the identity is kept elsewhere (systemd, another user) |
//! | `recovery.age-identity` | the recovery key as it was made: to be moved off this machine |
//! | `recovery.recipient` | its public key, which every secret is encrypted to as well |

use std::path::{Path, PathBuf};

use common::config::credential::{Audience, CredentialEntry, LlmCredentials};

use crate::identity::{Identity, IdentityError, Recipient};
use crate::private_file::{self, FileError, Origin};
use crate::sealed::{CredentialError, open_entry, seal};

/// The directory with the keys of this machine.
#[derive(Clone, Debug)]
pub struct Keyring {
    directory: PathBuf,
}

impl Keyring {
    /// Opens the keyring in a home's state directory, making the directory if there is none.
    ///
    /// # Errors
    ///
    /// If the directory cannot be made or is open to others.
    pub fn open(state: &Path) -> Result<Self, IdentityError> {
        let directory = state.join("identity");
        private_file::prepare_directory(&directory)?;
        Ok(Self { directory })
    }

    /// Returns the process's recipient, making its identity if there is neither an identity nor a recipient.
    ///
    /// # Errors
    ///
    /// If a file cannot be trusted, read or written.
    pub fn ensure(&self, audience: Audience) -> Result<Recipient, IdentityError> {
        if let Some(recipient) = self.recipient(audience)? {
            return Ok(recipient);
        }
        match private_file::write_new(&self.identity_path(audience), Identity::generate().to_text().as_bytes()) {
            // Another command was faster: its key is as good.
            Ok(()) | Err(FileError::Exists { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let recipient = Identity::read(&self.identity_path(audience))?.recipient();
        self.publish(audience.name(), &recipient)?;
        Ok(recipient)
    }

    /// Returns what a secret for the process is encrypted to: the process, and the recovery key if there is one.
    ///
    /// # Errors
    ///
    /// If the process has no key yet, or a file cannot be trusted.
    pub fn recipients(&self, audience: Audience) -> Result<Vec<Recipient>, IdentityError> {
        let missing = || IdentityError::Missing { path: self.identity_path(audience) };
        let own = self.recipient(audience)?.ok_or_else(missing)?;
        Ok([Some(own), self.recovery()?].into_iter().flatten().collect())
    }

    /// Gives the process a new key: encrypts its entries to it, hands the new file to `save`, and then forgets the old key.
    ///
    /// Killed at any point, the identity opens whatever file there is: until the new file is saved, it has both keys.
    ///
    /// # Errors
    ///
    /// If an entry cannot be opened (then nothing has changed), or a file cannot be written.
    pub fn rotate(
        &self,
        audience: Audience,
        file: &LlmCredentials,
        save: impl FnOnce(&LlmCredentials) -> Result<(), FileError>,
    ) -> Result<(), CredentialError> {
        let path = self.identity_path(audience);
        let both = Identity::read(&path)?.renewed();
        let recipients: Vec<_> = [Some(both.recipient()), self.recovery()?].into_iter().flatten().collect();
        let mut renewed = file.clone();
        for (name, entry) in renewed.entries.iter_mut().filter(|(_, entry)| entry.audience == audience) {
            let secret = open_entry(name, entry, &both)?;
            *entry = CredentialEntry { audience, age: seal(&secret, &recipients)? };
        }
        private_file::replace(&path, both.to_text().as_bytes())?;
        self.publish(audience.name(), &both.recipient())?;
        save(&renewed)?;
        private_file::replace(&path, both.current_only().to_text().as_bytes())?;
        Ok(())
    }

    /// Returns the recovery recipient, if there is one.
    ///
    /// # Errors
    ///
    /// If the file cannot be trusted or read.
    pub fn recovery(&self) -> Result<Option<Recipient>, IdentityError> {
        self.published("recovery")
    }

    /// Uses a recovery key that was made elsewhere, in place of any before. Entries are encrypted to it from now on.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn set_recovery(&self, recipient: &Recipient) -> Result<(), IdentityError> {
        self.publish("recovery", recipient)
    }

    /// Makes a recovery key and returns the file with it: the operator must move it to a safe place off this machine.
    ///
    /// # Errors
    ///
    /// If there is one already, or a file cannot be written.
    pub fn make_recovery(&self) -> Result<PathBuf, IdentityError> {
        let recipient = self.directory.join("recovery.recipient");
        if self.recovery()?.is_some() {
            return Err(FileError::Exists { path: recipient }.into());
        }
        let path = self.directory.join("recovery.age-identity");
        let identity = Identity::generate();
        private_file::write_new(&path, identity.to_text().as_bytes())?;
        self.publish("recovery", &identity.recipient())?;
        Ok(path)
    }

    /// Returns where the identity of a process is kept.
    #[must_use]
    pub fn identity_path(&self, audience: Audience) -> PathBuf {
        self.directory.join(format!("{}.age-identity", audience.name()))
    }

    /// Returns the recipient of the identity that is here, or else the one that was left here for an identity elsewhere.
    fn recipient(&self, audience: Audience) -> Result<Option<Recipient>, IdentityError> {
        match Identity::read(&self.identity_path(audience)) {
            Ok(identity) => Ok(Some(identity.recipient())),
            Err(IdentityError::File(FileError::Missing { .. })) => self.published(audience.name()),
            Err(error) => Err(error),
        }
    }

    fn published(&self, name: &str) -> Result<Option<Recipient>, IdentityError> {
        let path = self.directory.join(format!("{name}.recipient"));
        let content = match private_file::read(&path, Origin::Own) {
            Ok(content) => content,
            Err(FileError::Missing { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let recipient = std::str::from_utf8(&content).ok().and_then(|text| text.trim().parse().ok());
        recipient.map(Some).ok_or(IdentityError::NoRecipient { path })
    }

    fn publish(&self, name: &str, recipient: &Recipient) -> Result<(), IdentityError> {
        let path = self.directory.join(format!("{name}.recipient"));
        Ok(private_file::replace(&path, format!("{recipient}\n").as_bytes())?)
    }
}

#[cfg(test)]
mod tests;
