//! The history in `state/tracker.db`: each entry once, however often it is sent.

mod counts;
mod epochs;
mod integer;
mod row;

use std::collections::BTreeMap;
use std::path::Path;

use common::call::tracker::{EpochSummary, Wishes};
use common::id::{EntryId, Netuid};
use common::record::{Entry, TaskCounts};
use daemon_kit::{Durability, Store, StoreError};
use rusqlite::Connection;

use crate::schema::MIGRATIONS;

/// The database; clones share it.
#[derive(Clone, Debug)]
pub struct History {
    store: Store,
}

/// How many tasks came to what, over two times.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// In the UTC day that was asked for.
    pub today: TaskCounts,
    /// Since the database was made.
    pub total: TaskCounts,
}

impl History {
    /// Opens the database, or makes it.
    ///
    /// # Errors
    /// When the file cannot be opened or brought to this version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { store: Store::open(path, MIGRATIONS)? })
    }

    /// Records all entries or, on an error, none, and returns their ids once they would survive a power failure.
    ///
    /// An entry that was recorded before counts as recorded and changes nothing.
    ///
    /// # Errors
    /// When the database cannot be written; the same entries may be sent again.
    pub async fn record(&self, entries: Vec<Entry>) -> Result<Vec<EntryId>, StoreError> {
        let ids = entries.iter().map(|entry| entry.id).collect();
        self.store.run(Durability::Synced, move |connection| insert(connection, &entries)).await?;
        Ok(ids)
    }

    /// Returns the counts of the UTC day of `unix_ms` and of all days.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn counts(&self, unix_ms: u64) -> Result<Counts, StoreError> {
        self.store.run(Durability::Lazy, move |connection| counts::read(connection, unix_ms)).await
    }

    /// Returns the newest epoch of each subnet, and what the day before `unix_ms` has earned.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn epochs(&self, unix_ms: u64) -> Result<Vec<EpochSummary>, StoreError> {
        self.store.run(Durability::Lazy, move |connection| epochs::newest(connection, unix_ms)).await
    }

    /// Makes the daily counters again from the rows they count.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn rebuild_counts(&self) -> Result<(), StoreError> {
        self.store.run(Durability::Synced, counts::rebuild).await
    }

    /// Returns the incentives of the newest epochs of each subnet, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn incentives(&self) -> Result<BTreeMap<Netuid, Vec<u16>>, StoreError> {
        self.store.run(Durability::Lazy, epochs::incentives).await
    }

    /// Sets whether no task should be answered.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_paused(&self, paused: bool) -> Result<(), StoreError> {
        let update =
            move |connection: &Connection| connection.execute("UPDATE wishes SET paused = ?1", [paused]).map(drop);
        self.store.run(Durability::Synced, update).await
    }

    /// Returns what the operator wishes.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn wishes(&self) -> Result<Wishes, StoreError> {
        self.store.run(Durability::Lazy, wishes).await
    }
}

/// Inserts what is new and counts it.
fn insert(connection: &Connection, entries: &[Entry]) -> rusqlite::Result<()> {
    let mut fresh = counts::Tally::default();
    for entry in entries {
        if row::insert(connection, entry)? {
            fresh.count(entry);
        }
    }
    fresh.add_to(connection)
}

fn wishes(connection: &Connection) -> rusqlite::Result<Wishes> {
    connection.query_row("SELECT revision, paused, frozen FROM wishes", [], |row| {
        Ok(Wishes { revision: integer::unsigned(row.get(0)?), paused: row.get(1)?, frozen: row.get(2)? })
    })
}
