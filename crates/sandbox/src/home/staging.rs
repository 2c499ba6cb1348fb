//! A directory beside the home in which it is made, until one rename puts it into place.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::PrepareError;

/// The directory, locked against another process that makes the same home.
#[derive(Debug)]
pub(super) struct Staging {
    root: PathBuf,
    lock: File,
}

impl Staging {
    /// Makes the directory, and throws away what a killed process left in it.
    pub(super) fn begin(home: &Path) -> Result<Self, PrepareError> {
        let root = beside(home);
        make(&root).or_else(|error| if is_there(&error) { Ok(()) } else { Err(failed(&root, error.source)) })?;
        let lock = File::open(&root).map_err(|source| failed(&root, source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(PrepareError::Busy { path: home.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(failed(&root, source)),
        }
        // The process that had the lock may have put the directory into place meanwhile.
        if !is_same(&root, &lock) {
            return Err(PrepareError::Busy { path: home.to_owned() });
        }
        empty(&root).map_err(|source| failed(&root, source))?;
        Ok(Self { root, lock })
    }

    /// Makes a directory for this user only.
    pub(super) fn directory(&self, name: &str) -> Result<(), PrepareError> {
        make(&self.root.join(name)).map_err(|error| failed(&error.path, error.source))
    }

    /// Writes a file for this user only.
    pub(super) fn file(&self, name: &str, content: &[u8]) -> Result<(), PrepareError> {
        let path = self.root.join(name);
        let write = || {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(content)?;
            file.sync_all()
        };
        write().map_err(|source| failed(&path, source))
    }

    /// Puts the directory into the home's place, which must be free.
    pub(super) fn publish(&self, home: &Path) -> Result<(), PrepareError> {
        let publish = || {
            self.lock.sync_all()?;
            // Refused by the system if there is more than an empty directory.
            fs::rename(&self.root, home)?;
            home.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
        };
        publish().map_err(|source| failed(home, source))
    }

    /// Takes the directory away; what cannot be taken away hinders nobody.
    pub(super) fn discard(self) {
        drop(fs::remove_dir_all(&self.root));
    }
}

/// Returns `.<name>.preparing` in the same directory.
fn beside(home: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(home.file_name().unwrap_or_default());
    name.push(".preparing");
    home.with_file_name(name)
}

struct Failed {
    path: PathBuf,
    source: io::Error,
}

fn make(path: &Path) -> Result<(), Failed> {
    DirBuilder::new().mode(0o700).create(path).map_err(|source| Failed { path: path.to_owned(), source })
}

/// A directory, and not a link to one that somebody put there.
fn is_there(error: &Failed) -> bool {
    error.source.kind() == io::ErrorKind::AlreadyExists
        && fs::symlink_metadata(&error.path).is_ok_and(|found| found.is_dir())
}

fn is_same(path: &Path, file: &File) -> bool {
    match (fs::symlink_metadata(path), file.metadata()) {
        (Ok(there), Ok(open)) => (there.dev(), there.ino()) == (open.dev(), open.ino()),
        (_, _) => false,
    }
}

fn empty(root: &Path) -> io::Result<()> {
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn failed(path: &Path, source: io::Error) -> PrepareError {
    PrepareError::Io { path: path.to_owned(), source }
}
