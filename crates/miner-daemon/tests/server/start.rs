//! What keeps the daemon from starting, and what it does when it stops.

use common::outcome::TaskFailure;
use common::record::DeliveryOutcome;
use daemon_kit::Workers;
use serde_json::{Value, json};

use crate::fakes::Seen;
use crate::harness::{LONG, MINER, Miner, Place, daemon};
use crate::peer::Peer;
use crate::validator::{ask, ask_later, signed};

async fn failure(change: impl FnOnce(&mut serde_json::Value)) -> String {
    let place = Place::new();
    let error = miner_daemon::run(daemon(&place.home, &Workers::new(), change)).await.unwrap_err();
    format!("{error:#}")
}

#[tokio::test]
async fn the_status_says_what_is_served_where() {
    let miner = Miner::start(|_| {}).await;

    let status = miner.status().await;

    assert_eq!(status.hotkey.as_str(), MINER);
    let routes: Vec<_> = status.listeners[0].subnets[0].routes.iter().map(|route| route.as_str()).collect();
    assert_eq!(routes, ["Ask", "Never", "Ping", "Prompting", "Stream"]);
    assert_ne!(status.listeners[0].address.port(), 0);
}

#[tokio::test]
async fn a_port_that_is_taken_is_a_clear_error() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();

    let error = failure(|config| config["listeners"][0]["address"] = json!(address)).await;

    assert!(error.contains(&address.to_string()) && error.contains("in use"), "{error}");
}

#[tokio::test]
async fn a_missing_hotkey_is_a_clear_error() {
    let error = failure(|config| config["wallet"]["hotkey"] = json!("nobody")).await;

    assert!(error.contains("golden/hotkeys/nobody"), "{error}");
}

#[tokio::test]
async fn stopping_closes_idle_connections_and_ends_all_workers() {
    let miner = Miner::start(|_| {}).await;
    let mut fresh = miner.connect().await;
    let mut idle = miner.connect().await;
    idle.ask(ask("Why?").bytes()).await;

    miner.workers.stop();

    assert!(idle.is_closed().await);
    assert!(fresh.is_closed().await);
    drop((idle, fresh));
    assert_eq!(miner.workers.wait(LONG).await, Ok(()));
}

#[tokio::test]
async fn stopping_waits_for_requests_in_work_and_records_them() {
    let mut miner = Miner::start(|_| {}).await;
    let mut peer = miner.connect().await;
    peer.send(ask("hang").bytes()).await;
    assert!(matches!(miner.seen().await, Seen::Began(_)));

    miner.workers.stop();
    drop(peer);
    let ended = miner.workers.wait(LONG).await;

    assert_eq!(ended, Ok(()));
    // The courier has ended: what it did not send is sent by the next run.
    let next = Workers::new();
    miner_daemon::run(daemon(&miner.place.home, &next, |_| {})).await.unwrap();
    assert_eq!(miner.delivery().await.outcome, DeliveryOutcome::Failed(TaskFailure::Cancelled));
}

#[tokio::test]
async fn a_restart_refuses_only_what_was_used() {
    let anyone = |config: &mut Value| config["callers"]["policy"] = "anyone".into();
    let miner = Miner::start(anyone).await;
    let used = ask("before").bytes();
    miner.connect().await.ask(&used).await;
    miner.workers.stop();
    miner.workers.wait(LONG).await.unwrap();

    let next = Workers::new();
    miner_daemon::run(daemon(&miner.place.home, &next, anyone)).await.unwrap();

    let mut peer = Peer::connect(miner.status().await.listeners[0].address).await;
    assert_eq!(peer.ask(&used).await.status, 401);
    assert_eq!(peer.ask(ask_later("after").bytes()).await.status, 200);
    let other = signed("//Bob", "Ask", &json!({ "question": "after" }));
    assert_eq!(peer.ask(other.bytes()).await.status, 200);
}
