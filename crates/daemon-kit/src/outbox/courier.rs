//! Carries entries to tracker: at least once, oldest first, in batches.

use std::sync::Arc;
use std::time::Duration;

use common::call::tracker::{RecordEntries, TrackerCall};
use common::ipc::Fault;
use tokio::sync::Notify;

use crate::ipc::Client;
use crate::ipc::backoff::Backoff;
use crate::store::{Durability, Store, StoreError};
use crate::workers::Workers;

/// Entries of one call.
const BATCH_ENTRIES: usize = 200;
/// JSON of one call: well under a frame.
const BATCH_BYTES: usize = 1024 * 1024;
/// How long tracker may take to store a batch.
const CALL: Duration = Duration::from_secs(10);
/// How long a courier sleeps if nobody notifies it.
const IDLE: Duration = Duration::from_secs(5);
/// How long entries are gathered for a call: one call and one sync for each entry would cost more than the entry.
const GATHER: Duration = Duration::from_millis(100);

/// A worker that empties an outbox.
#[derive(Clone, Debug)]
pub struct Courier {
    wake: Arc<Notify>,
}

/// Why a batch is still in line.
#[derive(Debug, thiserror::Error)]
enum CourierError {
    #[error("the outbox failed")]
    Store(#[from] StoreError),
    #[error("tracker did not take the entries")]
    Tracker(#[from] Fault),
    #[error("tracker acknowledged none of {0} entries")]
    NothingAcknowledged(usize),
}

impl Courier {
    /// Starts the worker.
    #[must_use]
    pub fn start(store: Store, tracker: Client<TrackerCall>, workers: &Workers) -> Self {
        let courier = Self { wake: Arc::new(Notify::new()) };
        let wake = Arc::clone(&courier.wake);
        let stopping = workers.token();
        workers.spawn("outbox-courier", async move {
            // What is not sent now is sent after the next start.
            stopping.run_until_cancelled(carry(&store, &tracker, &wake)).await;
        });
        courier
    }

    /// Says that there is something to send; without it a courier looks every few seconds.
    pub fn notify(&self) {
        self.wake.notify_one();
    }
}

async fn carry(store: &Store, tracker: &Client<TrackerCall>, wake: &Notify) {
    let mut backoff = Backoff::default();
    let mut failing = false;
    loop {
        tracker.connected().await;
        match send_batch(store, tracker).await {
            Ok(sent) => {
                if failing {
                    tracing::info!("Outbox is being emptied again");
                }
                failing = false;
                backoff = Backoff::default();
                if sent == 0 {
                    // Time is up: look anyway.
                    drop(tokio::time::timeout(IDLE, wake.notified()).await);
                }
                if sent < BATCH_ENTRIES {
                    tokio::time::sleep(GATHER).await;
                }
            }
            Err(error) => {
                if !failing {
                    tracing::warn!(error = %crate::problems::chain(&error), "Outbox cannot be emptied, trying again");
                }
                failing = true;
                tokio::time::sleep(backoff.next_delay()).await;
            }
        }
    }
}

async fn send_batch(store: &Store, tracker: &Client<TrackerCall>) -> Result<usize, CourierError> {
    let entries =
        store.run(Durability::Lazy, |connection| super::next_batch(connection, BATCH_ENTRIES, BATCH_BYTES)).await?;
    if entries.is_empty() {
        return Ok(0);
    }
    let count = entries.len();
    let recorded = tracker.call(RecordEntries { entries }, CALL).await?;
    let acknowledged =
        store.run(Durability::Lazy, move |connection| super::acknowledge(connection, &recorded.ids)).await?;
    match acknowledged {
        0 => Err(CourierError::NothingAcknowledged(count)),
        acknowledged => Ok(acknowledged),
    }
}
