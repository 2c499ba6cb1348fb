//! age keys: the identity that opens a process's secrets, and the recipient they are encrypted to.

mod lookup;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::private_file::{self, FileError, Origin};
pub use lookup::Lookup;

/// More keys than rotations can leave in a file.
const MAX_KEYS: usize = 16;

/// The key or keys that open a process's secrets. The first is the current one; older ones are there while keys are rotated.
#[derive(Clone)]
pub struct Identity {
    current: age::x25519::Identity,
    older: Vec<age::x25519::Identity>,
}

impl Identity {
    /// Makes a new key.
    #[must_use]
    pub fn generate() -> Self {
        Self { current: age::x25519::Identity::generate(), older: Vec::new() }
    }

    /// Returns what secrets are encrypted to so that this identity opens them.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient(self.current.to_public())
    }

    /// Reads a file in the format of `age-keygen`, after checking that it is private.
    ///
    /// # Errors
    ///
    /// If the file cannot be trusted or has no key.
    pub fn read(path: &Path) -> Result<Self, IdentityError> {
        Self::read_from(path, Origin::Own)
    }

    fn read_from(path: &Path, origin: Origin) -> Result<Self, IdentityError> {
        let content = private_file::read(path, origin)?;
        let path = || path.to_path_buf();
        let text = std::str::from_utf8(&content).map_err(|_| IdentityError::NoKey { path: path() })?;
        if text.starts_with("age-encryption.org/") || text.starts_with("-----BEGIN AGE") {
            return Err(IdentityError::Passphrase { path: path() });
        }
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys: Result<Vec<_>, _> = lines.take(MAX_KEYS).map(age::x25519::Identity::from_str).collect();
        let mut keys = keys.map_err(|_| IdentityError::NoKey { path: path() })?.into_iter();
        let current = keys.next().ok_or_else(|| IdentityError::NoKey { path: path() })?;
        Ok(Self { current, older: keys.collect() })
    }

    /// Puts a new key before the present ones, which go on opening.
    pub(crate) fn renewed(self) -> Self {
        let older = [vec![self.current], self.older].concat();
        Self { older, ..Self::generate() }
    }

    /// Drops the older keys.
    pub(crate) fn current_only(self) -> Self {
        Self { older: Vec::new(), ..self }
    }

    /// Returns all keys, the current one first.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &age::x25519::Identity> {
        [&self.current].into_iter().chain(&self.older)
    }

    /// Returns the text of an identity file.
    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        // With room for everything, the text never moves and leaves no copy behind.
        let mut text = Zeroizing::new(String::with_capacity(256 * (1 + self.older.len())));
        for key in self.keys() {
            text.push_str("# public key: ");
            text.push_str(&key.to_public().to_string());
            text.push('\n');
            text.push_str(key.to_string().expose_secret());
            text.push('\n');
        }
        text
    }
}

/// Shows the public key only.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("recipient", &self.recipient()).finish_non_exhaustive()
    }
}

/// What a secret is encrypted to: an age X25519 public key, `age1…`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recipient(pub(crate) age::x25519::Recipient);

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Recipient {
    type Err = RecipientError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| RecipientError)
    }
}

/// The text is not a recipient.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an age recipient: `age1` and 58 more characters are expected, as `age-keygen` prints them")]
pub struct RecipientError;

/// A key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// There is no identity at any of its places.
    #[error(
        "there is no identity at {}: make one with `minerctl credentials set`, or copy the one that the secrets were \
         encrypted to there (mode 0600)",
        .path.display()
    )]
    Missing {
        /// The last place that was looked at.
        path: PathBuf,
    },
    /// The file cannot be trusted, read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no key in the file.
    #[error("{} has no age identity: a line `AGE-SECRET-KEY-1…` is expected, as `age-keygen` writes it", .path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The file is encrypted with a passphrase, which a process cannot type.
    #[error("{} is encrypted with a passphrase: decrypt it with `age -d` and keep the result private", .path.display())]
    Passphrase {
        /// The file.
        path: PathBuf,
    },
    /// There is no public key in the file.
    #[error("{} has no age recipient: write the line `age1…` there", .path.display())]
    NoRecipient {
        /// The file.
        path: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_survives_its_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("identity");
        let identity = Identity::generate().renewed();

        private_file::write_new(&path, identity.to_text().as_bytes()).unwrap();
        let read = Identity::read(&path).unwrap();

        assert_eq!(read.recipient(), identity.recipient());
        assert_eq!(read.keys().count(), 2);
    }

    #[test]
    fn a_file_of_age_keygen_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("identity");
        let text = "# created: 2026-11-22T10:00:00Z\n\
                    # public key: age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\n\
                    AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n";
        private_file::write_new(&path, text.as_bytes()).unwrap();

        let recipient = Identity::read(&path).unwrap().recipient();

        assert_eq!(recipient.to_string(), "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj");
    }

    #[test]
    fn files_without_a_key_say_what_is_expected() {
        let directory = tempfile::tempdir().unwrap();

        for (index, text) in ["", "# nothing\n", "AGE-SECRET-KEY-1BROKEN", "age1public"].iter().enumerate() {
            let path = directory.path().join(index.to_string());
            private_file::write_new(&path, text.as_bytes()).unwrap();

            let error = Identity::read(&path).unwrap_err();

            assert!(matches!(error, IdentityError::NoKey { .. }), "{error}");
        }
    }

    #[test]
    fn a_passphrase_file_is_recognised() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("identity");
        private_file::write_new(&path, b"age-encryption.org/v1\n-> scrypt").unwrap();

        assert!(matches!(Identity::read(&path), Err(IdentityError::Passphrase { .. })));
    }

    #[test]
    fn the_key_is_never_shown() {
        let identity = Identity::generate();

        assert!(!format!("{identity:?}").contains("SECRET"));
    }

    #[test]
    fn only_recipients_are_recipients() {
        let recipient = Identity::generate().recipient();

        assert_eq!(recipient.to_string().parse(), Ok(recipient));
        assert_eq!("age1qqqq".parse::<Recipient>(), Err(RecipientError));
        assert_eq!("ssh-ed25519 AAAA".parse::<Recipient>(), Err(RecipientError));
    }
}
