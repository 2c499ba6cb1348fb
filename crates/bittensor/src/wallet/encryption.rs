//! How key files are encrypted: recognised, opened, and sealed as today's tools do.

mod ansible;
mod fernet;
mod nacl;

use std::fmt;

use zeroize::Zeroizing;

use super::keyfile::KeyfileError;

pub use nacl::Seal;

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
        [(nacl::START, Self::Nacl), (ansible::START, Self::Ansible), (fernet::START, Self::Fernet)]
            .into_iter()
            .find_map(|(start, encryption)| content.starts_with(start).then_some(encryption))
    }

    /// Decrypts. Takes seconds, and with NaCl 512 MiB of memory for as long.
    pub(super) fn open(self, content: &[u8], password: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyfileError> {
        match self {
            Self::Nacl => nacl::open(content, password),
            Self::Ansible => ansible::open(content, password),
            Self::Fernet => fernet::open(content, password),
        }
    }

    /// What is answered where a wrong password and a damaged file look the same.
    fn wrong(self) -> KeyfileError {
        KeyfileError::WrongPassword(self)
    }

    /// What is answered for content that no password opens.
    fn damaged(self) -> KeyfileError {
        KeyfileError::Ciphertext(self)
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
