//! Tells tracker every few seconds that the daemon is alive, and hears what the operator wishes.

use std::time::Duration;

use common::alert::Condition;
use common::call::tracker::{Beat, TrackerCall, Vital, Wishes};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::daemon::Daemon;
use crate::ipc::Client;
use crate::outbox;
use crate::problems::chain;
use crate::store::{Durability, Store};

/// An interval cannot be shorter.
const FASTEST: Duration = Duration::from_millis(1);

/// What a daemon finds wrong with itself and its surroundings, and figures that an operator may ask for from afar.
pub trait Health: Send + Sync + 'static {
    /// Looks; asked before every beat.
    fn look(&self) -> impl Future<Output = (Vec<Condition>, Vec<Vital>)> + Send;
}

/// Nothing to tell.
impl Health for () {
    async fn look(&self) -> (Vec<Condition>, Vec<Vital>) {
        (Vec::new(), Vec::new())
    }
}

/// Starts the beat. The newest wishes stay as they are while tracker is away. `store` is the database with the outbox.
#[must_use]
pub fn start(
    daemon: &Daemon,
    tracker: Client<TrackerCall>,
    store: Option<Store>,
    health: impl Health,
) -> watch::Receiver<Wishes> {
    let (sender, wishes) = watch::channel(Wishes::default());
    let stopping = daemon.workers.token();
    let own = daemon.clone();
    daemon.workers.spawn("beat", async move {
        stopping.run_until_cancelled(keep_beating(&own, &tracker, store.as_ref(), &health, &sender)).await;
    });
    wishes
}

async fn keep_beating(
    daemon: &Daemon,
    tracker: &Client<TrackerCall>,
    store: Option<&Store>,
    health: &impl Health,
    wishes: &watch::Sender<Wishes>,
) {
    let period = daemon.config.miner.daemons.beat().max(FASTEST);
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        tracker.connected().await;
        let (conditions, vitals) = health.look().await;
        let beat = Beat {
            service: daemon.service.to_owned(),
            pid: std::process::id(),
            started_unix_ms: daemon.started_unix_ms,
            outbox: waiting(store).await,
            conditions,
            vitals,
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

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::path::Path;
    use std::sync::Arc;

    use common::alert::{AlertSeverity, ConditionKind};
    use common::id::EntryId;
    use common::ipc::Reply;
    use common::record::{Entry, Record, Refusal, RefusalReason};
    use tokio::sync::mpsc;

    use super::*;
    use crate::config::Config;
    use crate::home::Home;
    use crate::ipc::{CallContext, Listener, Service, serve};
    use crate::problems::Problems;
    use crate::workers::Workers;

    const WISHES: Wishes = Wishes { revision: 3, paused: true, frozen: false };

    struct Overspent;

    impl Health for Overspent {
        async fn look(&self) -> (Vec<Condition>, Vec<Vital>) {
            (vec![condition()], Vec::new())
        }
    }

    fn condition() -> Condition {
        let (kind, subject) = (ConditionKind::Budget, "daily".to_owned());
        Condition { kind, subject, severity: AlertSeverity::Warning, detail: "80 % used".into() }
    }

    struct Tracker(mpsc::Sender<Beat>);

    impl Service for Tracker {
        type Call = TrackerCall;

        async fn handle(&self, call: TrackerCall, _: CallContext) -> Reply {
            let TrackerCall::Beat(beat) = call else { panic!("{call:?}") };
            self.0.send(beat).await.unwrap();
            Reply::of::<Beat>(Ok(WISHES))
        }
    }

    fn daemon(directory: &Path) -> Daemon {
        Daemon {
            service: "task-handler",
            version: "1.2.3",
            home: Home::new(directory.to_owned()),
            config: Config::example(),
            workers: Workers::new(),
            problems: Problems::new(),
            started_unix_ms: 17,
        }
    }

    fn entry() -> Entry {
        let refusal = Refusal {
            netuid: None,
            claimed: None,
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
            reason: RefusalReason::Unsigned,
            count: 1,
        };
        Entry { id: EntryId::new(1, [0; 10]), unix_ms: 1, record: Record::Refusal(refusal) }
    }

    #[tokio::test]
    async fn a_beat_tells_of_the_daemon_and_brings_the_wishes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tracker.sock");
        let listener = Listener::bind(&path, &[]).unwrap();
        let (sender, mut beats) = mpsc::channel(16);
        let server = Workers::new();
        server.spawn("tracker", serve(listener, "tracker", Arc::new(Tracker(sender)), server.clone()));
        let store = Store::open(&directory.path().join("own.db"), &[outbox::SCHEMA]).unwrap();
        store.run(Durability::Lazy, |connection| outbox::push(connection, &entry())).await.unwrap();
        let daemon = daemon(directory.path());
        let tracker = Client::new(path, "tracker", &daemon.workers);

        let mut wishes = start(&daemon, tracker, Some(store), Overspent);
        let beat = beats.recv().await.unwrap();
        wishes.changed().await.unwrap();

        let expected = Beat {
            service: "task-handler".into(),
            pid: std::process::id(),
            started_unix_ms: 17,
            outbox: 1,
            conditions: vec![condition()],
            vitals: vec![],
        };
        assert_eq!(beat, expected);
        assert_eq!(*wishes.borrow(), WISHES);
    }
}
