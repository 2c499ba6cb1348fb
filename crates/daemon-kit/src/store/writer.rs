//! The writer thread: takes the jobs that wait, runs them in one transaction, commits, and answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{Durability, StoreError};

/// Jobs of one transaction at most, so that the first does not wait for ever.
const BATCH: usize = 256;

/// A job of any result.
pub(super) trait Job: Send {
    fn durability(&self) -> Durability;
    /// Whether the job's changes are to be kept.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Tells the caller. `lost` is the error that took back what the job had done.
    fn answer(self: Box<Self>, lost: Option<&Arc<rusqlite::Error>>);
}

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// A job, then its result, on its way to the caller.
pub(super) struct TypedJob<T, F> {
    durability: Durability,
    job: Option<F>,
    result: Option<Result<T, StoreError>>,
    answer: Answer<T>,
    path: Arc<Path>,
}

impl<T, F> TypedJob<T, F> {
    pub(super) fn new(durability: Durability, job: F, answer: Answer<T>, path: Arc<Path>) -> Self {
        Self { durability, job: Some(job), result: None, answer, path }
    }
}

impl<T, F> Job for TypedJob<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    fn durability(&self) -> Durability {
        self.durability
    }

    fn run(&mut self, connection: &Connection) -> bool {
        let Some(job) = self.job.take() else { return false };
        let path = || self.path.to_path_buf();
        // What the job captured is gone after a panic, and its changes are rolled back.
        let result = match catch_unwind(AssertUnwindSafe(|| job(connection))) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(source)) => Err(StoreError::Job { path: path(), source: Arc::new(source) }),
            Err(_) => Err(StoreError::Panicked { path: path() }),
        };
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, lost: Option<&Arc<rusqlite::Error>>) {
        let result = match (lost, self.result) {
            (None, Some(result)) | (Some(_), Some(result @ Err(_))) => result,
            (Some(source), Some(Ok(_)) | None) => {
                Err(StoreError::Transaction { path: self.path.to_path_buf(), source: Arc::clone(source) })
            }
            (None, None) => Err(StoreError::Closed { path: self.path.to_path_buf() }),
        };
        // The caller may have stopped waiting.
        drop(self.answer.send(result));
    }
}

/// Starts the thread that ends when the last sender of `queue` is gone.
pub(super) fn start(
    path: Arc<Path>,
    connection: Connection,
    queue: mpsc::Receiver<Box<dyn Job>>,
) -> std::io::Result<()> {
    let name = path.file_name().map_or_else(|| "store".into(), |name| name.to_string_lossy().into_owned());
    thread::Builder::new().name(name).spawn(move || work(&path, &connection, queue)).map(drop)
}

fn work(path: &Path, connection: &Connection, mut queue: mpsc::Receiver<Box<dyn Job>>) {
    while let Some(first) = queue.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(job) = queue.try_recv()
        {
            batch.push(job);
        }
        while !batch.is_empty() {
            batch = transact(path, connection, batch);
        }
    }
}

/// Runs jobs in one transaction and answers them. Returns those it could not try, because a job before them lost the
/// transaction.
fn transact(path: &Path, connection: &Connection, mut batch: Vec<Box<dyn Job>>) -> Vec<Box<dyn Job>> {
    let mut tried = 0;
    let outcome = begin(connection, &batch).and_then(|()| {
        for job in &mut batch {
            tried += 1;
            in_savepoint(connection, job.as_mut())?;
        }
        connection.execute_batch("COMMIT")
    });
    let lost = outcome.err().map(Arc::new);
    let untried = match &lost {
        // It could not even begin: the same would happen to the rest.
        Some(_) if tried == 0 => Vec::new(),
        Some(_) | None => batch.split_off(tried),
    };
    if let Some(error) = &lost {
        tracing::error!(database = %path.display(), %error, jobs = batch.len(), "Transaction failed");
        if !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::error!(database = %path.display(), %error, "Rollback failed");
        }
    }
    for job in batch {
        job.answer(lost.as_ref());
    }
    untried
}

fn begin(connection: &Connection, batch: &[Box<dyn Job>]) -> rusqlite::Result<()> {
    let synced = batch.iter().any(|job| job.durability() == Durability::Synced);
    connection.pragma_update(None, "synchronous", if synced { "FULL" } else { "NORMAL" })?;
    connection.execute_batch("BEGIN IMMEDIATE")
}

/// # Errors
/// The transaction as a whole is lost: SQLite takes back everything on a full disk, for example.
fn in_savepoint(connection: &Connection, job: &mut dyn Job) -> rusqlite::Result<()> {
    connection.execute_batch("SAVEPOINT job")?;
    if !job.run(connection) {
        connection.execute_batch("ROLLBACK TO job")?;
    }
    connection.execute_batch("RELEASE job")
}
