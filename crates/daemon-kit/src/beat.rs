//! Tells tracker every few seconds that the daemon is alive, and hears what the operator wishes.

use common::call::tracker::{Beat, TrackerCall, Wishes};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::daemon::Daemon;
use crate::ipc::Client;
use crate::outbox;
use crate::problems::chain;
use crate::store::{Durability, Store};

/// Starts the beat. The newest wishes stay as they are while tracker is away. `store` is the database with the outbox.
#[must_use]
pub fn start(daemon: &Daemon, tracker: Client<TrackerCall>, store: Option<Store>) -> watch::Receiver<Wishes> {
    let (sender, wishes) = watch::channel(Wishes::default());
    let stopping = daemon.workers.token();
    let own = daemon.clone();
    daemon.workers.spawn("beat", async move {
        stopping.run_until_cancelled(keep_beating(&own, &tracker, store.as_ref(), &sender)).await;
    });
    wishes
}

async fn keep_beating(
    daemon: &Daemon,
    tracker: &Client<TrackerCall>,
    store: Option<&Store>,
    wishes: &watch::Sender<Wishes>,
) {
    let period = daemon.config.miner.daemons.beat();
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        tracker.connected().await;
        let beat = Beat {
            service: daemon.service.to_owned(),
            pid: std::process::id(),
            started_unix_ms: daemon.started_unix_ms,
            outbox: waiting(store).await,
        };
        match tracker.call(beat, period).await {
            Ok(heard) => {
                wishes.send_if_modified(|known| std::mem::replace(known, heard) != heard);
            }
            Err(fault) => tracing::debug!(%fault, "Beat was not heard"),
        }
    }
}

async fn waiting(store: Option<&Store>) -> u64 {
    let Some(store) = store else { return 0 };
    match store.run(Durability::Lazy, outbox::waiting).await {
        Ok(waiting) => waiting,
        Err(error) => {
            tracing::warn!(error = %chain(&error), "Outbox cannot be counted");
            0
        }
    }
}
