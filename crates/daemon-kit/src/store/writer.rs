//! The writer thread: takes the jobs that wait, runs them in one transaction, commits, and answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{Durability, Losses, StoreError};

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
    losses: Losses,
) -> std::io::Result<()> {
    let name = path.file_name().map_or_else(|| "store".into(), |name| name.to_string_lossy().into_owned());
    let writer = Writer { path, connection, is_synced: None, losses };
    thread::Builder::new().name(name).spawn(move || writer.work(queue)).map(drop)
}

struct Writer {
    path: Arc<Path>,
    connection: Connection,
    /// Whether a commit is synced, once that was set.
    is_synced: Option<bool>,
    losses: Losses,
}

impl Writer {
    fn work(mut self, mut queue: mpsc::Receiver<Box<dyn Job>>) {
        while let Some(first) = queue.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(job) = queue.try_recv()
            {
                batch.push(job);
            }
            while !batch.is_empty() {
                batch = self.transact(batch);
            }
        }
    }

    /// Runs jobs in one transaction and answers them. Returns those it could not try, because a job before them lost the
    /// transaction.
    fn transact(&mut self, mut batch: Vec<Box<dyn Job>>) -> Vec<Box<dyn Job>> {
        let mut tried = 0;
        let outcome = self.begin(&batch).and_then(|()| {
            for job in &mut batch {
                tried += 1;
                in_savepoint(&self.connection, job.as_mut())?;
            }
            execute(&self.connection, "COMMIT")
        });
        let lost = outcome.err().map(Arc::new);
        let untried = match &lost {
            // It could not even begin: the same would happen to the rest.
            Some(_) if tried == 0 => Vec::new(),
            Some(_) | None => batch.split_off(tried),
        };
        if let Some(error) = &lost {
            self.losses.add();
            let database = self.path.display();
            tracing::error!(%database, %error, jobs = batch.len(), "Transaction failed");
            if !self.connection.is_autocommit()
                && let Err(error) = execute(&self.connection, "ROLLBACK")
            {
                tracing::error!(%database, %error, "Rollback failed");
            }
        }
        for job in batch {
            job.answer(lost.as_ref());
        }
        untried
    }

    fn begin(&mut self, batch: &[Box<dyn Job>]) -> rusqlite::Result<()> {
        let is_synced = batch.iter().any(|job| job.durability() == Durability::Synced);
        if self.is_synced != Some(is_synced) {
            self.connection.pragma_update(None, "synchronous", if is_synced { "FULL" } else { "NORMAL" })?;
            self.is_synced = Some(is_synced);
        }
        execute(&self.connection, "BEGIN IMMEDIATE")
    }
}

/// # Errors
/// The transaction as a whole is lost: SQLite takes back everything on a full disk, for example.
fn in_savepoint(connection: &Connection, job: &mut dyn Job) -> rusqlite::Result<()> {
    execute(connection, "SAVEPOINT job")?;
    if !job.run(connection) {
        execute(connection, "ROLLBACK TO job")?;
    }
    execute(connection, "RELEASE job")
}

/// Runs a statement that is kept prepared: it would cost more to prepare than to run.
fn execute(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}
