//! The real program, killed and started again.

use std::process::Stdio;

use common::outcome::TaskFailure;
use common::record::{DeliveryOutcome, Record, RefusalReason};
use daemon_kit::ipc;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::fakes::{self, Seen};
use crate::harness::{LONG, Place, next_record, status, write_config};
use crate::peer::Peer;
use crate::validator::{ask, ask_later};

#[tokio::test]
async fn kill_9_loses_nothing_doubles_nothing_and_opens_no_door() {
    let place = Place::new();
    write_config(&place.home);
    let mut tasks = fakes::start_tasks(&place.home, &place.others);
    let mut first = start(&place).await;
    let mut peer = connect(&place).await;
    let (answered, in_work) = (ask("Why?").bytes(), ask("hang").bytes());
    let answer = peer.ask(&answered).await;
    peer.send(&in_work).await;
    for _ in 0..2 {
        assert!(matches!(tasks.recv().await, Some(Seen::Began(_))));
    }

    first.kill().await.unwrap();
    let mut second = start(&place).await;
    let mut records = fakes::start_tracker(&place.home, &place.others);

    let mut outcomes = Vec::new();
    for _ in 0..2 {
        let Record::Delivery(delivery) = next_record(&mut records).await else { panic!("not a delivery") };
        outcomes.push(delivery.outcome);
    }
    assert_eq!(answer.status, 200);
    // Ends are gathered for a moment before they are written, so even the first may be known as interrupted only.
    assert!(matches!(outcomes[0], DeliveryOutcome::Answered | DeliveryOutcome::Interrupted), "{outcomes:?}");
    assert_eq!(outcomes[1], DeliveryOutcome::Interrupted);
    for request in [answered, in_work] {
        assert_eq!(connect(&place).await.ask(&request).await.status, 401);
        let Record::Refusal(refusal) = next_record(&mut records).await else { panic!("not a refusal") };
        assert_eq!(refusal.reason, RefusalReason::Replay);
    }
    assert_eq!(connect(&place).await.ask(ask_later("Why?").bytes()).await.status, 200);
    second.kill().await.unwrap();
}

#[tokio::test]
async fn a_stop_by_signal_waits_for_the_request_in_work() {
    let place = Place::new();
    write_config(&place.home);
    let mut tasks = fakes::start_tasks(&place.home, &place.others);
    let mut records = fakes::start_tracker(&place.home, &place.others);
    let mut program = start(&place).await;
    let mut peer = connect(&place).await;
    peer.send(ask("hang").bytes()).await;
    assert!(matches!(tasks.recv().await, Some(Seen::Began(_))));

    let pid = rustix::process::Pid::from_raw(i32::try_from(program.id().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    drop(peer);
    let ended = timeout(LONG, program.wait()).await.unwrap().unwrap();

    assert!(ended.success());
    let mut second = start(&place).await;
    let Record::Delivery(delivery) = next_record(&mut records).await else { panic!("not a delivery") };
    assert_eq!(delivery.outcome, DeliveryOutcome::Failed(TaskFailure::Cancelled));
    second.kill().await.unwrap();
}

/// Starts the program and waits until it answers.
async fn start(place: &Place) -> Child {
    let child = Command::new(env!("CARGO_BIN_EXE_miner-daemon"))
        .arg("--home")
        .arg(place.home.root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let client = ipc::Client::<common::call::miner::MinerCall>::new(
        place.home.socket("miner-daemon"),
        "miner-daemon",
        &place.others,
    );
    timeout(LONG, client.connected()).await.unwrap();
    child
}

async fn connect(place: &Place) -> Peer {
    Peer::connect(status(&place.home, &place.others).await.listeners[0].address).await
}
