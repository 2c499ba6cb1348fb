//! A log file of limited size, with a limited number of older ones beside it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

/// The size at which a file is put aside, in bytes.
const SIZE: u64 = 10 * 1024 * 1024;
/// Files put aside, besides the current one.
const OLDER: u32 = 6;

/// Writes to `<path>`, and keeps `<path>.1` (the newest) to `<path>.6`.
#[derive(Debug)]
pub(super) struct RotatingFile {
    path: PathBuf,
    size: u64,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    file: File,
    written: u64,
}

/// The right to write one event.
pub(super) struct Line<'a> {
    current: MutexGuard<'a, Current>,
}

impl RotatingFile {
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        Self::with_size(path, SIZE)
    }

    fn with_size(path: PathBuf, size: u64) -> io::Result<Self> {
        let current = Mutex::new(Current::open(&path)?);
        Ok(Self { path, size, current })
    }
}

impl<'a> MakeWriter<'a> for RotatingFile {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        // If it cannot be rotated, a file too large is better than no log.
        if current.written >= self.size
            && let Ok(fresh) = rotate(&self.path)
        {
            *current = fresh;
        }
        Line { current }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.current.file.write(bytes)?;
        self.current.written = self.current.written.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.current.file.flush()
    }
}

impl Current {
    fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let written = file.metadata()?.len();
        Ok(Self { file, written })
    }
}

/// Moves each file one number up, over the oldest, and opens a fresh one.
fn rotate(path: &Path) -> io::Result<Current> {
    for number in (1..OLDER).rev() {
        match fs::rename(numbered(path, number), numbered(path, number + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    fs::rename(path, numbered(path, 1))?;
    Current::open(path)
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_put_aside() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.log");
        let log = RotatingFile::with_size(path.clone(), 5).unwrap();

        for text in ["first", "second"] {
            log.make_writer().write_all(text.as_bytes()).unwrap();
        }

        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
        assert_eq!(fs::read_to_string(numbered(&path, 1)).unwrap(), "first");
    }

    #[test]
    fn the_oldest_files_are_given_up() {
        let directory = tempfile::tempdir().unwrap();
        let log = RotatingFile::with_size(directory.path().join("x.log"), 1).unwrap();

        for _ in 0..20 {
            log.make_writer().write_all(b"line").unwrap();
        }

        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 7);
    }

    #[test]
    fn an_existing_file_is_continued() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.log");
        fs::write(&path, "old ").unwrap();

        let log = RotatingFile::open(path.clone()).unwrap();
        log.make_writer().write_all(b"new").unwrap();

        assert_eq!(fs::read_to_string(&path).unwrap(), "old new");
    }
}
