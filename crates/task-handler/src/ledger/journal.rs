//! The journal's rows: one for each vendor call that was allowed.

use common::call::task::Amount;
use common::id::{AttemptId, TaskId};
use common::money::NanoUsd;
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use super::limit::{Subject, Used};
use super::sql::{self, integer};

/// A call as the journal has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct JournalRow {
    /// The call.
    pub(super) attempt: AttemptId,
    /// When it was reserved.
    pub(super) unix_ms: u64,
    /// What it is made with and for.
    pub(super) subject: Subject,
    /// The worst case.
    pub(super) reserved: Amount,
    /// What it came to, once that is known.
    pub(super) settled: Option<Amount>,
}

impl JournalRow {
    /// Returns what the call uses of every window it is in.
    pub(super) fn used(&self) -> Used {
        match self.settled {
            Some(settled) => Used { settled, reserved: Amount::default() },
            None => Used { settled: Amount::default(), reserved: self.reserved },
        }
    }
}

/// Writes down that a call is allowed.
pub(super) fn insert(connection: &Connection, row: &JournalRow, task: TaskId) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO journal \
             (attempt, task, unix_ms, vendor, key, model, netuid, validator, reserved_tokens, reserved_cost) \
             VALUES (:attempt, :task, :unix_ms, :vendor, :key, :model, :netuid, :validator, :tokens, :cost)",
        )?
        .execute(named_params! {
            ":attempt": row.attempt.to_string(),
            ":task": task.to_string(),
            ":unix_ms": integer(row.unix_ms),
            ":vendor": row.subject.vendor.as_str(),
            ":key": sql::key(&row.subject.key),
            ":model": row.subject.model.as_str(),
            ":netuid": row.subject.netuid.0,
            ":validator": row.subject.validator.as_str(),
            ":tokens": integer(row.reserved.tokens),
            ":cost": integer(row.reserved.cost.0),
        })?;
    Ok(())
}

/// Writes down what an open call came to, and returns when it was reserved; nothing if it is unknown or settled already.
pub(super) fn settle(
    connection: &Connection,
    attempt: AttemptId,
    settled: Amount,
    estimated: bool,
    unix_ms: u64,
) -> rusqlite::Result<Option<u64>> {
    connection
        .prepare_cached(
            "UPDATE journal SET settled_unix_ms = ?2, tokens = ?3, cost = ?4, estimated = ?5 \
             WHERE attempt = ?1 AND settled_unix_ms IS NULL RETURNING unix_ms",
        )?
        .query_row(
            params![attempt.to_string(), integer(unix_ms), integer(settled.tokens), integer(settled.cost.0), estimated],
            |row| sql::number(row, "unix_ms"),
        )
        .optional()
}

/// Returns the calls that are not settled.
pub(super) fn open(connection: &Connection) -> rusqlite::Result<Vec<JournalRow>> {
    connection.prepare_cached("SELECT * FROM journal WHERE settled_unix_ms IS NULL")?.query_map([], read)?.collect()
}

/// Calls `visit` with the rows from a time on, newest first: rows are in the order of their times.
pub(super) fn each_since(
    connection: &Connection,
    start_ms: u64,
    mut visit: impl FnMut(JournalRow),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached("SELECT * FROM journal ORDER BY rowid DESC")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let row = read(row)?;
        if row.unix_ms < start_ms {
            break;
        }
        visit(row);
    }
    Ok(())
}

/// Returns when the newest call was reserved.
pub(super) fn newest(connection: &Connection) -> rusqlite::Result<Option<u64>> {
    connection
        .prepare_cached("SELECT unix_ms FROM journal ORDER BY rowid DESC LIMIT 1")?
        .query_row([], |row| sql::number(row, "unix_ms"))
        .optional()
}

/// Whether any call was ever allowed for a task.
pub(super) fn knows(connection: &Connection, task: TaskId) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM journal WHERE task = ?1")?.exists([task.to_string()])
}

fn read(row: &Row<'_>) -> rusqlite::Result<JournalRow> {
    let attempt: String = row.get("attempt")?;
    let invalid =
        |error: uuid::Error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error));
    let tokens = sql::optional_number(row, "tokens")?;
    let cost = sql::optional_number(row, "cost")?;
    Ok(JournalRow {
        attempt: attempt.parse().map_err(invalid)?,
        unix_ms: sql::number(row, "unix_ms")?,
        subject: sql::subject(row)?,
        reserved: sql::amount(row, "reserved_tokens", "reserved_cost")?,
        settled: tokens.zip(cost).map(|(tokens, cost)| Amount { tokens, cost: NanoUsd(cost) }),
    })
}
