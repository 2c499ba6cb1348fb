//! `run/sandbox.lock`: one sandbox per home, with its process id for those who look.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use daemon_kit::Home;

/// The right to be the home's sandbox, until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// The lock is not to be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Another process has it.
    #[error("a sandbox runs already in {home} with process id {pid}: stop it first")]
    Running {
        /// The home.
        home: PathBuf,
        /// The other process, as it wrote down itself.
        pid: String,
    },
    /// The file system refused.
    #[error("{path} cannot be locked")]
    Io {
        /// The lock.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn path(home: &Home) -> PathBuf {
    home.run_dir().join("sandbox.lock")
}

impl Lock {
    /// Takes the lock and writes the process id into it.
    pub(crate) fn take(home: &Home) -> Result<Self, LockError> {
        let path = path(home);
        let io_error = |source| LockError::Io { path: path.clone(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(&path).map_err(io_error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // The number is for people only.
                drop(file.read_to_string(&mut pid));
                return Err(LockError::Running { home: home.root(), pid: pid.trim().to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(io_error(source)),
        }
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        write(&mut file).map_err(io_error)?;
        Ok(Self { _file: file })
    }
}

/// Whether a sandbox runs in the home.
pub(crate) fn is_held(home: &Home) -> bool {
    let Ok(file) = File::open(path(home)) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_sandbox_is_told_of_the_first() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().to_owned());
        home.prepare().unwrap();
        let first = Lock::take(&home).unwrap();

        let second = Lock::take(&home).unwrap_err();

        let own = std::process::id().to_string();
        assert!(matches!(&second, LockError::Running { pid, .. } if *pid == own), "{second}");
        assert!(is_held(&home));
        drop(first);
        assert!(!is_held(&home));
        assert!(Lock::take(&home).is_ok());
    }
}
