//! The journal: what was wanted, decided and done with the coldkey, on disk before it is done. `wallet.db` keeps it, and beside
//! it what came and went.

pub(crate) mod step;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use common::call::wallet::balance::{Earnings, EarningsQuery};
use common::config::wallet::OperationKind;
use common::id::OperationId;
use daemon_kit::{Durability, Store, StoreError};
use rusqlite::Connection;
use tokio::sync::watch;

use crate::ledger::{self, NewEntry};
use step::{OutOfOrder, Record, Step};

const MIGRATIONS: &[&str] = &[include_str!("journal/schema.sql")];

/// The journal cannot be read or written. Nothing is signed then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    /// The database does not work.
    #[error("wallet.db does not work")]
    Store(#[from] StoreError),
    /// A step cannot be read.
    #[error("wallet.db: step {sequence} cannot be read; the journal was written by another release")]
    Unreadable {
        /// Which.
        sequence: i64,
    },
    /// A step contradicts the ones before.
    #[error("wallet.db")]
    OutOfOrder(#[from] OutOfOrder),
}

/// All operations, in memory as on disk.
pub(crate) struct Journal {
    store: Store,
    book: Mutex<BTreeMap<OperationId, Record>>,
    /// Counts changes.
    changes: watch::Sender<u64>,
}

/// What was spent up to now, for the policy.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Spent {
    /// In the last 24 hours, in rao.
    pub(crate) day: u64,
    /// Ever, in rao.
    pub(crate) total: u64,
    /// When the last operation of the kind was about to be signed, in milliseconds since 1970.
    pub(crate) last_of_kind_ms: Option<u64>,
}

const DAY_MS: u64 = 24 * 3600 * 1000;

impl Journal {
    /// Opens `wallet.db` and reads all steps.
    ///
    /// # Errors
    /// If the database does not work, or holds what no operation could have led to.
    pub(crate) async fn open(path: &Path) -> Result<Self, JournalError> {
        let store = Store::open(path, MIGRATIONS)?;
        let rows = store.run(Durability::Lazy, read).await?;
        let mut book = BTreeMap::new();
        for (sequence, operation, unix_ms, step) in rows {
            let unreadable = || JournalError::Unreadable { sequence };
            let id: OperationId = operation.parse().map_err(|_| unreadable())?;
            let step: Step = serde_json::from_str(&step).map_err(|_| unreadable())?;
            add(&mut book, id, unix_ms.unsigned_abs(), step)?;
        }
        Ok(Self { store, book: Mutex::new(book), changes: watch::Sender::new(0) })
    }

    /// Adds steps to an operation, and to the ledger what they brought: on the disk when this returns, or not at all.
    ///
    /// # Errors
    /// If they cannot be written, or do not follow the ones before.
    pub(crate) async fn add(
        &self,
        id: OperationId,
        unix_ms: u64,
        steps: Vec<Step>,
        entries: Vec<NewEntry>,
    ) -> Result<Record, JournalError> {
        // Tried first on a copy: what does not follow must not get into the file.
        let mut copy: BTreeMap<_, _> = self.get(id).map(|record| (id, record)).into_iter().collect();
        for step in steps.clone() {
            add(&mut copy, id, unix_ms, step)?;
        }
        let Some(record) = copy.remove(&id) else { return Err(OutOfOrder(id).into()) };
        let write = move |connection: &Connection| {
            let mut insert =
                connection.prepare_cached("INSERT INTO journal (operation, unix_ms, step) VALUES (?1, ?2, ?3)")?;
            for step in &steps {
                let json = serde_json::to_string(step)
                    .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
                insert.execute((id.to_string(), unix_ms.cast_signed(), json))?;
            }
            entries.iter().try_for_each(|entry| ledger::insert(connection, entry))
        };
        self.store.run(Durability::Synced, write).await?;
        self.book().insert(id, record.clone());
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
        Ok(record)
    }

    /// Returns an operation.
    pub(crate) fn get(&self, id: OperationId) -> Option<Record> {
        self.book().get(&id).cloned()
    }

    /// Returns all operations that are so, in no order that means anything.
    pub(crate) fn all(&self, is: impl Fn(&Record) -> bool) -> Vec<Record> {
        self.book().values().filter(|record| is(record)).cloned().collect()
    }

    /// Returns the newest operations, newest first.
    pub(crate) fn newest(&self, limit: usize) -> Vec<Record> {
        let mut records: Vec<Record> = self.book().values().cloned().collect();
        records.sort_by_key(|record| std::cmp::Reverse((record.wanted_ms, record.id)));
        records.truncate(limit);
        records
    }

    /// Counts changes: to be awaited.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// What was spent up to now.
    pub(crate) fn spent(&self, kind: OperationKind, now_ms: u64) -> Spent {
        let mut spent = Spent::default();
        for record in self.book().values().filter(|record| record.is_spent()) {
            let (value, at) = (record.moved().0, record.prepared_ms.unwrap_or(record.wanted_ms));
            spent.total = spent.total.saturating_add(value);
            // A clock that was set back must not open the day's limit: what is in the future counts, too.
            if at.saturating_add(DAY_MS) > now_ms {
                spent.day = spent.day.saturating_add(value);
            }
            if record.wanted.operation.kind() == kind {
                spent.last_of_kind_ms = spent.last_of_kind_ms.max(Some(at));
            }
        }
        spent
    }

    /// Returns entries of the ledger.
    ///
    /// # Errors
    /// If they cannot be read.
    pub(crate) async fn earnings(&self, query: EarningsQuery) -> Result<Earnings, StoreError> {
        self.store.run(Durability::Lazy, move |connection| ledger::page(connection, &query)).await
    }

    /// The database, for what else is kept in it.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// A panic elsewhere leaves nothing half done in here.
    fn book(&self) -> MutexGuard<'_, BTreeMap<OperationId, Record>> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(book: &mut BTreeMap<OperationId, Record>, id: OperationId, unix_ms: u64, step: Step) -> Result<(), OutOfOrder> {
    let record = match book.remove(&id) {
        None => Record::begin(id, unix_ms, step)?,
        Some(record) => record.then(unix_ms, step)?,
    };
    book.insert(id, record);
    Ok(())
}

type Row = (i64, String, i64, String);

fn read(connection: &Connection) -> rusqlite::Result<Vec<Row>> {
    let mut statement =
        connection.prepare("SELECT sequence, operation, unix_ms, step FROM journal ORDER BY sequence")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?.collect()
}

#[cfg(test)]
mod tests;
