//! Files that only their owner may read: checked when read, never seen half written.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::process::geteuid;
use tempfile::{NamedTempFile, PersistError};
use zeroize::Zeroizing;

/// Larger than any file of keys.
const MAX_BYTES: u64 = 64 * 1024;
/// Permissions of the group and of others.
const FOREIGN: u32 = 0o077;

/// Who put the file there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    /// We did: nobody else may own it or have any right to it.
    Own,
    /// systemd did, for this unit only: root may own it, and group rights stand for an access list.
    Systemd,
}

impl Origin {
    fn check(self, path: &Path, owner: u32, mode: u32) -> Result<(), FileError> {
        let us = geteuid().as_raw();
        let (owners, forbidden) = match self {
            Self::Own => ([us, us], FOREIGN),
            Self::Systemd => ([us, 0], 0o037),
        };
        if !owners.contains(&owner) {
            return Err(FileError::Owner { path: path.into(), owner, us });
        }
        if mode & forbidden != 0 {
            return Err(FileError::Mode { path: path.into(), mode: mode & 0o7777 });
        }
        Ok(())
    }
}

/// Reads a private file. What is checked is the file that was opened, whatever happens to the path meanwhile.
pub(crate) fn read(path: &Path, origin: Origin) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let failed = |source| FileError::Io { path: path.into(), doing: "read", source };
    // A link is not followed, and a pipe without a writer does not hold us up.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(FileError::Missing { path: path.into() }),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(FileError::NotRegular { path: path.into() });
        }
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(FileError::NotRegular { path: path.into() });
    }
    origin.check(path, metadata.uid(), metadata.mode())?;
    if metadata.len() > MAX_BYTES {
        return Err(FileError::TooLarge { path: path.into() });
    }
    // With room for everything, the buffer never moves and leaves no copy behind.
    let mut content = Zeroizing::new(Vec::with_capacity(MAX_BYTES as usize));
    file.take(MAX_BYTES).read_to_end(&mut content).map_err(failed)?;
    Ok(content)
}

/// Makes a private directory, or checks the one that is there.
pub(crate) fn prepare_directory(path: &Path) -> Result<(), FileError> {
    let failed = |source| FileError::Io { path: path.into(), doing: "make", source };
    match DirBuilder::new().recursive(true).mode(0o700).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    let metadata = fs::symlink_metadata(path).map_err(failed)?;
    if !metadata.is_dir() {
        return Err(FileError::NotDirectory { path: path.into() });
    }
    Origin::Own.check(path, metadata.uid(), metadata.mode())
}

/// Writes a private file that must not be there yet: of two writers at once, one gets [`FileError::Exists`].
pub(crate) fn write_new(path: &Path, content: &[u8]) -> Result<(), FileError> {
    write(path, content, |draft| draft.persist_noclobber(path))
}

/// Writes a private file in place of one that may be there.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), FileError> {
    write(path, content, |draft| draft.persist(path))
}

/// Writes a draft beside the file, gets it to the disk, and lets `publish` give it its name.
fn write(
    path: &Path,
    content: &[u8],
    publish: impl FnOnce(NamedTempFile) -> Result<File, PersistError>,
) -> Result<(), FileError> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = (|| {
        // Private from the start, and gone if anything fails.
        let mut draft = tempfile::Builder::new().prefix(".draft-").tempfile_in(directory)?;
        draft.write_all(content)?;
        draft.as_file().sync_all()?;
        publish(draft)?;
        File::open(directory)?.sync_all()
    })();
    written.map_err(|source: io::Error| {
        if source.kind() == io::ErrorKind::AlreadyExists {
            FileError::Exists { path: path.into() }
        } else {
            FileError::Io { path: path.into(), doing: "write", source }
        }
    })
}

/// A file cannot be trusted, read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is none.
    #[error("{} does not exist", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// There is one already.
    #[error("{} exists already and is not overwritten", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It is a link, a directory, a device or a pipe.
    #[error("{} is not a regular file: put the file itself there, not a link", .path.display())]
    NotRegular {
        /// The file.
        path: PathBuf,
    },
    /// It is something else than a directory.
    #[error("{} is not a directory: move it away", .path.display())]
    NotDirectory {
        /// The path.
        path: PathBuf,
    },
    /// It belongs to somebody else.
    #[error("{} belongs to uid {owner}, not to uid {us}: run `chown {us} {}`", .path.display(), .path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The uid of this process.
        us: u32,
    },
    /// Others can read or write it.
    #[error("{} is open to others (mode {mode:04o}): run `chmod go= {}`", .path.display(), .path.display())]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is larger than any file of keys.
    #[error("{} is too large to be a file of keys", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot {doing} {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn what_is_written_is_private_and_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");

        write_new(&path, b"secret").unwrap();

        assert_eq!(read(&path, Origin::Own).unwrap().as_slice(), b"secret");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
        assert_eq!(names(&directory), ["key"]);
    }

    #[test]
    fn a_new_file_never_replaces_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        write_new(&path, b"first").unwrap();

        let error = write_new(&path, b"second").unwrap_err();

        assert!(matches!(error, FileError::Exists { .. }), "{error}");
        assert_eq!(read(&path, Origin::Own).unwrap().as_slice(), b"first");
        assert_eq!(names(&directory), ["key"]);
    }

    #[test]
    fn a_replaced_file_is_private_whatever_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        fs::write(&path, b"first").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();

        replace(&path, b"second").unwrap();

        assert_eq!(read(&path, Origin::Own).unwrap().as_slice(), b"second");
        assert_eq!(names(&directory), ["key"]);
    }

    #[test]
    fn a_file_open_to_others_is_refused_with_the_fix() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        write_new(&path, b"secret").unwrap();

        for mode in [0o640, 0o604, 0o620, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = read(&path, Origin::Own).unwrap_err();

            assert!(matches!(error, FileError::Mode { mode: found, .. } if found == mode), "{error}");
            assert!(error.to_string().contains(&format!("chmod go= {}", path.display())), "{error}");
        }
    }

    #[test]
    fn systemds_file_may_show_an_access_list_but_nothing_to_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        write_new(&path, b"secret").unwrap();
        let with_mode = |mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            read(&path, Origin::Systemd)
        };

        assert!(with_mode(0o440).is_ok());
        assert!(matches!(with_mode(0o444), Err(FileError::Mode { .. })));
    }

    #[test]
    fn somebody_elses_file_is_refused() {
        let us = geteuid().as_raw();

        let error = Origin::Own.check(Path::new("key"), us + 1, 0o600).unwrap_err();

        assert_eq!(error.to_string(), format!("key belongs to uid {}, not to uid {us}: run `chown {us} key`", us + 1));
    }

    #[test]
    fn roots_file_is_taken_from_systemd_only() {
        assert!(Origin::Systemd.check(Path::new("key"), 0, 0o440).is_ok());
        if geteuid().as_raw() != 0 {
            assert!(Origin::Own.check(Path::new("key"), 0, 0o600).is_err());
        }
    }

    #[test]
    fn links_directories_and_pipes_are_no_files() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("target");
        write_new(&target, b"secret").unwrap();
        let link = directory.path().join("link");
        symlink(&target, &link).unwrap();
        let pipe = directory.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();

        for path in [link.as_path(), pipe.as_path(), directory.path()] {
            let error = read(path, Origin::Own).unwrap_err();

            assert!(matches!(error, FileError::NotRegular { .. }), "{error}");
        }
    }

    #[test]
    fn a_missing_file_is_missing() {
        let error = read(Path::new("/nonexistent/key"), Origin::Own).unwrap_err();

        assert!(matches!(error, FileError::Missing { .. }), "{error}");
    }

    #[test]
    fn a_file_without_end_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        write_new(&path, &vec![b'x'; 70_000]).unwrap();

        assert!(matches!(read(&path, Origin::Own), Err(FileError::TooLarge { .. })));
    }

    #[test]
    fn a_directory_is_made_private() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("state/identity");

        prepare_directory(&path).unwrap();
        prepare_directory(&path).unwrap();

        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o700);
    }

    #[test]
    fn a_loose_or_linked_directory_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let loose = parent.path().join("loose");
        fs::create_dir(&loose).unwrap();
        fs::set_permissions(&loose, fs::Permissions::from_mode(0o755)).unwrap();
        let link = parent.path().join("link");
        symlink(&loose, &link).unwrap();

        assert!(matches!(prepare_directory(&loose), Err(FileError::Mode { mode: 0o755, .. })));
        assert!(matches!(prepare_directory(&link), Err(FileError::NotDirectory { .. })));
    }

    fn names(directory: &TempDir) -> Vec<String> {
        fs::read_dir(directory.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    }
}
