//! Daily counters: written with the rows they count, so that a status never has to read the history.

use std::collections::BTreeMap;

use common::record::{DeliveryOutcome, Entry, Record, TaskCounts};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Counts;
use super::integer::{signed, unsigned};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The UTC day of a time, in whole days since 1970.
fn day(unix_ms: u64) -> i64 {
    signed(unix_ms) / DAY_MS
}

/// What some entries add to each day.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Tally(BTreeMap<i64, TaskCounts>);

impl Tally {
    /// Counts an entry on the day it happened.
    pub(super) fn count(&mut self, entry: &Entry) {
        let counted = match &entry.record {
            Record::Attempt(_) | Record::Epoch(_) | Record::EpochGap(_) | Record::Registration(_) => return,
            Record::Delivery(delivery) => of_delivery(&delivery.outcome),
            Record::Refusal(refusal) => TaskCounts { refused: refusal.count, ..TaskCounts::default() },
        };
        self.add(day(entry.unix_ms), counted);
    }

    fn add(&mut self, day: i64, counted: TaskCounts) {
        let counts = self.0.entry(day).or_default();
        *counts = sum(*counts, counted);
    }

    /// Adds everything to the counters in the database.
    pub(super) fn add_to(&self, connection: &Connection) -> rusqlite::Result<()> {
        for (&day, &counted) in &self.0 {
            write(connection, day, sum(of_day(connection, day)?, counted))?;
        }
        Ok(())
    }
}

/// Returns the counters of the day of `unix_ms` and of all days together.
pub(super) fn read(connection: &Connection, unix_ms: u64) -> rusqlite::Result<Counts> {
    let mut days = connection.prepare_cached("SELECT answered, declined, failed, refused FROM daily_counts")?;
    let mut total = TaskCounts::default();
    for counts in days.query_map([], of_row)? {
        total = sum(total, counts?);
    }
    Ok(Counts { today: of_day(connection, day(unix_ms))?, total })
}

/// Replaces the counters by what the rows add up to.
pub(super) fn rebuild(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM daily_counts", [])?;
    of_rows(connection)?.add_to(connection)
}

/// Counts the rows themselves.
fn of_rows(connection: &Connection) -> rusqlite::Result<Tally> {
    let mut tally = Tally::default();
    let mut deliveries = connection.prepare(
        "SELECT count(*) FILTER (WHERE outcome = 'answered'), count(*) FILTER (WHERE outcome = 'declined'),
             count(*) FILTER (WHERE outcome NOT IN ('answered', 'declined')), 0, unix_ms / ?1 AS day
         FROM deliveries GROUP BY day",
    )?;
    let mut rows = deliveries.query([DAY_MS])?;
    while let Some(row) = rows.next()? {
        tally.add(row.get("day")?, of_row(row)?);
    }
    // Summed here, because SQLite's sum() fails when it overflows.
    let mut refusals = connection.prepare("SELECT 0, 0, 0, count, unix_ms / ?1 AS day FROM refusals")?;
    let mut rows = refusals.query([DAY_MS])?;
    while let Some(row) = rows.next()? {
        tally.add(row.get("day")?, of_row(row)?);
    }
    Ok(tally)
}

fn of_delivery(outcome: &DeliveryOutcome) -> TaskCounts {
    let mut counts = TaskCounts::default();
    match outcome {
        DeliveryOutcome::Answered => counts.answered = 1,
        DeliveryOutcome::Declined(_) => counts.declined = 1,
        DeliveryOutcome::Failed(_)
        | DeliveryOutcome::Unavailable
        | DeliveryOutcome::Undelivered
        | DeliveryOutcome::Interrupted => counts.failed = 1,
    }
    counts
}

fn of_day(connection: &Connection, day: i64) -> rusqlite::Result<TaskCounts> {
    let mut one =
        connection.prepare_cached("SELECT answered, declined, failed, refused FROM daily_counts WHERE day = ?1")?;
    Ok(one.query_row([day], of_row).optional()?.unwrap_or_default())
}

fn write(connection: &Connection, day: i64, counts: TaskCounts) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO daily_counts (day, answered, declined, failed, refused) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            day,
            signed(counts.answered),
            signed(counts.declined),
            signed(counts.failed),
            signed(counts.refused)
        ])?;
    Ok(())
}

/// Reads the first four columns.
fn of_row(row: &Row<'_>) -> rusqlite::Result<TaskCounts> {
    Ok(TaskCounts {
        answered: unsigned(row.get(0)?),
        declined: unsigned(row.get(1)?),
        failed: unsigned(row.get(2)?),
        refused: unsigned(row.get(3)?),
    })
}

/// Adds without ever wrapping, in any order to the same end.
fn sum(left: TaskCounts, right: TaskCounts) -> TaskCounts {
    // The bound is SQLite's, so that a sum is the same before and after it was stored.
    let add = |left: u64, right: u64| unsigned(signed(left.saturating_add(right)));
    TaskCounts {
        answered: add(left.answered, right.answered),
        declined: add(left.declined, right.declined),
        failed: add(left.failed, right.failed),
        refused: add(left.refused, right.refused),
    }
}
