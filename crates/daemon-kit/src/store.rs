//! A SQLite database with one writer thread: jobs that wait together share one commit.

mod open;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use writer::{Job, TypedJob};

/// Jobs that may wait; more callers wait for a place.
const QUEUE: usize = 1024;

/// A database. Clones share the writer thread, which ends with the last of them.
#[derive(Clone, Debug)]
pub struct Store {
    path: Arc<Path>,
    jobs: mpsc::Sender<Box<dyn Job>>,
    losses: Losses,
}

/// How many transactions were lost after some of their jobs had run.
///
/// A job that keeps in memory what it wrote must read this in each run: if it has changed, memory may hold what the
/// database does not. It has changed before any later job runs.
#[derive(Clone, Debug, Default)]
pub struct Losses(Arc<AtomicU64>);

impl Losses {
    /// Returns the number up to now.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    fn add(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// What a finished job survives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Durability {
    /// On the disk before the answer: survives a power failure.
    Synced,
    /// With the operating system before the answer: survives the end of the process, but not a power failure.
    Lazy,
}

/// Why a database does not work, or a job was not done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be used.
    #[error("{path} cannot be opened")]
    File {
        /// The database.
        path: PathBuf,
        /// What the system said.
        source: Arc<std::io::Error>,
    },
    /// SQLite cannot use the file.
    #[error("{path} cannot be opened as a database")]
    Open {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: Arc<rusqlite::Error>,
    },
    /// The file was written by a newer release.
    #[error("{path} has format {found}, but this program knows formats up to {known}: install the newer release again")]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format this program knows.
        known: i64,
    },
    /// The file could not be brought to the format of this release; it is unchanged.
    #[error("{path} cannot be brought from format {from} to {to}")]
    Migration {
        /// The database.
        path: PathBuf,
        /// The format before.
        from: i64,
        /// The format that could not be reached.
        to: i64,
        /// What SQLite said.
        source: Arc<rusqlite::Error>,
    },
    /// The job failed, and nothing of it was kept.
    #[error("{path}: a statement failed")]
    Job {
        /// The database.
        path: PathBuf,
        /// What the job returned.
        source: Arc<rusqlite::Error>,
    },
    /// The transaction failed, and nothing of the job was kept: a full disk, for example.
    #[error("{path}: the transaction failed")]
    Transaction {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: Arc<rusqlite::Error>,
    },
    /// The job has a bug, and nothing of it was kept; the log says where.
    #[error("{path}: a job panicked")]
    Panicked {
        /// The database.
        path: PathBuf,
    },
    /// The writer thread has ended.
    #[error("{path} is closed")]
    Closed {
        /// The database.
        path: PathBuf,
    },
}

impl Store {
    /// Opens or makes a database and brings it to the newest format: migration `n` leads from format `n` to `n + 1`.
    ///
    /// # Errors
    /// The file cannot be opened, is no database, is newer than `migrations`, or a migration fails.
    pub fn open(path: &Path, migrations: &'static [&'static str]) -> Result<Self, StoreError> {
        let connection = open::open(path, migrations)?;
        let (jobs, queue) = mpsc::channel(QUEUE);
        let path: Arc<Path> = path.into();
        let losses = Losses::default();
        writer::start(Arc::clone(&path), connection, queue, losses.clone())
            .map_err(|source| StoreError::File { path: path.to_path_buf(), source: Arc::new(source) })?;
        Ok(Self { path, jobs, losses })
    }

    /// Returns the count of lost transactions.
    #[must_use]
    pub fn losses(&self) -> &Losses {
        &self.losses
    }

    /// Runs a job on the writer thread, and returns once it is as durable as asked.
    ///
    /// Jobs that wait together share one transaction, each in its own savepoint: an error takes back only its own job.
    /// A job that has begun to wait is done even if the returned future is dropped.
    ///
    /// # Errors
    /// The job's own error, or that of the transaction; in both cases nothing of the job was kept.
    pub async fn run<T, F>(&self, durability: Durability, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let closed = || StoreError::Closed { path: self.path.to_path_buf() };
        let (answer, result) = oneshot::channel();
        let job = TypedJob::new(durability, job, answer, Arc::clone(&self.path));
        self.jobs.send(Box::new(job)).await.map_err(|_| closed())?;
        result.await.map_err(|_| closed())?
    }
}

#[cfg(test)]
mod tests;
