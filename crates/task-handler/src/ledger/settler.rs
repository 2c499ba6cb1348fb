//! The worker that writes settlements: those that wait together are written together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use common::call::task::{Amount, Lift};
use common::config::subnet::ModelRef;
use common::record::AttemptOutcome;
use daemon_kit::{Durability, Store, Workers, outbox};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use super::booking::Booking;
use super::call::Facts;
use super::lift::{self, Lifts};
use super::sums::{Sums, Tally};
use super::{Clock, journal, sql};
use crate::chain::chain;

/// The most reservations at a time.
const PLACES: usize = 4096;
/// The most settlements written at a time.
const BATCH: usize = 64;
/// How long settlements that nobody waits for are gathered: a commit for each would cost more than the settlement.
const GATHER: Duration = Duration::from_millis(20);

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

/// What the worker is given.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are the large one")]
pub(super) enum Note {
    /// A call has ended.
    Ended(Settlement),
    /// Somebody wants to know that what came before is written.
    Asked(oneshot::Sender<()>),
}

impl Note {
    fn is_waited_for(&self) -> bool {
        match self {
            Self::Ended(settlement) => settlement.done.is_some(),
            Self::Asked(_) => true,
        }
    }
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

/// What the worker works with.
pub(super) struct Settler {
    store: Store,
    sums: Sums,
    lifts: Lifts,
    clock: Clock,
    notify: Notify,
}

impl Settler {
    pub(super) fn new(store: Store, sums: Sums, lifts: Lifts, clock: Clock, notify: Notify) -> Self {
        Self { store, sums, lifts, clock, notify }
    }

    /// Starts the worker. It ends when the ledger and all reservations are gone; what is returned beside its queue is closed
    /// then.
    pub(super) fn start(self, workers: &Workers) -> (mpsc::Sender<Note>, watch::Receiver<()>) {
        let (sender, receiver) = mpsc::channel(PLACES);
        let (ending, ended) = watch::channel(());
        workers.spawn("ledger-settler", async move {
            self.settle(receiver).await;
            drop(ending);
        });
        (sender, ended)
    }

    async fn settle(&self, mut queue: mpsc::Receiver<Note>) {
        let mut notes = Vec::with_capacity(BATCH);
        while queue.recv_many(&mut notes, BATCH).await > 0 {
            gather(&mut queue, &mut notes).await;
            let (mut settlements, mut asked) = (Vec::with_capacity(notes.len()), Vec::new());
            for note in notes.drain(..) {
                match note {
                    Note::Ended(settlement) => settlements.push(settlement),
                    Note::Asked(written) => asked.push(written),
                }
            }
            if !settlements.is_empty() {
                asked.extend(self.book(settlements).await);
            }
            for written in asked {
                // The caller may have stopped waiting.
                let _gone = written.send(());
            }
        }
    }

    /// Writes settlements; returns who waits for them.
    async fn book(&self, settlements: Vec<Settlement>) -> Vec<oneshot::Sender<()>> {
        let (sums, now_ms) = (self.sums.clone(), self.clock.now_ms());
        let written = self
            .store
            .run(Durability::Lazy, move |connection| {
                let raised = sums.with(connection, |tally| write_all(connection, tally, &settlements, now_ms))?;
                Ok((settlements, raised))
            })
            .await;
        match written {
            Ok((settlements, raised)) => {
                for (model, lift) in raised {
                    self.lifts.raise(&model, lift);
                }
                (self.notify.0)();
                settlements.into_iter().filter_map(|settlement| settlement.done).collect()
            }
            // The reservations stay open, and count in full until the next start books them so.
            Err(error) => {
                tracing::error!(error = chain(&error), "Settlements cannot be written, the reservations stay");
                Vec::new()
            }
        }
    }
}

/// Lets others join as long as nobody waits.
async fn gather(queue: &mut mpsc::Receiver<Note>, notes: &mut Vec<Note>) {
    let until = Instant::now() + GATHER;
    while notes.len() < BATCH && !notes.iter().any(Note::is_waited_for) {
        let room = BATCH - notes.len();
        if !matches!(timeout_at(until, queue.recv_many(notes, room)).await, Ok(1..)) {
            return;
        }
    }
}

/// Writes settlements and, when all are written, counts them. Returns the models that used more than was reserved, and what
/// must be reserved for them.
fn write_all(
    connection: &Connection,
    tally: &mut Tally,
    settlements: &[Settlement],
    now_ms: u64,
) -> rusqlite::Result<Vec<(ModelRef, Lift)>> {
    let mut booked = Vec::with_capacity(settlements.len());
    for settlement in settlements {
        booked.extend(write(connection, settlement, now_ms)?.map(|open| (settlement, open)));
    }
    let mut raised = Vec::new();
    for (Settlement { facts, .. }, Booked { unix_ms, reserved, settled, lift }) in booked {
        tally.settle(&facts.subject, unix_ms, reserved, settled);
        raised.extend(lift.map(|lift| (facts.model(), lift)));
    }
    Ok(raised)
}

/// A call that was open until now.
struct Booked {
    /// When it was reserved.
    unix_ms: u64,
    reserved: Amount,
    settled: Amount,
    /// What must be reserved from now on, if it was too little.
    lift: Option<Lift>,
}

/// Books a call and puts its record in line, once however often it is asked to.
fn write(connection: &Connection, settlement: &Settlement, now_ms: u64) -> rusqlite::Result<Option<Booked>> {
    let Settlement { facts, booking, outcome, latency, done: _ } = settlement;
    let (reserved, settled) = (sql::stored(facts.bound.reserved()), sql::stored(booking.amount()));
    let Some(unix_ms) = journal::settle(connection, facts.attempt, settled, booking.estimated, now_ms)? else {
        return Ok(None);
    };
    let lift = facts.bound.lift_for(booking);
    if let Some(lift) = lift {
        lift::write(connection, &facts.model(), lift)?;
        tracing::error!(
            attempt = %facts.attempt,
            model = %facts.model(),
            reserved_tokens = reserved.tokens,
            tokens = settled.tokens,
            reserved_cost = %reserved.cost,
            cost = %settled.cost,
            "A call used more than was reserved, booked in full, and more is reserved for the model from now on"
        );
    }
    outbox::push(connection, &facts.ended(*booking, *outcome, *latency, now_ms))?;
    Ok(Some(Booked { unix_ms, reserved, settled, lift }))
}
