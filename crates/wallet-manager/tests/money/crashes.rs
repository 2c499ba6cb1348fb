//! The process is killed at every step of the journal: what was wanted is done once or not at all, and everybody can tell.

use std::time::Duration;

use common::call::wallet::operation::{Operation, OperationState, OperationView};
use common::ipc::Fault;
use common::money::Rao;

use crate::chains::{Embedded, ONE};
use crate::desk::{Desk, address, generous, id};

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_signature_is_written_nothing_was_sent_and_the_same_id_does_it_once() {
    for place in ["prepared", "signed"] {
        let (chain, desk) = crashed_at(place).await;

        assert_eq!(desk.until(id(1), settled).await, OperationState::Interrupted, "{place}");
        let view = desk.submit(id(1), give(), Rao(2 * ONE)).await.unwrap();

        assert!(matches!(view.state, OperationState::Done(_)), "{place}: {:?}\n{}", view.state, desk.log());
        once(&chain, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_signature_is_written_it_is_found_or_sent_again_as_it_was() {
    for place in ["written", "sent", "included"] {
        let (chain, desk) = crashed_at(place).await;

        // Nobody unlocks the coldkey: nothing is signed anew.
        let state = desk.until(id(1), settled).await;

        assert!(matches!(state, OperationState::Done(_)), "{place}: {state:?}\n{}", desk.log());
        once(&chain, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_nothing_is_done_twice() {
    let chain = Embedded::start().await;
    let mut desk = Desk::new(&chain.url(), serde_json::json!({ "policy": generous() }));
    let mut given = 0;
    for round in 0..8_u8 {
        desk.run(None).await;
        desk.unlock().await;
        let killed = {
            let asked = desk.submit(id(round), give(), Rao(2 * ONE));
            tokio::time::timeout(Duration::from_millis(u64::from(round) * 25), asked).await.is_err()
        };
        desk.kill().await;
        desk.run(None).await;
        let state = match desk.ask(common::call::wallet::operation::OperationQuery { id: id(round) }).await {
            Ok(_) => desk.until(id(round), settled).await,
            // Killed before it was written down.
            Err(fault) => {
                assert!(killed, "{fault}");
                OperationState::Interrupted
            }
        };
        given += u64::from(matches!(state, OperationState::Done(_)));
        assert!(matches!(state, OperationState::Done(_) | OperationState::Interrupted), "{state:?}\n{}", desk.log());
        desk.kill().await;
    }
    assert!(given > 0);
    once(&chain, given).await;
}

/// A home whose wallet-manager died at a place, and runs again.
async fn crashed_at(place: &str) -> (Embedded, Desk) {
    let chain = Embedded::start().await;
    let mut desk = Desk::new(&chain.url(), serde_json::json!({ "policy": generous() }));
    desk.run(Some(place)).await;
    desk.unlock().await;
    let asked: Result<OperationView, Fault> = desk.submit(id(1), give(), Rao(2 * ONE)).await;
    assert!(asked.is_err(), "{place}: {asked:?}");
    desk.died().await;
    desk.run(None).await;
    if matches!(place, "prepared" | "signed") {
        desk.unlock().await;
    }
    (chain, desk)
}

fn give() -> Operation {
    Operation::Transfer { to: address("//Ferdie"), amount: Rao(ONE) }
}

fn settled(state: &OperationState) -> bool {
    !matches!(state, OperationState::Prepared | OperationState::Sent(_))
}

/// Ferdie got it so many times, also some blocks later.
async fn once(chain: &Embedded, times: u64) {
    let block = chain.eyes.client.at_best().unwrap().number();
    chain.eyes.at(block + 5).await;

    assert_eq!(chain.eyes.free(&address("//Ferdie")).await, times * ONE);
}
