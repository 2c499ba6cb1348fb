//! The nonces that were used, and what is stored so that none works again after a restart.

mod start;
mod table;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bittensor::protocol::{NonceBound, NonceWindow, Refused, Signed, Verified};
use common::record::RefusalReason;
use daemon_kit::{Durability, Store, StoreError};
use tokio::time::timeout;

use crate::clock::unix_ns;
pub(crate) use table::SCHEMA;

/// The most nonces remembered, and the most callers.
const CAPACITY: usize = 100_000;
/// How long a request may wait for its caller's bound.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bounds stored from one pruning of the table to the next.
const PRUNE_EVERY: u64 = 1000;

/// Accepts each nonce once, over restarts too.
#[derive(Debug)]
pub(crate) struct Nonces {
    store: Store,
    window: Mutex<NonceWindow>,
    stored: AtomicU64,
}

impl Nonces {
    /// Reads what the runs before have used.
    ///
    /// # Errors
    /// The database does not work.
    pub(crate) async fn start(store: &Store) -> Result<Self, StoreError> {
        Self::start_at(store, start::boot_id(), unix_ns(SystemTime::now())).await
    }

    async fn start_at(store: &Store, boot_id: Option<String>, now_ns: u64) -> Result<Self, StoreError> {
        // Synced: were the boot id lost with the power, the bounds lost with it would seem to be there.
        let start = store
            .run(Durability::Synced, move |connection| table::start(connection, boot_id.as_deref(), now_ns))
            .await?;
        if start.clock_was_ahead {
            tracing::warn!("The clock was ahead in the run before: nonces of that time are no longer known");
        }
        if start.was_booted {
            tracing::info!(
                "The machine may have been booted since the run before: what was signed until now is refused"
            );
        }
        let window = NonceWindow::new(CAPACITY, start.floor_ns).after_restart(start.bounds);
        Ok(Self { store: store.clone(), window: Mutex::new(window), stored: AtomicU64::new(0) })
    }

    /// Uses a request's nonce up, also for later runs. Waits for the database if it is above its caller's bound.
    ///
    /// # Errors
    /// The refusal to send: the nonce was used, or the bound could not be stored in time.
    pub(crate) async fn spend(&self, verified: Verified) -> Result<Signed, Refused> {
        let (signed, bound) = verified.spend(&mut self.window())?;
        let Some(bound) = bound else { return Ok(signed) };
        let problem = match timeout(PATIENCE, self.keep(bound)).await {
            Ok(Ok(())) => return Ok(signed),
            Ok(Err(error)) => format!("{:#}", anyhow::Error::new(error)),
            Err(_) => "the database is too slow".to_owned(),
        };
        tracing::error!(error = problem, "A request was refused, because the bound of its nonce cannot be stored");
        let message = "Unavailable".to_owned();
        Err(Refused { reason: RefusalReason::Overloaded, status: 503, message, claimed: Some(signed.caller) })
    }

    /// Requests of one caller that come together may each store a bound; the table keeps the highest.
    async fn keep(&self, bound: NonceBound) -> Result<(), StoreError> {
        let is_time_to_prune = self.stored.fetch_add(1, Ordering::Relaxed) % PRUNE_EVERY == PRUNE_EVERY - 1;
        let now_ns = unix_ns(SystemTime::now());
        let job = move |connection: &rusqlite::Connection| {
            if is_time_to_prune {
                table::prune(connection, now_ns)?;
            }
            table::raise(connection, bound)
        };
        self.store.run(Durability::Lazy, job).await?;
        self.window().stored(bound);
        Ok(())
    }

    /// Every change is complete before anything can panic.
    fn window(&self) -> MutexGuard<'_, NonceWindow> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
