//! What is put right at start-up: calls whose process has died.

use common::call::task::Amount;
use daemon_kit::outbox;
use rusqlite::Connection;

use super::journal;

/// More than clocks are corrected by in good order.
const CLOCK_BEHIND_MS: u64 = 60_000;

/// What was found at start-up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Recovered {
    /// Calls that were open, now booked at their reservation.
    pub(super) interrupted: usize,
    /// What was booked for them.
    pub(super) booked: Amount,
    /// How far the clock is behind the newest reservation, in milliseconds.
    pub(super) clock_behind_ms: u64,
}

impl Recovered {
    /// Tells the operator of everything that is not as it should be.
    pub(super) fn report(&self) {
        if self.interrupted > 0 {
            tracing::warn!(
                calls = self.interrupted,
                tokens = self.booked.tokens,
                cost = %self.booked.cost,
                "Calls were interrupted, booked at their worst case"
            );
        }
        if self.clock_behind_ms > CLOCK_BEHIND_MS {
            tracing::warn!(
                seconds = self.clock_behind_ms / 1000,
                "The clock is behind the ledger's newest entry, no window of a limit ends until it has caught up"
            );
        }
    }
}

/// Books every open call at its full reservation, and puts their records in line.
pub(super) fn recover(connection: &Connection, now_ms: u64) -> rusqlite::Result<Recovered> {
    let open = journal::open(connection)?;
    let mut booked = Amount::default();
    for row in &open {
        journal::settle(connection, row.attempt, row.reserved, true, now_ms)?;
        booked.tokens = booked.tokens.saturating_add(row.reserved.tokens);
        booked.cost = booked.cost.saturating_add(row.reserved.cost);
    }
    outbox::release_staged(connection)?;
    let clock_behind_ms = journal::newest(connection)?.unwrap_or(0).saturating_sub(now_ms);
    Ok(Recovered { interrupted: open.len(), booked, clock_behind_ms })
}
