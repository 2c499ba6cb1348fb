//! The budget ledger: nothing is spent that was not reserved, and nothing is reserved beyond a limit.
//!
//! A call's worst case is reserved durably before it leaves; only that gives the [`Permit`] which the vendor clients
//! demand. When it ends it is settled with what the vendor bills, and with the whole reservation where nobody knows.
//! All windows are computed from the journal's timestamps, so no sequence of crashes, resets or clock changes makes room
//! that is not there. Its sums are kept in memory, changed only by the thread that writes the journal, and made anew at every
//! start.

mod audit;
mod blocked;
mod booking;
mod call;
mod clock;
mod clock_guard;
mod decide;
mod earnings;
mod forecast;
mod journal;
mod lift;
mod limit;
mod recovery;
mod report;
mod reservation;
mod settler;
mod sql;
mod sums;
mod switch;
mod window;

use std::collections::BTreeMap;
use std::path::Path;

use common::call::task::{ClockJump, Earnings, LimitUse};
use common::config::budget::TokenBudgets;
use common::id::{AttemptId, VendorName};
use common::task::Task;
use daemon_kit::{Durability, Store, StoreError, Workers, outbox};
use llm::{Issuer, Permit};
use tokio::sync::{mpsc, watch};

pub use booking::Booking;
pub use call::Call;
pub use clock::{Clock, Reading};
pub use limit::{Key, Limit, Subject, Used};
pub use report::Reporter;
pub use reservation::Reservation;
pub use settler::Notify;
pub(crate) use window::elapsed_share;

use blocked::Blocks;
use call::Facts;
use clock_guard::ClockGuard;
use decide::Verdict;
use lift::Lifts;
use settler::{Note, Settler};
use sums::Sums;

/// Formats of the database, oldest first.
const MIGRATIONS: &[&str] = &[
    outbox::SCHEMA,
    include_str!("ledger/schema.sql"),
    include_str!("ledger/sums_in_memory.sql"),
    outbox::SLIM,
    include_str!("ledger/budget_state.sql"),
];

/// The budget ledger.
#[derive(Debug)]
pub struct Ledger {
    store: Store,
    sums: Sums,
    issuer: Issuer,
    clock: Clock,
    guard: ClockGuard,
    /// The key of each vendor that takes one.
    keys: BTreeMap<VendorName, String>,
    lifts: Lifts,
    blocks: Blocks,
    settlements: mpsc::Sender<Note>,
    /// Closed when the settler has written the last call.
    ended: watch::Receiver<()>,
}

/// Why a call may not be made; nothing is reserved then.
#[derive(Debug, thiserror::Error)]
pub enum ReserveError {
    /// A limit has no room for the worst case.
    #[error("limit {limit} of token-budgets.json has no room for the call")]
    Blocked {
        /// The limit's name.
        limit: String,
    },
    /// A call that nothing limits is not made.
    #[error("no limit of token-budgets.json applies to the call: add one, such as an overall limit per day")]
    Unlimited,
    /// The clock has jumped, and nobody has said that it is right.
    #[error(
        "the clock has jumped by {} s: set it right, or say `minerctl budget confirm-clock` if it is",
        .0.by_ms / 1000
    )]
    Clock(ClockJump),
    /// A vendor was called for the task before this program was started; it is not paid twice.
    #[error("the task was tried before the last restart")]
    AlreadyTried,
    /// The ledger cannot be written: without it there is no call.
    #[error("the ledger cannot be written")]
    Store(#[from] StoreError),
    /// The process stops.
    #[error("the ledger is closed")]
    Closed,
}

/// Opens or makes the ledger's database.
///
/// # Errors
/// As [`Store::open`].
pub fn open(path: &Path) -> Result<Store, StoreError> {
    Store::open(path, MIGRATIONS)
}

impl Ledger {
    /// Takes over the database: books what an earlier process left open, and starts the workers that write settlements and
    /// check the sums. `keys` has the credential of each vendor that takes one. `notify` is called when there are records for
    /// tracker.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub async fn start(
        store: Store,
        budgets: &TokenBudgets,
        keys: BTreeMap<VendorName, String>,
        issuer: Issuer,
        clock: Clock,
        notify: Notify,
        workers: &Workers,
    ) -> Result<Self, StoreError> {
        let now_ms = clock.now_ms();
        let recovered = store.run(Durability::Synced, move |connection| recovery::recover(connection, now_ms)).await?;
        recovered.report();
        let guard = ClockGuard::start(store.clone(), clock.clone()).await?;
        let lifts = store.run(Durability::Lazy, Lifts::read).await?;
        let sums = Sums::new(budgets.limits.iter().map(Limit::from).collect(), store.losses().clone());
        workers.spawn("ledger-audit", audit::hourly(store.clone(), sums.clone(), workers.clone()));
        let settler = Settler::new(store.clone(), sums.clone(), lifts.clone(), clock.clone(), notify);
        let (settlements, ended) = settler.start(workers);
        Ok(Self { store, sums, issuer, clock, guard, keys, lifts, blocks: Blocks::default(), settlements, ended })
    }

    /// Reserves the worst case of a call in every limit that applies to it, durably, and permits it.
    ///
    /// # Errors
    /// The call may not be made.
    pub async fn reserve(&self, call: &Call<'_>) -> Result<(Reservation, Permit), ReserveError> {
        let place = self.settlements.clone().reserve_owned().await.map_err(|_| ReserveError::Closed)?;
        let now_ms = self.guard.time_ms().await?.map_err(ReserveError::Clock)?;
        let attempt = AttemptId::new(now_ms, rand::random());
        let facts = Facts::new(call, self.key(call), self.lifts.of(&call.model.name), attempt);
        let reservation = Reservation::asked(facts.clone(), place);
        let (sums, first) = (self.sums.clone(), call.first);
        let verdict = self
            .store
            .run(Durability::Synced, move |connection| {
                sums.with(connection, |tally| decide::reserve(connection, tally, &facts, first, now_ms))
            })
            .await;
        let refusal = match verdict {
            Ok(Verdict::Reserved) => {
                let permit = self.issuer.permit(attempt, call.model.name.clone(), call.worst);
                return Ok((reservation.permitted(), permit));
            }
            Ok(Verdict::Blocked(limit)) => {
                self.blocks.count(&limit, call.task.netuid, &call.task.caller, now_ms);
                ReserveError::Blocked { limit }
            }
            Ok(Verdict::Unlimited) => ReserveError::Unlimited,
            Ok(Verdict::AlreadyTried) => ReserveError::AlreadyTried,
            Err(error) => ReserveError::Store(error),
        };
        reservation.refused();
        Err(refusal)
    }

    /// Returns each limit and what is used of it now, every call counted that has ended.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn limits(&self) -> Result<Vec<LimitUse>, StoreError> {
        let report = self.report().await?;
        Ok(report.limits.into_iter().map(|state| state.usage).collect())
    }

    /// Takes a report of what is earned, for the limits that are a share of it. Returns whether it is the newest.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn report_earnings(&self, earnings: Earnings) -> Result<bool, StoreError> {
        let sums = self.sums.clone();
        self.store
            .run(Durability::Synced, move |connection| {
                sums.with(connection, |tally| {
                    let is_newest = earnings::keep(connection, &earnings)?;
                    if is_newest {
                        tally.set_earnings(earnings);
                    }
                    Ok(is_newest)
                })
            })
            .await
    }

    /// The operator says that the clock is right: spending goes on.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn confirm_clock(&self) -> Result<(), StoreError> {
        self.guard.confirm().await
    }

    /// Counts a task that was not even tried because a limit has no room.
    pub fn note_declined(&self, task: &Task, limit: &str) {
        self.blocks.count(limit, task.netuid, &task.caller, self.clock.now_ms());
    }

    fn key(&self, call: &Call<'_>) -> Key {
        self.keys.get(&call.model.name.vendor).map_or(Key::None, |name| Key::Entry(name.clone()))
    }

    /// Pauses or resumes answering, durably.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn set_paused(&self, paused: bool) -> Result<(), StoreError> {
        self.store.run(Durability::Synced, move |connection| switch::set(connection, switch::PAUSED, paused)).await
    }

    /// Returns whether answering is paused.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn paused(&self) -> Result<bool, StoreError> {
        self.store.run(Durability::Lazy, |connection| switch::get(connection, switch::PAUSED)).await
    }
}

#[cfg(test)]
mod tests;
