//! Hands records to the outbox, as often as it takes.

use std::sync::Arc;
use std::time::Duration;

use common::record::Entry;
use daemon_kit::outbox::{self, Courier};
use daemon_kit::{Durability, Store, StoreError, Workers};

/// How long a database that failed is left alone.
const RETRY: Duration = Duration::from_secs(1);

/// Writes to the outbox of this daemon's database.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    store: Store,
    courier: Courier,
    workers: Workers,
}

impl Recorder {
    /// Writes to the outbox in `store`, which `courier` empties.
    pub(crate) fn new(store: Store, courier: Courier, workers: Workers) -> Self {
        Self { store, courier, workers }
    }

    /// Puts an entry aside, in case this process ends before it pushes a better one.
    ///
    /// # Errors
    /// The database does not work.
    pub(crate) async fn stage(&self, entry: Entry) -> Result<(), StoreError> {
        self.store.run(Durability::Lazy, move |connection| outbox::stage(connection, &entry)).await
    }

    /// Writes entries in one transaction and wakes the courier. A failing database is tried again until the daemon
    /// stops; meanwhile the queue before it fills up, and new work is refused.
    pub(crate) async fn push(&self, entries: Vec<Entry>) {
        let entries: Arc<[Entry]> = entries.into();
        loop {
            let last_try = self.workers.is_stopping();
            let batch = Arc::clone(&entries);
            let job = move |connection: &_| batch.iter().try_for_each(|entry| outbox::push(connection, entry));
            let Err(error) = self.store.run(Durability::Lazy, job).await else {
                self.courier.notify();
                return;
            };
            let error = anyhow::Error::new(error);
            tracing::error!(error = format!("{error:#}"), entries = entries.len(), "Records cannot be written");
            if last_try {
                return;
            }
            self.pause(RETRY).await;
        }
    }

    /// Waits, but not into the end of the daemon.
    pub(crate) async fn pause(&self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.workers.stopping() => {}
        }
    }
}
