//! Holds what the miner has kept against itself, and against what the simulated vendor bills.
//!
//! Exact means: every vendor call is settled, tracker has each once and to the last nano-dollar, no task ended twice, no
//! limit was ever passed, and the vendor bills nothing that the ledger does not know.

mod bills;
mod books;
mod limits;
mod report;

use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use common::config::budget::TokenBudgets;
use daemon_kit::Home;
use rusqlite::{Connection, OpenFlags};

use crate::score_log::{self, Score};
use crate::vendor;
use crate::watch::Summary;
use crate::{line_log, output};

pub use report::{Calls, Report};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A database is not there, or is none.
    #[error("{path} cannot be read: has the miner ever run in this home?")]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A question to the databases failed.
    #[error("the books cannot be read")]
    Books(#[from] rusqlite::Error),
    /// A file is not there or cannot be read.
    #[error("{path} cannot be read")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The limits cannot be understood.
    #[error("{path} is not as it should be")]
    Budgets {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// Nobody reads the report.
    #[error("the report cannot be printed")]
    Output(#[from] io::Error),
}

/// Prints a report and returns whether all is exact. Looks again until it is or the time is up.
///
/// # Errors
/// If the home's files cannot be read, or stdout is closed.
pub fn run(home: &Home, time: Duration, json: bool) -> Result<bool, AuditError> {
    let deadline = Instant::now() + time;
    let report = loop {
        let report = audit(home)?;
        if report.exact || Instant::now() >= deadline {
            break report;
        }
        thread::sleep(LOOK_EVERY);
    };
    if json {
        output::json(&report)?;
    } else {
        output::line(report.to_string().trim_end())?;
    }
    Ok(report.exact)
}

/// Looks once; changes nothing.
fn audit(home: &Home) -> Result<Report, AuditError> {
    let database = open(home)?;
    let mut problems = books::problems(&database)?;
    problems.extend(limits::problems(&database, &budgets(home)?)?);
    let settled = bills::settled(&database)?;
    let path = vendor::bills::path(home);
    // What was put aside may be gone by now, and then nothing can be compared.
    let compared = !line_log::aside(&path).exists();
    if compared {
        let billed: Vec<_> = line_log::read(&path).map_err(|source| AuditError::File { path, source })?;
        problems.extend(bills::problems(&billed, &settled));
    }
    let summary = Summary::of(&scores(home)?);
    Ok(Report::new(problems, Calls::read(&database)?, compared, summary))
}

/// Opens the ledger, with the other books beside it, for reading only.
fn open(home: &Home) -> Result<Connection, AuditError> {
    let path = home.state_dir().join("ledger.db");
    let failed = |path: PathBuf| move |source| AuditError::Database { path, source };
    let ledger = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed(path))?;
    ledger.busy_timeout(Duration::from_secs(5))?;
    for (file, schema) in [("tracker.db", "tracker"), ("front.db", "front")] {
        let path = home.state_dir().join(file);
        let attach = format!("ATTACH ?1 AS {schema}");
        ledger.execute(&attach, [path.to_string_lossy()]).map_err(failed(path))?;
    }
    Ok(ledger)
}

fn budgets(home: &Home) -> Result<TokenBudgets, AuditError> {
    let path = home.config_dir().join("token-budgets.json");
    let text = std::fs::read(&path).map_err(|source| AuditError::File { path: path.clone(), source })?;
    serde_json::from_slice(&text).map_err(|source| AuditError::Budgets { path, source })
}

fn scores(home: &Home) -> Result<Vec<Score>, AuditError> {
    let path = score_log::path(home);
    let mut scores = Vec::new();
    for path in [line_log::aside(&path), path] {
        scores.extend(line_log::read(&path).map_err(|source| AuditError::File { path, source })?);
    }
    Ok(scores)
}

#[cfg(test)]
mod tests;
