//! `MINER_HOME`: where configuration, state, sockets and logs are.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The socket names of the suite.
const SOCKETS: [&str; 5] = ["miner-daemon", "task-handler", "tracker", "wallet", "wallet-admin"];

/// The longest path of a Unix socket on Linux, without the closing NUL.
pub(crate) const SOCKET_PATH_LIMIT: usize = 107;

/// The directory that everything of one miner is under.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Home {
    root: PathBuf,
}

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The file system refused.
    #[error("{path} cannot be prepared")]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something else has the directory's name.
    #[error("{path} is not a directory: move it away")]
    NotADirectory {
        /// The path.
        path: PathBuf,
    },
    /// Another user could change or replace what is in it.
    #[error(
        "{path} belongs to user {owner}, but this process runs as user {own}: give it away with chown, or start as its owner"
    )]
    Owner {
        /// The directory.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The user of this process.
        own: u32,
    },
    /// Other users could look or write into it.
    #[error("{path} is open to other users (mode {mode:03o}): run chmod 700 {path}")]
    Loose {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Unix sockets have short paths.
    #[error("{path} is longer than the {SOCKET_PATH_LIMIT} bytes a socket's path may have: choose a shorter home")]
    TooLong {
        /// The longest socket path.
        path: PathBuf,
    },
}

impl Home {
    /// Names a home; nothing is touched.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Returns the home itself.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.root.clone()
    }

    /// Returns where the configuration files are.
    #[must_use]
    pub fn config_dir(&self) -> PathBuf {
        self.root.join("config")
    }

    /// Returns where databases and identities are.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        self.root.join("state")
    }

    /// Returns where sockets and locks are.
    #[must_use]
    pub fn run_dir(&self) -> PathBuf {
        self.root.join("run")
    }

    /// Returns where log files are.
    #[must_use]
    pub fn logs_dir(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Returns the path of a socket, such as that of `task-handler`.
    #[must_use]
    pub fn socket(&self, name: &str) -> PathBuf {
        self.run_dir().join(format!("{name}.sock"))
    }

    /// Makes the directories that daemons write to, for this user only.
    ///
    /// # Errors
    /// A directory cannot be made, is not ours, or is open to others; or socket paths would be too long.
    pub fn prepare(&self) -> Result<(), HomeError> {
        for name in SOCKETS {
            let path = self.socket(name);
            if path.as_os_str().len() > SOCKET_PATH_LIMIT {
                return Err(HomeError::TooLong { path });
            }
        }
        // A checkout has logs/ with the modes of the umask: ours to tighten.
        private_dir(&self.logs_dir(), PRIVATE, Loose::Tightened)?;
        private_dir(&self.state_dir(), PRIVATE, Loose::Refused)?;
        // A group may enter, so that users in daemons.allowed_uids reach the sockets; it may not replace them.
        private_dir(&self.run_dir(), PRIVATE & !ENTER, Loose::Refused)
    }
}

/// Permission bits of everybody else.
const PRIVATE: u32 = 0o077;
/// Permission bits of a group that may look into a directory and enter it.
const ENTER: u32 = 0o050;

/// What is done about a directory that is too open.
#[derive(Clone, Copy)]
enum Loose {
    Refused,
    Tightened,
}

fn private_dir(path: &Path, forbidden: u32, loose: Loose) -> Result<(), HomeError> {
    let io_error = |source| HomeError::Io { path: path.to_owned(), source };
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    if path.exists() && !path.is_dir() {
        return Err(HomeError::NotADirectory { path: path.to_owned() });
    }
    let metadata = made.and_then(|()| fs::metadata(path)).map_err(io_error)?;
    let own = rustix::process::geteuid().as_raw();
    if metadata.uid() != own {
        return Err(HomeError::Owner { path: path.to_owned(), owner: metadata.uid(), own });
    }
    let mode = metadata.mode() & 0o777;
    match (mode & forbidden, loose) {
        (0, _) => Ok(()),
        (_, Loose::Tightened) => fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(io_error),
        (_, Loose::Refused) => Err(HomeError::Loose { path: path.to_owned(), mode }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_made_private() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().to_owned());

        home.prepare().unwrap();

        for path in [home.state_dir(), home.run_dir(), home.logs_dir()] {
            assert_eq!(fs::metadata(path).unwrap().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn preparing_twice_is_harmless() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().to_owned());

        home.prepare().unwrap();

        assert!(home.prepare().is_ok());
    }

    #[test]
    fn a_loose_state_directory_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().to_owned());
        home.prepare().unwrap();
        fs::set_permissions(home.state_dir(), Permissions::from_mode(0o755)).unwrap();

        let error = home.prepare().unwrap_err();

        assert!(matches!(error, HomeError::Loose { mode: 0o755, .. }), "{error}");
    }

    #[test]
    fn a_group_may_reach_the_sockets_but_not_replace_them() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().to_owned());
        home.prepare().unwrap();

        fs::set_permissions(home.run_dir(), Permissions::from_mode(0o750)).unwrap();
        let enter = home.prepare();
        fs::set_permissions(home.run_dir(), Permissions::from_mode(0o770)).unwrap();
        let replace = home.prepare();

        assert!(enter.is_ok(), "{enter:?}");
        assert!(matches!(replace, Err(HomeError::Loose { mode: 0o770, .. })), "{replace:?}");
    }

    #[test]
    fn a_loose_log_directory_is_tightened() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().to_owned());
        fs::create_dir(home.logs_dir()).unwrap();
        fs::set_permissions(home.logs_dir(), Permissions::from_mode(0o755)).unwrap();

        home.prepare().unwrap();

        assert_eq!(fs::metadata(home.logs_dir()).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_file_in_the_way_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().to_owned());
        fs::write(home.run_dir(), "").unwrap();

        let error = home.prepare().unwrap_err();

        assert!(matches!(error, HomeError::NotADirectory { .. }), "{error}");
    }

    #[test]
    fn a_home_too_deep_for_sockets_is_refused() {
        let home = Home::new(PathBuf::from(format!("/tmp/{}", "x".repeat(100))));

        let error = home.prepare().unwrap_err();

        assert!(matches!(error, HomeError::TooLong { .. }), "{error}");
    }
}
