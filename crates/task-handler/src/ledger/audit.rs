//! Compares the sums in memory with the journal, for as long as the process lives.

use std::time::Duration;

use daemon_kit::{Durability, Store, StoreError, Workers};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::sums::Sums;
use crate::chain::chain;

/// How often.
const EVERY: Duration = Duration::from_secs(3600);

/// Checks until the process stops.
pub(super) async fn hourly(store: Store, sums: Sums, workers: Workers) {
    let mut hours = interval_at(Instant::now() + EVERY, EVERY);
    hours.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while workers.token().run_until_cancelled(hours.tick()).await.is_some() {
        match verify(&store, &sums).await {
            Ok(true) => tracing::debug!("The ledger's sums are those of its journal"),
            Ok(false) => tracing::error!("The ledger's sums differed from its journal, made anew"),
            Err(error) => tracing::error!(error = chain(&error), "The ledger cannot be checked"),
        }
    }
}

/// Compares the sums with the journal and makes them anew if they differ. Returns whether they were right.
///
/// # Errors
/// The database cannot be read.
pub(super) async fn verify(store: &Store, sums: &Sums) -> Result<bool, StoreError> {
    let sums = sums.clone();
    store.run(Durability::Lazy, move |connection| sums.verify(connection)).await
}
