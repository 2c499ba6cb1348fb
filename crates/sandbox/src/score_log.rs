//! `state/sandbox-scores.jsonl`: one line for each judged task; bounded.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use daemon_kit::Home;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::task::Kind;

/// From this size on the file is put aside as `sandbox-scores.1.jsonl`, and a new one begun.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// One judged task.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// When it was asked, in milliseconds since 1970.
    pub unix_ms: u64,
    /// The validator's name.
    pub validator: String,
    /// Which of its tasks of this run, from 0.
    pub number: u64,
    /// The kind of task.
    pub kind: Kind,
    /// The status as the SDK reports it.
    pub status: u16,
    /// What came.
    pub outcome: Outcome,
    /// Why there was no answer.
    pub reason: Option<String>,
    /// The share of the answer that is right, from 0 to 1.
    pub correct: f64,
    /// Whether it has the form that was asked for.
    pub format_ok: bool,
    /// From the question to the whole answer, in milliseconds.
    pub latency_ms: u64,
    /// The validator's score, from 0 to 1.
    pub score: f64,
    /// The model that answered, where the simulated vendor knows.
    pub model: Option<String>,
}

/// What came of a question.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// An answer, right or wrong.
    Answered,
    /// An honest refusal: the miner said that it has no answer.
    Refused,
    /// Nothing, nothing an SDK could use, or an error that the request gave no cause for.
    Broken,
}

/// Returns where the scores of a home are.
#[must_use]
pub fn path(home: &Home) -> PathBuf {
    home.state_dir().join("sandbox-scores.jsonl")
}

/// The open file.
#[derive(Debug)]
pub struct ScoreLog {
    path: PathBuf,
    file: File,
    bytes: u64,
    limit: u64,
}

impl ScoreLog {
    /// Opens the file for appending.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::limited(path, MAX_BYTES)
    }

    fn limited(path: &Path, limit: u64) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, bytes, limit })
    }

    /// Appends a line in one write, so that readers see whole lines.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn append(&mut self, score: &Score) -> io::Result<()> {
        let mut line = serde_json::to_vec(score)?;
        line.push(b'\n');
        if self.bytes > 0 && self.bytes + line.len() as u64 > self.limit {
            self.rotate()?;
        }
        self.file.write_all(&line)?;
        self.bytes += line.len() as u64;
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        fs::rename(&self.path, self.path.with_extension("1.jsonl"))?;
        *self = Self::limited(&self.path, self.limit)?;
        Ok(())
    }

    /// Writes scores until no one has more of them.
    pub async fn run(mut self, mut scores: mpsc::Receiver<Score>) {
        let mut failing = false;
        while let Some(score) = scores.recv().await {
            // A short line into the page cache: not worth a thread of its own.
            match self.append(&score) {
                Ok(()) => failing = false,
                // Said once, not for each line: the disk is probably full.
                Err(error) if !failing => {
                    failing = true;
                    tracing::error!(%error, path = %self.path.display(), "Cannot write scores");
                }
                Err(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_appended_and_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("scores.jsonl");

        ScoreLog::open(&path).unwrap().append(&score(1)).unwrap();
        ScoreLog::open(&path).unwrap().append(&score(2)).unwrap();

        let lines = fs::read_to_string(path).unwrap();
        let read: Vec<Score> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read, [score(1), score(2)]);
    }

    #[test]
    fn the_file_is_bounded_and_one_old_one_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("scores.jsonl");
        let mut log = ScoreLog::limited(&path, 1_000).unwrap();

        for number in 0..50 {
            log.append(&score(number)).unwrap();
        }

        assert!(fs::metadata(&path).unwrap().len() <= 1_000);
        assert!(fs::metadata(directory.path().join("scores.1.jsonl")).unwrap().len() <= 1_000);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    fn score(number: u64) -> Score {
        Score {
            unix_ms: 1,
            validator: "even".into(),
            number,
            kind: Kind::Choice,
            status: 200,
            outcome: Outcome::Answered,
            reason: None,
            correct: 1.0,
            format_ok: true,
            latency_ms: 7,
            score: 0.5,
            model: Some("gpt-6-luna".into()),
        }
    }
}
