//! What is put right at start-up: calls whose process has died, and sums that differ from the journal.

use common::call::task::Amount;
use daemon_kit::outbox;
use rusqlite::Connection;

use super::{journal, spent};

/// What was found at start-up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Recovered {
    /// Calls that were open, now booked at their reservation.
    pub(super) interrupted: usize,
    /// What was booked for them.
    pub(super) booked: Amount,
    /// Whether the sums were those of the journal.
    pub(super) sums_were_right: bool,
}

/// Books every open call at its full reservation, puts their records in line, and checks the sums.
pub(super) fn recover(connection: &Connection, now_ms: u64) -> rusqlite::Result<Recovered> {
    let sums_were_right = spent::verify(connection)?;
    let open = journal::open(connection)?;
    let mut booked = Amount::default();
    for row in &open {
        journal::settle(connection, row.attempt, row.reserved, true, now_ms)?;
        spent::settle(connection, row, row.reserved)?;
        booked.tokens = booked.tokens.saturating_add(row.reserved.tokens);
        booked.cost = booked.cost.saturating_add(row.reserved.cost);
    }
    outbox::release_staged(connection)?;
    Ok(Recovered { interrupted: open.len(), booked, sums_were_right })
}
