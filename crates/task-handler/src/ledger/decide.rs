//! Whether one more call may be made: looks at what is used, and writes the call down if every limit has room.

use common::call::task::Amount;
use common::id::TaskId;
use daemon_kit::outbox;
use rusqlite::Connection;

use super::call::Facts;
use super::journal::{self, JournalRow};
use super::limit::Subject;
use super::sql;
use super::sums::Tally;

/// What came of asking for a reservation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// It is written down.
    Reserved,
    /// The named limit has no room.
    Blocked(String),
    /// No limit applies to the call.
    Unlimited,
    /// An earlier run of this program has already called a vendor for the task.
    AlreadyTried,
}

/// Checks and reserves in one step; the caller runs it as one transaction.
pub(super) fn reserve(
    connection: &Connection,
    tally: &mut Tally,
    facts: &Facts,
    first: bool,
    now_ms: u64,
) -> rusqlite::Result<Verdict> {
    if first && journal::knows(connection, facts.task())? {
        return Ok(Verdict::AlreadyTried);
    }
    let time_ms = tally.time_ms(now_ms);
    let reserved = sql::stored(facts.bound.reserved());
    if let Some(refusal) = refusal(tally, &facts.subject, reserved, time_ms) {
        return Ok(refusal);
    }
    let row = write(connection, facts, reserved, facts.task(), time_ms)?;
    tally.add_reserved(&row);
    Ok(Verdict::Reserved)
}

fn refusal(tally: &Tally, subject: &Subject, asked: Amount, time_ms: u64) -> Option<Verdict> {
    let mut limits = tally.applying(subject, time_ms).peekable();
    if limits.peek().is_none() {
        return Some(Verdict::Unlimited);
    }
    limits.find(|standing| !standing.admits(asked)).map(|standing| Verdict::Blocked(standing.limit.name.clone()))
}

fn write(
    connection: &Connection,
    facts: &Facts,
    reserved: Amount,
    task: TaskId,
    time_ms: u64,
) -> rusqlite::Result<JournalRow> {
    let subject = facts.subject.clone();
    let row = JournalRow { attempt: facts.attempt, unix_ms: time_ms, subject, reserved, settled: None };
    journal::insert(connection, &row, task)?;
    outbox::stage(connection, &facts.interrupted(time_ms))?;
    Ok(row)
}
