//! The socket a server owns: locked, so that no second server takes it over, and open to listed users only.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use crate::home::SOCKET_PATH_LIMIT;

/// A bound socket. It is removed, and the lock given up, when this is dropped.
#[derive(Debug)]
pub struct Listener {
    listener: UnixListener,
    path: PathBuf,
    own_uid: u32,
    allowed_uids: Vec<u32>,
    _lock: File,
}

/// Why a socket cannot be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// A running process has it.
    #[error("{path} is in use by a running process: stop that one first")]
    InUse {
        /// The socket.
        path: PathBuf,
    },
    /// Unix sockets have short paths.
    #[error("{path} is longer than the {SOCKET_PATH_LIMIT} bytes a socket's path may have: choose a shorter home")]
    TooLong {
        /// The socket.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("{path} cannot be bound")]
    Io {
        /// The socket or its lock.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Listener {
    /// Binds a socket, over a stale one if need be. Our own user and root may call besides the users in `allowed_uids`.
    ///
    /// # Errors
    /// A running process has it, its path is too long, or the file system refuses.
    pub fn bind(path: &Path, allowed_uids: &[u32]) -> Result<Self, BindError> {
        if path.as_os_str().len() > SOCKET_PATH_LIMIT {
            return Err(BindError::TooLong { path: path.to_owned() });
        }
        let lock = lock(path)?;
        let io_error = |source| BindError::Io { path: path.to_owned(), source };
        // Whoever left the file is gone: the lock is ours.
        fs::remove_file(path).or_else(absent_is_fine).map_err(io_error)?;
        let listener = UnixListener::bind(path).map_err(io_error)?;
        let mode = if allowed_uids.is_empty() { 0o600 } else { 0o660 };
        fs::set_permissions(path, Permissions::from_mode(mode)).map_err(io_error)?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            own_uid: rustix::process::geteuid().as_raw(),
            allowed_uids: allowed_uids.to_vec(),
            _lock: lock,
        })
    }

    /// Waits for the next connection of an allowed user, and returns it with the user.
    pub(super) async fn accept(&self) -> io::Result<(UnixStream, u32)> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let uid = match stream.peer_cred() {
                Ok(peer) => peer.uid(),
                Err(error) => {
                    tracing::warn!(socket = %self.path.display(), %error, "Refused a caller without a user");
                    continue;
                }
            };
            if is_allowed(uid, self.own_uid, &self.allowed_uids) {
                return Ok((stream, uid));
            }
            tracing::warn!(socket = %self.path.display(), uid, "Refused a caller of another user");
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Still under the lock. A file that stays behind is no obstacle to the next start.
        drop(fs::remove_file(&self.path));
    }
}

/// Whether a user may call. Root may, because root can become any user anyway.
fn is_allowed(uid: u32, own: u32, allowed: &[u32]) -> bool {
    uid == own || uid == 0 || allowed.contains(&uid)
}

/// Takes the lock beside a socket. The lock's file is never removed: two processes could hold locks on two files of
/// that name.
fn lock(socket: &Path) -> Result<File, BindError> {
    let mut path = socket.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let io_error = |source| BindError::Io { path: path.clone(), source };
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(io_error)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BindError::InUse { path: socket.to_owned() }),
        Err(TryLockError::Error(source)) => Err(io_error(source)),
    }
}

fn absent_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_user_root_and_listed_users_are_allowed() {
        for uid in [1000, 0, 7] {
            assert!(is_allowed(uid, 1000, &[7]), "{uid}");
        }
    }

    #[test]
    fn other_users_are_not_allowed() {
        for (uid, own) in [(1001, 1000), (1000, 0), (8, 1000)] {
            assert!(!is_allowed(uid, own, &[7]), "{uid}");
        }
    }

    #[tokio::test]
    async fn a_socket_in_use_is_not_taken_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s.sock");
        let _first = Listener::bind(&path, &[]).unwrap();

        let second = Listener::bind(&path, &[]).unwrap_err();

        assert!(matches!(second, BindError::InUse { .. }), "{second}");
        assert!(path.exists());
    }

    #[tokio::test]
    async fn a_stale_socket_is_no_obstacle() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());

        let listener = Listener::bind(&path, &[]);

        assert!(listener.is_ok());
    }

    #[tokio::test]
    async fn a_socket_is_private_unless_other_users_are_listed() {
        let directory = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let (own, shared) = (directory.path().join("a"), directory.path().join("b"));

        let _own = Listener::bind(&own, &[]).unwrap();
        let _shared = Listener::bind(&shared, &[7]).unwrap();

        assert_eq!((mode(&own), mode(&shared)), (0o600, 0o660));
    }

    #[tokio::test]
    async fn a_dropped_listener_leaves_no_socket() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s.sock");

        drop(Listener::bind(&path, &[]).unwrap());

        assert!(!path.exists());
    }

    #[test]
    fn a_path_too_long_for_a_socket_is_refused() {
        let error = Listener::bind(Path::new(&format!("/tmp/{}", "x".repeat(120))), &[]).unwrap_err();

        assert!(matches!(error, BindError::TooLong { .. }), "{error}");
    }
}
