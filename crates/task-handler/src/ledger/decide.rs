//! Whether one more call may be made: reads what is used, and writes the call down if every limit has room.

use common::call::task::Amount;
use common::id::TaskId;
use daemon_kit::outbox;
use rusqlite::Connection;

use super::call::Facts;
use super::journal::{self, JournalRow};
use super::limit::{Limit, Used};
use super::spent;
use super::window;

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
    limits: &[Limit],
    facts: &Facts,
    first: bool,
    now_ms: u64,
) -> rusqlite::Result<Verdict> {
    if first && journal::knows(connection, facts.task())? {
        return Ok(Verdict::AlreadyTried);
    }
    let time_ms = window::window_time(now_ms, journal::newest(connection)?);
    let reserved = facts.bound.reserved();
    let mut limited = false;
    for limit in limits.iter().filter(|limit| limit.applies_to(&facts.subject)) {
        limited = true;
        if !limit.admits(used(connection, limit, time_ms)?, reserved) {
            return Ok(Verdict::Blocked(limit.name.clone()));
        }
    }
    if !limited {
        return Ok(Verdict::Unlimited);
    }
    write(connection, facts, reserved, facts.task(), time_ms)?;
    Ok(Verdict::Reserved)
}

/// Returns what is used of a limit at a time.
pub(super) fn used(connection: &Connection, limit: &Limit, time_ms: u64) -> rusqlite::Result<Used> {
    spent::used(connection, &limit.scope, &window::span(limit.window, time_ms))
}

fn write(connection: &Connection, facts: &Facts, reserved: Amount, task: TaskId, time_ms: u64) -> rusqlite::Result<()> {
    let subject = facts.subject.clone();
    let row = JournalRow { attempt: facts.attempt, unix_ms: time_ms, subject, reserved, settled: None };
    journal::insert(connection, &row, task)?;
    spent::add_reserved(connection, &row)?;
    outbox::stage(connection, &facts.interrupted(time_ms))
}
