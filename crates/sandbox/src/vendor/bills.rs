//! `state/sandbox-bills.jsonl`: what the vendor bills, one line for each call; what the ledger can be held against.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use daemon_kit::Home;
use serde::{Deserialize, Serialize};

use crate::line_log::LineLog;

/// What one call is billed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Bill {
    /// The model.
    pub model: String,
    /// Prompt and answer together.
    pub tokens: u64,
}

/// The open file.
#[derive(Debug)]
pub struct Bills(Mutex<LineLog>);

/// Returns where the bills of a home are.
#[must_use]
pub fn path(home: &Home) -> PathBuf {
    home.state_dir().join("sandbox-bills.jsonl")
}

impl Bills {
    /// Opens the file of a home.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn open(home: &Home) -> io::Result<Self> {
        Ok(Self(Mutex::new(LineLog::open(&path(home))?)))
    }

    /// Writes a bill before the caller has its answer: no answer is without one.
    pub(super) fn add(&self, bill: &Bill) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).append(bill);
    }
}
