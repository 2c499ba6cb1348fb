//! Records on their way to tracker, durable in the owner's database until tracker has them.
//!
//! The table is the owner's, so that an entry shares a transaction with the fact it tells.

mod courier;

use common::id::EntryId;
use common::record::Entry;
use rusqlite::{Connection, OptionalExtension, params};

pub use courier::Courier;

/// The table; the owner's first migration.
pub const SCHEMA: &str = include_str!("outbox/schema.sql");
/// The table with nothing that has to be kept up for each entry but its id; a later migration of the owner.
pub const SLIM: &str = include_str!("outbox/slim.sql");

/// Ready to be sent.
const READY: i64 = 0;
/// Held back until `push` replaces it, or the process ends.
const STAGED: i64 = 1;
/// Cannot be read, kept for people.
const UNREADABLE: i64 = 2;

/// Puts an entry in line. A staged entry of the same id is replaced; a waiting one stays as it is.
///
/// # Errors
/// The statement failed.
pub fn push(connection: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let replace = "INSERT INTO outbox (id, state, entry) VALUES (?1, ?2, ?3)
        ON CONFLICT (id) DO UPDATE SET state = excluded.state, entry = excluded.entry WHERE state = ?4";
    connection.prepare_cached(replace)?.execute(params![entry.id.to_string(), READY, json(entry)?, STAGED])?;
    Ok(())
}

/// Puts an entry aside that is sent only if the process ends before [`push`] replaces it.
///
/// # Errors
/// The statement failed.
pub fn stage(connection: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    let insert = "INSERT INTO outbox (id, state, entry) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING";
    connection.prepare_cached(insert)?.execute(params![entry.id.to_string(), STAGED, json(entry)?])?;
    Ok(())
}

/// Puts staged entries in line, at start-up: their process has ended before it knew better. Returns how many.
///
/// # Errors
/// The statement failed.
pub fn release_staged(connection: &Connection) -> rusqlite::Result<u64> {
    let released = connection.execute("UPDATE outbox SET state = ?1 WHERE state = ?2", params![READY, STAGED])?;
    Ok(u64::try_from(released).unwrap_or(u64::MAX))
}

/// Counts the entries in line, up to 10,000: what is beyond is not worth reading for a number.
///
/// # Errors
/// The statement failed.
pub fn waiting(connection: &Connection) -> rusqlite::Result<u64> {
    let count: i64 = connection
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM outbox WHERE state = ?1 LIMIT 10000)")?
        .query_row([READY], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

fn json(entry: &Entry) -> rusqlite::Result<String> {
    serde_json::to_string(entry).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Returns the oldest entries in line, at most `entries` of them with about `bytes` of JSON. Sets aside what cannot be
/// read, so that it holds up nothing.
fn next_batch(connection: &Connection, entries: usize, bytes: usize) -> rusqlite::Result<Vec<Entry>> {
    let mut batch = Vec::new();
    let mut taken = 0;
    let mut unreadable: Vec<i64> = Vec::new();
    let mut statement =
        connection.prepare_cached("SELECT sequence, entry FROM outbox WHERE state = ?1 ORDER BY sequence")?;
    let mut rows = statement.query([READY])?;
    while batch.len() < entries
        && taken < bytes
        && let Some(row) = rows.next()?
    {
        let json: String = row.get(1)?;
        taken += json.len();
        match serde_json::from_str(&json) {
            Ok(entry) => batch.push(entry),
            Err(_) => unreadable.push(row.get(0)?),
        }
    }
    for sequence in unreadable {
        tracing::error!(sequence, "Outbox entry cannot be read, set aside");
        connection.execute("UPDATE outbox SET state = ?1 WHERE sequence = ?2", params![UNREADABLE, sequence])?;
    }
    Ok(batch)
}

/// Forgets entries that tracker has. Returns how many were in line.
fn acknowledge(connection: &Connection, ids: &[EntryId]) -> rusqlite::Result<usize> {
    let mut statement =
        connection.prepare_cached("DELETE FROM outbox WHERE id = ?1 AND state = ?2 RETURNING sequence")?;
    let mut deleted = 0;
    for id in ids {
        let row: Option<i64> = statement.query_row(params![id.to_string(), READY], |row| row.get(0)).optional()?;
        deleted += usize::from(row.is_some());
    }
    Ok(deleted)
}

#[cfg(test)]
mod tests;
