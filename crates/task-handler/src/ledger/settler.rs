//! The worker that writes settlements: those that wait together are written together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use common::call::task::Amount;
use common::record::AttemptOutcome;
use daemon_kit::{Durability, Store, Workers, outbox};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::booking::Booking;
use super::call::Facts;
use super::sums::{Sums, Tally};
use super::{Clock, journal, sql};
use crate::chain::chain;

/// The most reservations at a time.
const PLACES: usize = 1024;
/// The most settlements written at a time.
const BATCH: usize = 64;

/// A call that has ended.
#[derive(Debug)]
pub(super) struct Settlement {
    pub(super) facts: Facts,
    pub(super) booking: Booking,
    pub(super) outcome: AttemptOutcome,
    pub(super) latency: Duration,
    /// Told once it is written.
    pub(super) done: Option<oneshot::Sender<()>>,
}

/// Called when records are ready for tracker.
#[derive(Clone)]
pub struct Notify(Arc<dyn Fn() + Send + Sync>);

impl Notify {
    /// Makes a notification of a function that returns at once.
    pub fn new(notify: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(notify))
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notify")
    }
}

/// Starts the worker. It ends when the ledger and all reservations are gone.
pub(super) fn start(
    store: Store,
    sums: Sums,
    clock: Clock,
    notify: Notify,
    workers: &Workers,
) -> mpsc::Sender<Settlement> {
    let (sender, receiver) = mpsc::channel(PLACES);
    workers.spawn("ledger-settler", settle(store, sums, clock, notify, receiver));
    sender
}

async fn settle(store: Store, sums: Sums, clock: Clock, notify: Notify, mut queue: mpsc::Receiver<Settlement>) {
    let mut batch = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        let settlements = std::mem::take(&mut batch);
        let now_ms = clock.now_ms();
        let sums = sums.clone();
        let written = store
            .run(Durability::Lazy, move |connection| {
                sums.with(connection, |tally| write_all(connection, tally, &settlements, now_ms))?;
                Ok(settlements)
            })
            .await;
        match written {
            Ok(settlements) => {
                (notify.0)();
                for settlement in settlements {
                    // The caller may have stopped waiting.
                    settlement.done.map(|done| done.send(()));
                }
            }
            // The reservations stay open, and count in full until the next start books them so.
            Err(error) => {
                tracing::error!(error = chain(&error), "Settlements cannot be written, the reservations stay");
            }
        }
    }
}

/// Writes settlements and, when all are written, counts them.
fn write_all(
    connection: &Connection,
    tally: &mut Tally,
    settlements: &[Settlement],
    now_ms: u64,
) -> rusqlite::Result<()> {
    let mut booked = Vec::with_capacity(settlements.len());
    for settlement in settlements {
        booked.extend(write(connection, settlement, now_ms)?.map(|open| (settlement, open)));
    }
    for (Settlement { facts, .. }, Booked { unix_ms, reserved, settled }) in booked {
        tally.settle(&facts.subject, unix_ms, reserved, settled);
    }
    Ok(())
}

/// A call that was open until now.
struct Booked {
    /// When it was reserved.
    unix_ms: u64,
    reserved: Amount,
    settled: Amount,
}

/// Books a call and puts its record in line, once however often it is asked to.
fn write(connection: &Connection, settlement: &Settlement, now_ms: u64) -> rusqlite::Result<Option<Booked>> {
    let Settlement { facts, booking, outcome, latency, done: _ } = settlement;
    let (reserved, settled) = (sql::stored(facts.bound.reserved()), sql::stored(booking.amount()));
    let Some(unix_ms) = journal::settle(connection, facts.attempt, settled, booking.estimated, now_ms)? else {
        return Ok(None);
    };
    if settled.tokens > reserved.tokens || settled.cost > reserved.cost {
        tracing::warn!(
            attempt = %facts.attempt,
            model = %facts.subject.model,
            reserved_tokens = reserved.tokens,
            tokens = settled.tokens,
            reserved_cost = %reserved.cost,
            cost = %settled.cost,
            "A call used more than was reserved, booked in full"
        );
    }
    outbox::push(connection, &facts.ended(*booking, *outcome, *latency, now_ms))?;
    Ok(Some(Booked { unix_ms, reserved, settled }))
}
