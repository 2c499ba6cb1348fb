//! Where a process finds its identity.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use common::config::credential::Audience;

use super::{Identity, IdentityError};
use crate::private_file::{FileError, Origin};

/// The places where an identity can be, in order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lookup {
    /// systemd's directory with the unit's credentials, `$CREDENTIALS_DIRECTORY`; its `llm-age-identity` comes first.
    pub systemd: Option<PathBuf>,
    /// The file the operator names, `$MINER_AGE_IDENTITY`; if named, it must be there.
    pub explicit: Option<PathBuf>,
    /// The home's state directory, with `identity/<audience>.age-identity`.
    pub state: PathBuf,
}

impl Lookup {
    /// Returns the places that the environment and the home's state directory name.
    #[must_use]
    pub fn from_env(state: &Path) -> Self {
        let path = |name| env::var_os(name).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from);
        Self { systemd: path("CREDENTIALS_DIRECTORY"), explicit: path("MINER_AGE_IDENTITY"), state: state.into() }
    }

    /// Finds the identity of a process.
    ///
    /// # Errors
    ///
    /// If there is none, or the first one there cannot be trusted: a bad file never leads to the next place.
    pub fn find(&self, audience: Audience) -> Result<Identity, IdentityError> {
        if let Some(directory) = &self.systemd {
            match Identity::read_from(&directory.join("llm-age-identity"), Origin::Systemd) {
                Err(IdentityError::File(FileError::Missing { .. })) => {}
                found => return found,
            }
        }
        let path = self.explicit.clone().unwrap_or_else(|| default_path(&self.state, audience));
        match Identity::read(&path) {
            Err(IdentityError::File(FileError::Missing { path })) => Err(IdentityError::Missing { path }),
            found => found,
        }
    }
}

/// Returns where the home keeps the identity of a process.
pub(crate) fn default_path(state: &Path, audience: Audience) -> PathBuf {
    state.join("identity").join(format!("{}.age-identity", audience.name()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::private_file;

    #[test]
    fn systemd_precedes_the_operator_who_precedes_the_home() {
        let home = tempfile::tempdir().unwrap();
        let state = home.path().join("state");
        let in_state = put(&default_path(&state, Audience::TaskHandler));
        let explicit = put(&home.path().join("explicit"));
        let systemd = put(&home.path().join("systemd/llm-age-identity"));
        let mut lookup = Lookup { systemd: None, explicit: None, state };

        assert_eq!(lookup.find(Audience::TaskHandler).unwrap().recipient(), in_state.recipient());
        lookup.explicit = Some(home.path().join("explicit"));
        assert_eq!(lookup.find(Audience::TaskHandler).unwrap().recipient(), explicit.recipient());
        lookup.systemd = Some(home.path().join("systemd"));
        assert_eq!(lookup.find(Audience::TaskHandler).unwrap().recipient(), systemd.recipient());
    }

    #[test]
    fn systemd_without_an_identity_leaves_the_home() {
        let home = tempfile::tempdir().unwrap();
        let identity = put(&default_path(home.path(), Audience::Tracker));
        let systemd = Some(home.path().join("other-credentials"));

        let found = Lookup { systemd, explicit: None, state: home.path().into() }.find(Audience::Tracker).unwrap();

        assert_eq!(found.recipient(), identity.recipient());
    }

    #[test]
    fn a_named_file_must_be_there() {
        let home = tempfile::tempdir().unwrap();
        put(&default_path(home.path(), Audience::Tracker));
        let explicit = home.path().join("gone");

        let lookup = Lookup { systemd: None, explicit: Some(explicit.clone()), state: home.path().into() };

        assert!(matches!(lookup.find(Audience::Tracker), Err(IdentityError::Missing { path }) if path == explicit));
    }

    #[test]
    fn a_loose_file_is_refused_rather_than_passed_over() {
        let home = tempfile::tempdir().unwrap();
        put(&default_path(home.path(), Audience::Tracker));
        let loose = home.path().join("llm-age-identity");
        put(&loose);
        fs::set_permissions(&loose, fs::Permissions::from_mode(0o604)).unwrap();

        let lookup = Lookup { systemd: Some(home.path().into()), explicit: None, state: home.path().into() };

        assert!(matches!(lookup.find(Audience::Tracker), Err(IdentityError::File(FileError::Mode { .. }))));
    }

    #[test]
    fn a_missing_identity_says_how_to_make_one() {
        let home = tempfile::tempdir().unwrap();

        let lookup = Lookup { systemd: None, explicit: None, state: home.path().into() };

        let error = lookup.find(Audience::TaskHandler).unwrap_err().to_string();
        assert!(error.contains("identity/task-handler.age-identity"), "{error}");
        assert!(error.contains("minerctl credentials set"), "{error}");
    }

    fn put(path: &Path) -> Identity {
        let identity = Identity::generate();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        private_file::write_new(path, identity.to_text().as_bytes()).unwrap();
        identity
    }
}
