//! Reads what is appended to the scores, also when the file is put aside and a new one begun.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use crate::score_log::Score;

/// A place in the file.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    inode: Option<u64>,
    offset: u64,
}

impl Tail {
    /// Starts at the end of the file, or at the beginning of one that is not there yet.
    pub(super) fn new(path: PathBuf) -> io::Result<Self> {
        let mut tail = Self { path, inode: None, offset: 0 };
        if let Some(file) = tail.open()? {
            let metadata = file.metadata()?;
            (tail.inode, tail.offset) = (Some(metadata.ino()), metadata.len());
        }
        Ok(tail)
    }

    /// Returns what was appended since; a line that is no score is passed over.
    pub(super) fn read(&mut self) -> io::Result<Vec<Score>> {
        let Some(mut file) = self.open()? else {
            return Ok(Vec::new());
        };
        let metadata = file.metadata()?;
        if self.inode != Some(metadata.ino()) || metadata.len() < self.offset {
            (self.inode, self.offset) = (Some(metadata.ino()), 0);
        }
        file.seek(SeekFrom::Start(self.offset))?;
        let mut appended = Vec::new();
        file.read_to_end(&mut appended)?;
        // What is being written at this moment is read next time.
        let whole = appended.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        appended.truncate(whole);
        self.offset += whole as u64;
        Ok(appended.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }

    fn open(&self) -> io::Result<Option<File>> {
        match File::open(&self.path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const LINE: &str = r#"{"unix_ms":1,"validator":"even","number":3,"kind":"choice","status":200,"outcome":"answered","reason":null,"correct":1.0,"format_ok":true,"latency_ms":7,"score":0.5,"model":null}"#;

    #[test]
    fn only_what_is_appended_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("scores");
        fs::write(&path, format!("{LINE}\n")).unwrap();
        let mut tail = Tail::new(path.clone()).unwrap();

        let before = tail.read().unwrap();
        fs::write(&path, format!("{LINE}\n{LINE}\nnonsense\n{{\"half")).unwrap();
        let after = tail.read().unwrap();

        assert_eq!((before.len(), after.len()), (0, 1));
    }

    #[test]
    fn a_new_file_is_read_from_its_beginning() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("scores");
        let mut tail = Tail::new(path.clone()).unwrap();

        assert_eq!(tail.read().unwrap().len(), 0);
        fs::write(&path, format!("{LINE}\n{LINE}\n")).unwrap();
        assert_eq!(tail.read().unwrap().len(), 2);
        fs::rename(&path, directory.path().join("old")).unwrap();
        fs::write(&path, format!("{LINE}\n")).unwrap();
        assert_eq!(tail.read().unwrap().len(), 1);
    }
}
