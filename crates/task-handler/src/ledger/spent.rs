//! Sums of the journal by period and subject: what makes a reservation cheap. The journal is right where they differ.

use std::collections::BTreeMap;

use common::call::task::Amount;
use common::config::budget::LimitScope;
use common::money::NanoUsd;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::journal::{self, JournalRow};
use super::limit::{Subject, Used};
use super::sql::{self, SCOPE, ScopeValues, integer};
use super::window::{self, Span};

/// Counts a call that has just been allowed, and forgets the seconds that no minute holds any more.
pub(super) fn add_reserved(connection: &Connection, row: &JournalRow) -> rusqlite::Result<()> {
    forget_seconds(connection, row.unix_ms)?;
    change(connection, row, |used| used.plus(Used { settled: Amount::default(), reserved: row.reserved }))
}

/// Counts an open call as what it came to.
pub(super) fn settle(connection: &Connection, open: &JournalRow, settled: Amount) -> rusqlite::Result<()> {
    change(connection, open, |used| {
        let reserved = Amount {
            tokens: used.reserved.tokens.saturating_sub(open.reserved.tokens),
            cost: NanoUsd(used.reserved.cost.0.saturating_sub(open.reserved.cost.0)),
        };
        Used { reserved, ..used }.plus(Used { settled, reserved: Amount::default() })
    })
}

/// Adds up a scope's calls of a window.
pub(super) fn used(connection: &Connection, scope: &LimitScope, span: &Span) -> rusqlite::Result<Used> {
    let sql = format!("SELECT * FROM spent WHERE period BETWEEN :first AND :last AND {SCOPE}");
    let mut statement = connection.prepare_cached(&sql)?;
    let values = ScopeValues::of(scope);
    let mut rows = statement.query(&values.with([(":first", span.start()), (":last", span.end())]))?;
    let mut used = Used::default();
    while let Some(row) = rows.next()? {
        used = used.plus(read(row)?);
    }
    Ok(used)
}

/// Compares the sums with the journal and, if they differ, makes them anew. Returns whether they were right.
pub(super) fn verify(connection: &Connection) -> rusqlite::Result<bool> {
    let mut right = Sums::new();
    let newest_ms = journal::newest(connection)?.unwrap_or(0);
    let bygone = window::bygone_seconds(newest_ms);
    // A settlement may have come back to a second that was forgotten.
    forget_seconds(connection, newest_ms)?;
    journal::each(connection, |row| {
        for period in window::periods(row.unix_ms).into_iter().filter(|period| !bygone.contains(period)) {
            let used = right.entry((period, row.subject.clone())).or_default();
            *used = used.plus(row.used());
        }
    })?;
    let kept = all(connection)?;
    if kept == right {
        return Ok(true);
    }
    connection.execute("DELETE FROM spent", [])?;
    for ((period, subject), used) in right {
        write(connection, &period, &subject, used)?;
    }
    Ok(false)
}

/// Drops the sums of the seconds that no minute holds any more at a time.
fn forget_seconds(connection: &Connection, unix_ms: u64) -> rusqlite::Result<()> {
    let bygone = window::bygone_seconds(unix_ms);
    connection
        .prepare_cached("DELETE FROM spent WHERE period >= ?1 AND period < ?2")?
        .execute([bygone.start, bygone.end])?;
    Ok(())
}

type Sums = BTreeMap<(String, Subject), Used>;

fn all(connection: &Connection) -> rusqlite::Result<Sums> {
    let entry = |row: &Row<'_>| Ok(((row.get("period")?, sql::subject(row)?), read(row)?));
    connection.prepare_cached("SELECT * FROM spent")?.query_map([], entry)?.collect()
}

fn change(connection: &Connection, row: &JournalRow, to: impl Fn(Used) -> Used) -> rusqlite::Result<()> {
    let Subject { vendor, model, netuid, validator } = &row.subject;
    for period in window::periods(row.unix_ms) {
        let before = connection
            .prepare_cached(
                "SELECT * FROM spent \
                 WHERE period = ?1 AND vendor = ?2 AND model = ?3 AND netuid = ?4 AND validator = ?5",
            )?
            .query_row(params![period, vendor.as_str(), model.as_str(), netuid.0, validator.as_str()], read)
            .optional()?
            .unwrap_or_default();
        write(connection, &period, &row.subject, to(before))?;
    }
    Ok(())
}

fn write(connection: &Connection, period: &str, subject: &Subject, used: Used) -> rusqlite::Result<()> {
    connection.prepare_cached("INSERT OR REPLACE INTO spent VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?.execute(
        params![
            period,
            subject.vendor.as_str(),
            subject.model.as_str(),
            subject.netuid.0,
            subject.validator.as_str(),
            integer(used.settled.tokens),
            integer(used.settled.cost.0),
            integer(used.reserved.tokens),
            integer(used.reserved.cost.0),
        ],
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Used> {
    Ok(Used {
        settled: sql::amount(row, "settled_tokens", "settled_cost")?,
        reserved: sql::amount(row, "reserved_tokens", "reserved_cost")?,
    })
}
