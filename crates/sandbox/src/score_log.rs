//! `state/sandbox-scores.jsonl`: one line for each judged task; bounded.

use std::path::PathBuf;

use daemon_kit::Home;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::chain::Opinions;
use crate::line_log::LineLog;
use crate::task::Kind;

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

/// Writes scores until no one has more of them, and lets them make the validators' opinions.
pub(crate) async fn write(mut log: LineLog, mut scores: mpsc::Receiver<Score>, opinions: Opinions) {
    while let Some(score) = scores.recv().await {
        opinions.hear(&score.validator, score.score);
        // A short line into the page cache: not worth a thread of its own.
        log.append(&score);
    }
}
