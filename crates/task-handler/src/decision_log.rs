//! The newest decisions, kept in `state/decisions.db` so that they can be explained.

use std::path::Path;
use std::sync::Arc;

use common::decision::{DecisionFacts, DecisionOutcome, Explanation};
use common::id::TaskId;
use common::strategy::Revision;
use daemon_kit::{Durability, Store, StoreError, Workers};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{mpsc, oneshot};

use crate::chain::chain;
use crate::strategy_source::Followed;

/// So many decisions are kept.
pub const KEPT: i64 = 20_000;

/// Decisions that wait to be written; more are dropped, for a task is never late on their account.
const QUEUE: usize = 1_024;
/// The most that are written at a time.
const BATCH: usize = 64;

const MIGRATIONS: &[&str] = &[include_str!("decision_log.sql")];

/// Keeps decisions. Clones share it; it ends with the last of them.
#[derive(Clone, Debug)]
pub struct DecisionLog(mpsc::Sender<Note>);

#[derive(Debug)]
enum Note {
    Keep(Box<Kept>),
    Find(TaskId, oneshot::Sender<Result<Option<Found>, StoreError>>),
}

#[derive(Debug)]
struct Kept {
    followed: Arc<Followed>,
    facts: DecisionFacts,
    outcome: DecisionOutcome,
}

/// A decision as it was kept, in JSON.
#[derive(Debug)]
struct Found {
    revision: String,
    facts: String,
    outcome: String,
}

/// Why a decision cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// It is not there: unknown, or too old.
    #[error("no decision about this task is kept: the newest {KEPT} are")]
    Unknown,
    /// What was kept cannot be read any more.
    #[error("the decision was kept by another release")]
    Unreadable(#[from] serde_json::Error),
    /// The database does not work.
    #[error("the decisions cannot be read")]
    Store(#[from] StoreError),
    /// The process stops.
    #[error("the log of decisions is closed")]
    Closed,
}

impl DecisionLog {
    /// Opens or makes the database, and starts the worker that writes it.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn start(path: &Path, workers: &Workers) -> Result<Self, StoreError> {
        let store = Store::open(path, MIGRATIONS)?;
        let (sender, receiver) = mpsc::channel(QUEUE);
        workers.spawn("decision-log", write(store, receiver));
        Ok(Self(sender))
    }

    /// Keeps a decision, if there is room for it now.
    pub fn keep(&self, followed: Arc<Followed>, facts: DecisionFacts, outcome: DecisionOutcome) {
        let note = Note::Keep(Box::new(Kept { followed, facts, outcome }));
        if self.0.try_send(note).is_err() {
            tracing::debug!("A decision is not kept: too many wait to be written");
        }
    }

    /// Makes the decision about a task again.
    ///
    /// # Errors
    /// It cannot be explained.
    pub async fn explain(&self, task: TaskId) -> Result<Explanation, ExplainError> {
        let (found, answer) = oneshot::channel();
        self.0.send(Note::Find(task, found)).await.map_err(|_| ExplainError::Closed)?;
        let found = answer.await.map_err(|_| ExplainError::Closed)??.ok_or(ExplainError::Unknown)?;
        let revision: Revision = serde_json::from_str(&found.revision)?;
        let (facts, outcome) = (serde_json::from_str(&found.facts)?, serde_json::from_str(&found.outcome)?);
        llm_router::explain(&revision, facts, outcome).ok_or(ExplainError::Unknown)
    }
}

async fn write(store: Store, mut queue: mpsc::Receiver<Note>) {
    let mut notes = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut notes, BATCH).await > 0 {
        let mut batch = Vec::new();
        let mut questions = Vec::new();
        for note in notes.drain(..) {
            match note {
                Note::Keep(kept) => batch.push(*kept),
                Note::Find(task, answer) => questions.push((task, answer)),
            }
        }
        if !batch.is_empty()
            && let Err(error) = store.run(Durability::Lazy, move |connection| keep_all(connection, &batch)).await
        {
            tracing::warn!(error = chain(&error), "Decisions cannot be kept, so they cannot be explained");
        }
        for (task, answer) in questions {
            let found = store.run(Durability::Lazy, move |connection| find(connection, task)).await;
            // Whoever asked may have stopped waiting.
            drop(answer.send(found));
        }
    }
}

fn keep_all(connection: &Connection, batch: &[Kept]) -> rusqlite::Result<()> {
    let json = |error: serde_json::Error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    for Kept { followed, facts, outcome } in batch {
        connection
            .prepare_cached("INSERT INTO revision (key, json) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING")?
            .execute(params![followed.key, followed.json])?;
        connection
            .prepare_cached("INSERT OR REPLACE INTO decision (task, revision, facts, outcome) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                facts.task.to_string(),
                followed.key,
                serde_json::to_string(facts).map_err(json)?,
                serde_json::to_string(outcome).map_err(json)?,
            ])?;
    }
    let old = "DELETE FROM decision WHERE seq <= (SELECT MAX(seq) FROM decision) - ?1";
    if connection.prepare_cached(old)?.execute([KEPT])? > 0 {
        let unused = "DELETE FROM revision WHERE key NOT IN (SELECT revision FROM decision)";
        connection.prepare_cached(unused)?.execute([])?;
    }
    Ok(())
}

fn find(connection: &Connection, task: TaskId) -> rusqlite::Result<Option<Found>> {
    connection
        .prepare_cached(
            "SELECT revision.json AS revision, facts, outcome FROM decision \
             JOIN revision ON revision.key = decision.revision WHERE task = ?1",
        )?
        .query_row([task.to_string()], |row| {
            Ok(Found { revision: row.get("revision")?, facts: row.get("facts")?, outcome: row.get("outcome")? })
        })
        .optional()
}
