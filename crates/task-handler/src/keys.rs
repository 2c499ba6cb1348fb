//! The vendors' keys, opened one by one: a key that cannot be had costs only the vendors that need it.

use std::collections::BTreeMap;
use std::path::Path;

use common::config::credential::{Audience, LlmCredentials};
use common::config::miner::Vendor;
use common::id::VendorName;
use credentials::identity::Lookup;
use credentials::{CredentialError, Identity, IdentityError, open_entry};
use secrecy::SecretString;

use crate::chain::chain;

/// What came of opening the keys.
#[derive(Debug, Default)]
pub struct Keys {
    /// The keys of the vendors that have one.
    pub opened: BTreeMap<VendorName, SecretString>,
    /// The vendors whose key cannot be had, and why.
    pub problems: BTreeMap<VendorName, String>,
}

/// Why a vendor's key cannot be had.
#[derive(Debug, thiserror::Error)]
enum KeyError {
    #[error("there is no entry `{0}` in llm-credentials.json: add it with `minerctl credentials set {0}`")]
    NoEntry(String),
    #[error("entry `{0}` of llm-credentials.json is for another process: set it again for task-handler")]
    OtherAudience(String),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Credential(#[from] CredentialError),
}

/// Opens the keys that vendors name. `state` is the home's state directory, where the identity is kept.
#[must_use]
pub fn open(vendors: &BTreeMap<VendorName, Vendor>, file: &LlmCredentials, state: &Path) -> Keys {
    let lookup = Lookup::from_env(state);
    let mut keys = Keys::default();
    for (vendor, entry) in vendors.iter().filter_map(|(name, vendor)| Some((name, vendor.credential.as_ref()?))) {
        match open_one(entry, file, || lookup.find(Audience::TaskHandler)) {
            Ok(key) => {
                keys.opened.insert(vendor.clone(), key);
            }
            Err(error) => {
                keys.problems.insert(vendor.clone(), chain(&error));
            }
        }
    }
    keys
}

fn open_one(
    name: &str,
    file: &LlmCredentials,
    identity: impl FnOnce() -> Result<Identity, IdentityError>,
) -> Result<SecretString, KeyError> {
    let entry = file.entries.get(name).ok_or_else(|| KeyError::NoEntry(name.to_owned()))?;
    match entry.audience {
        Audience::TaskHandler => Ok(open_entry(name, entry, &identity()?)?),
        Audience::Tracker => Err(KeyError::OtherAudience(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use common::config::credential::CredentialEntry;
    use common::config::miner::Dialect;
    use credentials::{Keyring, seal};
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn each_vendor_gets_its_own_key_or_its_own_problem() {
        let state = tempfile::tempdir().unwrap();
        let keyring = Keyring::open(state.path()).unwrap();
        keyring.ensure(Audience::TaskHandler).unwrap();
        let recipients = keyring.recipients(Audience::TaskHandler).unwrap();
        let foreign = [Identity::generate().recipient()];
        let sealed = |audience, recipients| {
            let age = seal(&SecretString::from("sk-test-0123456789"), recipients).unwrap();
            CredentialEntry { audience, age }
        };
        let entries = [
            ("good", sealed(Audience::TaskHandler, &recipients)),
            ("foreign", sealed(Audience::TaskHandler, &foreign)),
            ("telegram", sealed(Audience::Tracker, &recipients)),
        ];
        let entries = entries.into_iter().map(|(name, entry)| (name.to_owned(), entry)).collect();
        let vendors =
            [("a", Some("good")), ("b", Some("foreign")), ("c", Some("telegram")), ("d", Some("absent")), ("e", None)];
        let vendors = vendors.into_iter().map(|(name, entry)| (name.into(), vendor(entry))).collect();

        let keys = open(&vendors, &LlmCredentials { version: 1, entries }, state.path());

        let opened: Vec<_> = keys.opened.iter().map(|(name, key)| (name.as_str(), key.expose_secret())).collect();
        assert_eq!(opened, [("a", "sk-test-0123456789")]);
        let problems: Vec<_> = keys.problems.keys().map(VendorName::as_str).collect();
        assert_eq!(problems, ["b", "c", "d"]);
        assert!(keys.problems.values().all(|problem| problem.contains("minerctl") || problem.contains("set it again")));
    }

    fn vendor(credential: Option<&str>) -> Vendor {
        let vendor = Vendor::new(Dialect::OpenaiChat, "http://127.0.0.1:1/v1");
        Vendor { credential: credential.map(Into::into), ..vendor }
    }
}
