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
pub const KEPT: i64 = 10_000;

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
    // The key of the revision that was written last: it is long, and hardly ever another one.
    let mut written = None;
    while queue.recv_many(&mut notes, BATCH).await > 0 {
        let mut batch = Vec::new();
        let mut questions = Vec::new();
        for note in notes.drain(..) {
            match note {
                Note::Keep(kept) => batch.push(*kept),
                Note::Find(task, answer) => questions.push((task, answer)),
            }
        }
        if !batch.is_empty() {
            let known = written.take();
            let kept = store.run(Durability::Lazy, move |connection| keep_all(connection, &batch, known)).await;
            match kept {
                Ok(newest) => written = newest,
                Err(error) => {
                    tracing::warn!(error = chain(&error), "Decisions cannot be kept, so they cannot be explained");
                }
            }
        }
        for (task, answer) in questions {
            let found = store.run(Durability::Lazy, move |connection| find(connection, task)).await;
            // Whoever asked may have stopped waiting.
            drop(answer.send(found));
        }
    }
}

/// Writes decisions, and their revisions but for the one that is `known`. Returns the newest revision's key.
fn keep_all(connection: &Connection, batch: &[Kept], mut known: Option<String>) -> rusqlite::Result<Option<String>> {
    let json = |error: serde_json::Error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    for Kept { followed, facts, outcome } in batch {
        if known.as_deref() != Some(followed.key.as_str()) {
            connection
                .prepare_cached("INSERT INTO revision (key, json) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING")?
                .execute(params![followed.key, followed.json])?;
            known = Some(followed.key.clone());
        }
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
    Ok(known)
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

#[cfg(test)]
mod tests {
    use common::outcome::DeclineReason;
    use common::strategy::TaskClass;

    use super::*;
    use crate::strategy_source::StrategySource;

    fn source() -> StrategySource {
        let profiles = include_str!("../../../config/examples/subnet-profiles.json");
        StrategySource::new(serde_json::from_str(profiles).unwrap()).unwrap()
    }

    fn kept(source: &StrategySource, number: u64) -> Kept {
        let facts = DecisionFacts {
            task: TaskId::new(number, [0; 10]),
            netuid: common::id::Netuid(1),
            caller: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".parse().unwrap(),
            route: "PromptingSynapse".into(),
            unix_ms: 0,
            remaining_ms: 0,
            paused: true,
            class: TaskClass::Unknown,
            confidence: 0.1,
            form: None,
            asked_tokens: None,
            inputs: Vec::new(),
            models: Vec::new(),
            windows: Vec::new(),
            rules: common::decision::ProfileRules {
                participation_rate: 1.0,
                max_tokens_per_task: 1,
                samples: 3,
                respond: common::config::answering::Respond::default(),
            },
        };
        let outcome = DecisionOutcome::Declined(DeclineReason::Paused);
        Kept { followed: source.current(), facts, outcome }
    }

    fn count(connection: &Connection, table: &str) -> i64 {
        connection.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn only_the_newest_decisions_and_their_revisions_are_kept() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        let source = source();
        let first = keep_all(&connection, &[kept(&source, 0)], None).unwrap();
        let revision = source.current().policy.revision().clone();
        source.install(Revision { number: 1, ..revision }).unwrap();

        let batch: Vec<_> = (1..=KEPT.unsigned_abs()).map(|number| kept(&source, number)).collect();
        let newest = keep_all(&connection, &batch, first).unwrap();

        assert_eq!((count(&connection, "decision"), count(&connection, "revision")), (KEPT, 1));
        assert_eq!(newest, Some(source.current().key.clone()));
        assert!(find(&connection, TaskId::new(0, [0; 10])).unwrap().is_none());
        assert!(find(&connection, TaskId::new(KEPT.unsigned_abs(), [0; 10])).unwrap().is_some());
    }
}
