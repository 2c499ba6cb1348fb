//! The budget ledger: nothing is spent that was not reserved, and nothing is reserved beyond a limit.
//!
//! A call's worst case is reserved durably before it leaves; only that gives the [`Permit`] which the vendor clients
//! demand. When it ends it is settled with what the vendor bills, and with the whole reservation where nobody knows.
//! All windows are computed from the journal's timestamps, so no sequence of crashes, resets or clock changes makes room
//! that is not there. Its sums are kept in memory, changed only by the thread that writes the journal, and made anew at every
//! start.

mod audit;
mod booking;
mod call;
mod clock;
mod decide;
mod journal;
mod limit;
mod recovery;
mod reservation;
mod settler;
mod sql;
mod sums;
mod switch;
mod window;

use std::path::Path;

use common::call::task::LimitUse;
use common::config::budget::TokenBudgets;
use common::id::AttemptId;
use daemon_kit::{Durability, Store, StoreError, Workers, outbox};
use llm::{Issuer, Permit};
use tokio::sync::mpsc;

pub use booking::Booking;
pub use call::Call;
pub use clock::Clock;
pub use limit::{Limit, Subject, Used};
pub use reservation::Reservation;
pub use settler::Notify;

use call::Facts;
use decide::Verdict;
use settler::Settlement;
use sums::Sums;

/// Formats of the database, oldest first.
const MIGRATIONS: &[&str] =
    &[outbox::SCHEMA, include_str!("ledger/schema.sql"), include_str!("ledger/sums_in_memory.sql"), outbox::SLIM];

/// The budget ledger.
#[derive(Debug)]
pub struct Ledger {
    store: Store,
    sums: Sums,
    issuer: Issuer,
    clock: Clock,
    settlements: mpsc::Sender<Settlement>,
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
    /// check the sums. `notify` is called when there are records for tracker.
    ///
    /// # Errors
    /// The database cannot be read or written.
    pub async fn start(
        store: Store,
        budgets: &TokenBudgets,
        issuer: Issuer,
        clock: Clock,
        notify: Notify,
        workers: &Workers,
    ) -> Result<Self, StoreError> {
        let now_ms = clock.now_ms();
        let recovered = store.run(Durability::Synced, move |connection| recovery::recover(connection, now_ms)).await?;
        recovered.report();
        let sums = Sums::new(budgets.limits.iter().map(Limit::from).collect(), store.losses().clone());
        workers.spawn("ledger-audit", audit::hourly(store.clone(), sums.clone(), workers.clone()));
        let settlements = settler::start(store.clone(), sums.clone(), clock.clone(), notify, workers);
        Ok(Self { store, sums, issuer, clock, settlements })
    }

    /// Reserves the worst case of a call in every limit that applies to it, durably, and permits it.
    ///
    /// # Errors
    /// The call may not be made.
    pub async fn reserve(&self, call: &Call<'_>) -> Result<(Reservation, Permit), ReserveError> {
        let place = self.settlements.clone().reserve_owned().await.map_err(|_| ReserveError::Closed)?;
        let now_ms = self.clock.now_ms();
        let attempt = AttemptId::new(now_ms, rand::random());
        let facts = Facts::new(call, attempt);
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
            Ok(Verdict::Blocked(limit)) => ReserveError::Blocked { limit },
            Ok(Verdict::Unlimited) => ReserveError::Unlimited,
            Ok(Verdict::AlreadyTried) => ReserveError::AlreadyTried,
            Err(error) => ReserveError::Store(error),
        };
        reservation.refused();
        Err(refusal)
    }

    /// Returns each limit and what is used of it now.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn limits(&self) -> Result<Vec<LimitUse>, StoreError> {
        let (sums, now_ms) = (self.sums.clone(), self.clock.now_ms());
        self.store
            .run(Durability::Lazy, move |connection| {
                sums.with(connection, |tally| Ok(tally.usage(tally.time_ms(now_ms))))
            })
            .await
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
