//! Encrypting secrets to recipients, and opening them with an identity.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::{DecryptError, Decryptor, Encryptor};
use common::config::credential::{Audience, CredentialEntry, LlmCredentials};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::identity::{Identity, IdentityError, Recipient};
use crate::private_file::FileError;
use crate::secret_check::{SecretError, check_secret};

/// Larger than any secret that [`check_secret`] takes.
const MAX_SECRET_BYTES: u64 = 8 * 1024;

/// Encrypts a secret so that each of the recipients can open it; the result is an armored age file.
///
/// # Errors
///
/// If the secret is not one that is taken, or there is no recipient.
pub fn seal(secret: &SecretString, recipients: &[Recipient]) -> Result<String, CredentialError> {
    check_secret(secret).map_err(CredentialError::Secret)?;
    let recipients = recipients.iter().map(|recipient| &recipient.0 as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(recipients).map_err(|_| CredentialError::NoRecipient)?;
    let mut armored = Vec::new();
    let written = (|| {
        let armor = ArmoredWriter::wrap_output(&mut armored, Format::AsciiArmor)?;
        let mut writer = encryptor.wrap_output(armor)?;
        writer.write_all(secret.expose_secret().as_bytes())?;
        writer.finish()?.finish()
    })();
    written.map_err(CredentialError::Encrypt)?;
    String::from_utf8(armored).map_err(|_| CredentialError::Armor)
}

/// Opens all entries that are for `audience`, by name.
///
/// # Errors
///
/// The first entry that cannot be opened, with what to do about it.
pub fn open_for(
    audience: Audience,
    file: &LlmCredentials,
    identity: &Identity,
) -> Result<BTreeMap<String, SecretString>, CredentialError> {
    let entries = file.entries.iter().filter(|(_, entry)| entry.audience == audience);
    entries.map(|(name, entry)| Ok((name.clone(), open_entry(name, entry, identity)?))).collect()
}

/// Opens one entry.
///
/// # Errors
///
/// If it is damaged, encrypted to somebody else, or no secret that is taken.
pub fn open_entry(name: &str, entry: &CredentialEntry, identity: &Identity) -> Result<SecretString, CredentialError> {
    let damaged = || CredentialError::Damaged { name: name.into() };
    let opened = Decryptor::new_buffered(ArmoredReader::new(entry.age.as_bytes()))
        .and_then(|decryptor| decryptor.decrypt(identity.keys().map(|key| key as &dyn age::Identity)));
    let reader = match opened {
        Ok(reader) => reader,
        Err(DecryptError::NoMatchingKeys) => {
            return Err(CredentialError::WrongIdentity { name: name.into(), audience: entry.audience.name() });
        }
        Err(_) => return Err(damaged()),
    };
    // With room for everything, the buffer never moves and leaves no copy behind.
    let mut content = Zeroizing::new(Vec::with_capacity(MAX_SECRET_BYTES as usize));
    reader.take(MAX_SECRET_BYTES).read_to_end(&mut content).map_err(|_| damaged())?;
    let text = std::str::from_utf8(&content).map_err(|_| damaged())?;
    let secret = SecretString::from(text);
    check_secret(&secret).map_err(|problem| CredentialError::Content { name: name.into(), problem })?;
    Ok(secret)
}

/// A secret cannot be encrypted or opened.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The secret is not one that is taken.
    #[error(transparent)]
    Secret(SecretError),
    /// There is nobody to encrypt to.
    #[error("there is no recipient to encrypt to")]
    NoRecipient,
    /// age could not encrypt.
    #[error("the secret could not be encrypted")]
    Encrypt(#[source] std::io::Error),
    /// age made something that is no text.
    #[error("the encrypted secret is no text")]
    Armor,
    /// Encrypted to another key.
    #[error(
        "entry `{name}` of llm-credentials.json is not encrypted to the identity of {audience}: set it again with \
         `minerctl credentials set {name}`, or restore the identity it was encrypted to"
    )]
    WrongIdentity {
        /// The entry.
        name: String,
        /// The process it is for.
        audience: &'static str,
    },
    /// Changed or cut off since it was encrypted.
    #[error(
        "entry `{name}` of llm-credentials.json is damaged: set it again with `minerctl credentials set {name}`, or \
         restore the file from a backup"
    )]
    Damaged {
        /// The entry.
        name: String,
    },
    /// Opened, but not a secret that is taken.
    #[error("entry `{name}` of llm-credentials.json cannot be used: {problem}")]
    Content {
        /// The entry.
        name: String,
        /// Why not.
        problem: SecretError,
    },
    /// A key cannot be had.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_back_as_it_was() {
        let identity = Identity::generate();
        let file = file(&[("openai", Audience::TaskHandler, sealed("sk-1", &identity))]);

        let opened = open_for(Audience::TaskHandler, &file, &identity).unwrap();

        assert_eq!(opened["openai"].expose_secret(), "sk-1");
    }

    #[test]
    fn what_is_stored_is_an_armored_age_file() {
        let armored = sealed("sk-1", &Identity::generate());

        assert!(armored.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"), "{armored}");
        assert!(!armored.contains("sk-1"));
    }

    #[test]
    fn the_recovery_key_opens_too() {
        let (service, recovery) = (Identity::generate(), Identity::generate());
        let age = seal(&"sk-1".into(), &[service.recipient(), recovery.recipient()]).unwrap();
        let entry = CredentialEntry { audience: Audience::TaskHandler, age };

        for identity in [service, recovery] {
            assert_eq!(open_entry("openai", &entry, &identity).unwrap().expose_secret(), "sk-1");
        }
    }

    #[test]
    fn a_process_opens_only_its_own_entries() {
        let (handler, tracker) = (Identity::generate(), Identity::generate());
        let file = file(&[
            ("openai", Audience::TaskHandler, sealed("sk-1", &handler)),
            ("telegram", Audience::Tracker, sealed("1:bot", &tracker)),
        ]);

        let opened = open_for(Audience::Tracker, &file, &tracker).unwrap();

        assert_eq!(opened.keys().collect::<Vec<_>>(), ["telegram"]);
    }

    #[test]
    fn a_foreign_identity_opens_nothing_and_is_told_so() {
        let file = file(&[("openai", Audience::TaskHandler, sealed("sk-1", &Identity::generate()))]);

        let error = open_for(Audience::TaskHandler, &file, &Identity::generate()).unwrap_err();

        assert!(matches!(&error, CredentialError::WrongIdentity { name, .. } if name == "openai"), "{error}");
        assert!(error.to_string().contains("minerctl credentials set openai"), "{error}");
    }

    #[test]
    fn an_older_key_still_opens() {
        let old = Identity::generate();
        let file = file(&[("openai", Audience::TaskHandler, sealed("sk-1", &old))]);

        assert!(open_for(Audience::TaskHandler, &file, &old.clone().renewed()).is_ok());
        assert!(open_for(Audience::TaskHandler, &file, &old.renewed().current_only()).is_err());
    }

    #[test]
    fn every_change_to_a_sealed_secret_is_noticed() {
        let identity = Identity::generate();
        let good = sealed("sk-1", &identity);

        for index in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            let entry = CredentialEntry { audience: Audience::TaskHandler, age: String::from_utf8(bytes).unwrap() };

            assert!(open_entry("openai", &entry, &identity).is_err(), "byte {index}");
        }
    }

    #[test]
    fn what_is_no_age_file_is_damaged() {
        let identity = Identity::generate();
        let good = sealed("sk-1", &identity);

        for age in ["", "sk-plain-text", &good[..good.len() / 2], "-----BEGIN AGE ENCRYPTED FILE-----\n"] {
            let entry = CredentialEntry { audience: Audience::TaskHandler, age: age.into() };
            let error = open_entry("openai", &entry, &identity).unwrap_err();

            assert!(matches!(&error, CredentialError::Damaged { name } if name == "openai"), "{error}");
            assert!(!error.to_string().contains("plain"), "{error}");
        }
    }

    #[test]
    fn a_secret_that_is_not_taken_is_not_sealed() {
        let error = seal(&"sk-ant-oat01-x".into(), &[Identity::generate().recipient()]).unwrap_err();

        assert!(matches!(error, CredentialError::Secret(SecretError::Subscription(_))), "{error}");
    }

    #[test]
    fn a_secret_sealed_by_hand_is_checked_when_opened() {
        let identity = Identity::generate();
        let age = age::encrypt_and_armor(&identity.recipient().0, b"sk-1\n").unwrap();
        let entry = CredentialEntry { audience: Audience::TaskHandler, age };

        let error = open_entry("openai", &entry, &identity).unwrap_err();

        assert!(matches!(error, CredentialError::Content { problem: SecretError::Whitespace, .. }), "{error}");
    }

    #[test]
    fn there_is_no_sealing_to_nobody() {
        assert!(matches!(seal(&"sk-1".into(), &[]), Err(CredentialError::NoRecipient)));
    }

    fn sealed(secret: &str, identity: &Identity) -> String {
        seal(&secret.into(), &[identity.recipient()]).unwrap()
    }

    fn file(entries: &[(&str, Audience, String)]) -> LlmCredentials {
        let entries = entries
            .iter()
            .map(|(name, audience, age)| ((*name).into(), CredentialEntry { audience: *audience, age: age.clone() }));
        LlmCredentials { version: 1, entries: entries.collect() }
    }
}
