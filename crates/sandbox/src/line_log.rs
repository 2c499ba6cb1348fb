//! A file of JSON lines, bounded: at its limit it is put aside, and a new one begun.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// From this size on `name.jsonl` is put aside as `name.1.jsonl`.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// The open file.
#[derive(Debug)]
pub(crate) struct LineLog {
    path: PathBuf,
    file: File,
    bytes: u64,
    limit: u64,
    failing: bool,
}

impl LineLog {
    /// Opens the file for appending.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::limited(path, MAX_BYTES)
    }

    fn limited(path: &Path, limit: u64) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, bytes, limit, failing: false })
    }

    /// Appends a line. That it cannot be written is said once, not for each line: the disk is probably full.
    pub(crate) fn append(&mut self, entry: &impl Serialize) {
        match self.try_append(entry) {
            Ok(()) => self.failing = false,
            Err(error) if !self.failing => {
                self.failing = true;
                tracing::error!(%error, path = %self.path.display(), "Cannot write lines, they are lost until it can be");
            }
            Err(_) => {}
        }
    }

    /// Appends a line in one write, so that readers see whole lines.
    fn try_append(&mut self, entry: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        if self.bytes > 0 && self.bytes + line.len() as u64 > self.limit {
            fs::rename(&self.path, aside(&self.path))?;
            *self = Self::limited(&self.path, self.limit)?;
        }
        self.file.write_all(&line)?;
        self.bytes += line.len() as u64;
        Ok(())
    }
}

/// Returns where a file is put aside.
pub(crate) fn aside(path: &Path) -> PathBuf {
    path.with_extension("1.jsonl")
}

/// Reads all lines of a file; one that is not there has none, and what cannot be read is passed over.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Vec<T>> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    Ok(text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_appended_and_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lines.jsonl");

        LineLog::open(&path).unwrap().append(&1);
        LineLog::open(&path).unwrap().append(&2);

        assert_eq!(read::<u32>(&path).unwrap(), [1, 2]);
    }

    #[test]
    fn a_line_that_was_cut_off_hides_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lines.jsonl");
        fs::write(&path, "[1]\n[2\n[3]\n").unwrap();

        assert_eq!(read::<Vec<u32>>(&path).unwrap(), [[1], [3]]);
        assert!(read::<u32>(&directory.path().join("none")).unwrap().is_empty());
    }

    #[test]
    fn the_file_is_bounded_and_one_old_one_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lines.jsonl");
        let mut log = LineLog::limited(&path, 100).unwrap();

        for number in 0..500 {
            log.append(&number);
        }

        assert!(fs::metadata(&path).unwrap().len() <= 100);
        assert!(fs::metadata(directory.path().join("lines.1.jsonl")).unwrap().len() <= 100);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }
}
