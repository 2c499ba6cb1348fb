//! The nonces that were used, and the bound that makes a restart safe.

mod bound;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bittensor::synapse::{NonceWindow, Refused, Signed, Verified};
use common::record::RefusalReason;
use daemon_kit::{Durability, Store, StoreError, Workers};
use rusqlite::{Connection, OptionalExtension};
use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::clock::unix_ns;

/// The table of the bound.
pub(crate) const SCHEMA: &str = "CREATE TABLE nonce_bound (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    bound_ns INTEGER NOT NULL
) STRICT";

/// The most nonces remembered; the window of acceptable times bounds them long before.
const CAPACITY: usize = 100_000;
/// How often the bound is raised while requests come.
const PERIOD: Duration = Duration::from_secs(1);
/// How long a request may wait for the bound.
const PATIENCE: Duration = Duration::from_secs(1);

/// The nonces that were used in this run.
#[derive(Clone, Debug)]
struct Window(Arc<Mutex<NonceWindow>>);

impl Window {
    /// Every change is complete before anything can panic.
    fn lock(&self) -> MutexGuard<'_, NonceWindow> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accepts each nonce once, over restarts too.
#[derive(Debug)]
pub(crate) struct Nonces {
    window: Window,
    bound: watch::Receiver<u64>,
    used: Arc<Notify>,
}

impl Nonces {
    /// Reads the bound of the run before and starts the worker that raises it. It ends when this is dropped.
    ///
    /// # Errors
    /// The database does not work.
    pub(crate) async fn start(store: &Store, workers: &Workers) -> Result<Self, StoreError> {
        let persisted = store.run(Durability::Lazy, read).await?;
        let now_ns = unix_ns(SystemTime::now());
        let floor_ns = bound::floor_at_start(persisted, now_ns);
        if floor_ns < persisted {
            tracing::warn!("The clock was ahead in the run before: nonces of that time are no longer known");
        }
        let (sender, bound) = watch::channel(floor_ns);
        let window = Window(Arc::new(Mutex::new(NonceWindow::new(CAPACITY, floor_ns))));
        let used = Arc::new(Notify::new());
        workers.spawn("nonce-bound", persist(store.clone(), sender, Arc::clone(&used), window.clone()));
        Ok(Self { window, bound, used })
    }

    /// Uses a request's nonce up, also for later runs. Waits only if no request came in the last seconds.
    ///
    /// # Errors
    /// The refusal to send: the nonce was used, or the bound could not be raised above it.
    pub(crate) async fn spend(&self, verified: Verified) -> Result<Signed, Refused> {
        let signed = verified.spend(&mut self.window.lock())?;
        self.used.notify_one();
        let mut bound = self.bound.clone();
        match timeout(PATIENCE, bound.wait_for(|&bound_ns| bound_ns >= signed.nonce_ns)).await {
            Ok(Ok(_)) => Ok(signed),
            Ok(Err(_)) | Err(_) => {
                tracing::error!("A request was refused, because the bound of nonces could not be raised in time");
                Err(Refused {
                    reason: RefusalReason::Overloaded,
                    status: 503,
                    message: "Unavailable".to_owned(),
                    claimed: Some(signed.caller),
                })
            }
        }
    }
}

/// Keeps the bound above all nonces in use, and puts it back to the newest used one after a stop in good order, so that
/// such a restart costs no refusals.
async fn persist(store: Store, bound: watch::Sender<u64>, used: Arc<Notify>, window: Window) {
    tokio::select! {
        () = raise(&store, &bound, &used) => {}
        // Nobody uses nonces any more.
        () = bound.closed() => {}
    }
    let newest_ns = window.lock().newest_ns();
    if newest_ns < *bound.borrow() {
        store_bound(&store, newest_ns).await;
    }
}

async fn raise(store: &Store, bound: &watch::Sender<u64>, used: &Notify) {
    let mut period = interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        used.notified().await;
        let raised = bound::raised(*bound.borrow(), unix_ns(SystemTime::now()));
        if let Some(raised) = raised
            && store_bound(store, raised).await
        {
            bound.send_replace(raised);
        }
        period.tick().await;
    }
}

/// Returns whether it worked.
async fn store_bound(store: &Store, bound_ns: u64) -> bool {
    match store.run(Durability::Synced, move |connection| write(connection, bound_ns)).await {
        Ok(()) => true,
        Err(error) => {
            let error = anyhow::Error::new(error);
            tracing::error!(error = format!("{error:#}"), "The bound of nonces cannot be stored");
            false
        }
    }
}

fn read(connection: &Connection) -> rusqlite::Result<u64> {
    let bound: Option<i64> =
        connection.query_row("SELECT bound_ns FROM nonce_bound", [], |row| row.get(0)).optional()?;
    Ok(bound.and_then(|bound| u64::try_from(bound).ok()).unwrap_or(0))
}

fn write(connection: &Connection, bound_ns: u64) -> rusqlite::Result<()> {
    let bound = i64::try_from(bound_ns).unwrap_or(i64::MAX);
    connection.execute("INSERT OR REPLACE INTO nonce_bound (only, bound_ns) VALUES (1, ?1)", [bound])?;
    Ok(())
}
