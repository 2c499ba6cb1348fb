//! `state/totp.json`: the secret of the one-time codes, and which of them was used last.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The file's content.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TotpFile {
    /// The format: 1.
    pub(super) version: u32,
    /// The secret in base 32.
    pub(super) secret: Zeroizing<String>,
    /// Whether a code of it has been seen.
    pub(super) confirmed: bool,
    /// The number of the 30 s since 1970 whose code was used last; no older code counts any more.
    pub(super) last_step: u64,
}

/// The secret cannot be had or kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TotpFileError {
    /// Others can read it.
    #[error("{}: mode {mode:04o}: others on this host can read the secret: chmod 600 it, or enrol anew", path.display())]
    Loose {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is not of this form.
    #[error("{} is damaged: remove it, and enrol anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why not.
        source: io::Error,
    },
}

pub(super) fn damaged(path: &Path) -> TotpFileError {
    TotpFileError::Damaged { path: path.to_owned() }
}

impl TotpFile {
    /// Reads the file, if there is one.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, TotpFileError> {
        let failed = |source| TotpFileError::Io { path: path.to_owned(), doing: "read", source };
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        if metadata.mode() & 0o077 != 0 {
            return Err(TotpFileError::Loose { path: path.to_owned(), mode: metadata.mode() & 0o7777 });
        }
        let text = Zeroizing::new(fs::read(path).map_err(failed)?);
        let file: Self = serde_json::from_slice(&text).map_err(|_| damaged(path))?;
        if file.version == 1 { Ok(Some(file)) } else { Err(damaged(path)) }
    }

    /// Writes the file at once or not at all, and gets it to the disk.
    pub(super) fn write(&self, path: &Path) -> Result<(), TotpFileError> {
        let directory = path.parent().unwrap_or(Path::new("."));
        let written = (|| {
            let text = Zeroizing::new(serde_json::to_vec(self)?);
            let mut draft = tempfile::Builder::new().prefix(".totp-").tempfile_in(directory)?;
            draft.write_all(&text)?;
            draft.as_file().sync_all()?;
            draft.persist(path).map_err(|error| error.error)?;
            File::open(directory)?.sync_all()
        })();
        written.map_err(|source: io::Error| TotpFileError::Io { path: path.to_owned(), doing: "write", source })
    }
}
