//! One copy of a daemon per home.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use rustix::process::Pid;

use crate::home::Home;

/// How often, and for how long, a process that only looks at the lock is waited for.
const LOOKS: u32 = 10;
const LOOK: Duration = Duration::from_millis(10);

/// The right to be the home's copy of a daemon; given up when dropped, or when the process ends in any way.
#[derive(Debug)]
pub struct Instance {
    _lock: File,
}

/// Why this process may not run.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// Another process has the home.
    #[error("{service} runs already in {home} with process id {pid}: stop it first, or choose another home")]
    Running {
        /// The daemon.
        service: &'static str,
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

impl Instance {
    /// Takes the lock `run/<service>.lock` and writes the process id into it.
    ///
    /// # Errors
    /// Another process has it, or the file system refuses.
    pub fn take(home: &Home, service: &'static str) -> Result<Self, InstanceError> {
        let path = path(home, service);
        let io_error = |source| InstanceError::Io { path: path.clone(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(io_error)?;
        match lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // The number is for people only.
                let read = file.read_to_string(&mut pid);
                let pid = if read.is_ok() && !pid.is_empty() { pid.trim().to_owned() } else { "unknown".into() };
                return Err(InstanceError::Running { service, home: home.root(), pid });
            }
            Err(TryLockError::Error(source)) => return Err(io_error(source)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(io_error)?;
        Ok(Self { _lock: file })
    }

    /// Returns the process id of the copy that runs, if one does.
    ///
    /// # Errors
    /// The lock cannot be looked at, or does not say who holds it.
    pub fn holder(home: &Home, service: &str) -> Result<Option<Pid>, InstanceError> {
        let path = path(home, service);
        let io_error = |source| InstanceError::Io { path: path.clone(), source };
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_error(error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => read_pid(&mut file).map(Some).map_err(io_error),
            Err(TryLockError::Error(source)) => Err(io_error(source)),
        }
    }
}

/// Looking at a lock means to hold it for a moment, as [`Instance::holder`] does: another process that only looks is
/// waited for.
fn lock(file: &File) -> Result<(), TryLockError> {
    for _ in 0..LOOKS {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(LOOK),
            end @ (Ok(()) | Err(TryLockError::Error(_))) => return end,
        }
    }
    file.try_lock()
}

fn path(home: &Home, service: &str) -> PathBuf {
    home.run_dir().join(format!("{service}.lock"))
}

fn read_pid(file: &mut File) -> io::Result<Pid> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let pid = text.trim().parse().ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it is locked, but holds no process id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().to_owned());
        home.prepare().unwrap();
        (directory, home)
    }

    #[test]
    fn a_second_copy_is_refused_and_told_of_the_first() {
        let (_directory, home) = home();
        let _first = Instance::take(&home, "tracker").unwrap();

        let second = Instance::take(&home, "tracker").unwrap_err();

        let own = std::process::id().to_string();
        assert!(matches!(&second, InstanceError::Running { pid, .. } if *pid == own), "{second}");
    }

    #[test]
    fn the_copy_that_runs_can_be_found() {
        let (_directory, home) = home();
        let before = Instance::holder(&home, "tracker").unwrap();
        let _first = Instance::take(&home, "tracker").unwrap();

        let after = Instance::holder(&home, "tracker").unwrap();

        assert_eq!(before, None);
        assert_eq!(after, Some(rustix::process::getpid()));
    }

    #[test]
    fn other_daemons_share_the_home() {
        let (_directory, home) = home();
        let _first = Instance::take(&home, "tracker").unwrap();

        assert!(Instance::take(&home, "task-handler").is_ok());
    }

    #[test]
    fn the_lock_of_an_ended_copy_is_no_obstacle() {
        let (_directory, home) = home();
        drop(Instance::take(&home, "tracker").unwrap());

        assert!(Instance::take(&home, "tracker").is_ok());
    }
}
