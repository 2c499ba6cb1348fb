//! What becomes of admitted requests.

use common::outcome::{DeclineReason, TaskFailure, VendorFailure};
use common::record::{DeliveryOutcome, RefusalReason, TaskCounts};
use common::task::{Message, Role};
use serde_json::json;

use crate::fakes::Seen;
use crate::harness::{ALICE, Miner};
use crate::peer::Peer;
use crate::validator::{ask, signed};

#[tokio::test]
async fn a_question_is_answered_and_its_delivery_recorded() {
    let mut miner = Miner::start(|_| {}).await;

    let answer = miner.connect().await.ask(ask("Why?").bytes()).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["bt_header_axon_status_code"], "200");
    assert_eq!(answer.body["answer"], "You said: Why?");
    assert_eq!(answer.body["question"], "Why?");
    let Seen::Began(task) = miner.seen().await else { panic!("no task") };
    assert_eq!(task.messages, [Message { role: Role::User, content: "Why?".into() }]);
    let delivery = miner.delivery().await;
    assert_eq!((delivery.outcome, delivery.status), (DeliveryOutcome::Answered, 200));
    assert_eq!((delivery.task, delivery.caller.as_str()), (task.id, ALICE));
    assert_eq!(miner.status().await.since_start, TaskCounts { answered: 1, ..TaskCounts::default() });
}

#[tokio::test]
async fn a_connection_carries_many_requests() {
    let mut miner = Miner::start(|_| {}).await;
    let mut peer = miner.connect().await;

    for question in ["one", "two", "three"] {
        let answer = peer.ask(ask(question).bytes()).await;

        assert_eq!(answer.body["answer"], format!("You said: {question}"));
        assert_eq!(miner.delivery().await.outcome, DeliveryOutcome::Answered);
    }
    assert_eq!(miner.status().await.connections, 1);
}

#[tokio::test]
async fn what_is_not_answered_is_said_so() {
    let mut miner = Miner::start(|_| {}).await;
    let mut peer = miner.connect().await;

    let timeout = VendorFailure::Timeout;
    for (request, status, message, outcome) in [
        (ask("decline"), 503, "Not today", DeliveryOutcome::Declined(DeclineReason::Paused)),
        (signed("//Alice", "Never", &json!({})), 503, "Not today", DeliveryOutcome::Declined(DeclineReason::Profile)),
        (ask("late").with("timeout", "0.1"), 503, "Not today", DeliveryOutcome::Declined(DeclineReason::Deadline)),
        (ask("fail"), 500, "Failed", DeliveryOutcome::Failed(TaskFailure::Vendor(timeout))),
        (ask("a number"), 500, "Failed", DeliveryOutcome::Failed(TaskFailure::Format)),
    ] {
        let answer = peer.ask(request.bytes()).await;

        assert_eq!((answer.status, answer.message()), (status, message));
        let delivery = miner.delivery().await;
        assert_eq!((delivery.outcome, delivery.status), (outcome, status));
    }
}

#[tokio::test]
async fn a_ping_is_answered_without_a_task() {
    let mut miner = Miner::start(|_| {}).await;
    let mut peer = miner.connect().await;

    let answer = peer.ask(signed("//Alice", "Ping", &json!({})).bytes()).await;

    assert_eq!((answer.status, &answer.body["up"]), (200, &json!(true)));
    assert_eq!(miner.status().await.since_start, TaskCounts::default());
    peer.ask(ask("the first record").bytes()).await;
    assert_eq!(miner.delivery().await.outcome, DeliveryOutcome::Answered);
}

#[tokio::test]
async fn a_dead_task_handler_means_an_honest_refusal() {
    let mut miner = Miner::start_alone().await;

    let answer = miner.connect().await.ask(ask("Why?").bytes()).await;

    assert_eq!((answer.status, answer.message()), (503, "Unavailable"));
    let delivery = miner.delivery().await;
    assert_eq!((delivery.outcome, delivery.status), (DeliveryOutcome::Unavailable, 503));
}

#[tokio::test]
async fn a_hang_up_cancels_the_task_and_is_recorded() {
    let mut miner = Miner::start(|_| {}).await;
    let mut peer = miner.connect().await;
    peer.send(ask("hang").bytes()).await;
    assert!(matches!(miner.seen().await, Seen::Began(_)));

    drop(peer);

    assert!(matches!(miner.seen().await, Seen::Cancelled));
    let delivery = miner.delivery().await;
    assert_eq!((delivery.outcome, delivery.status), (DeliveryOutcome::Failed(TaskFailure::Cancelled), 0));
    assert_eq!(miner.status().await.in_flight, 0);
}

#[tokio::test]
async fn an_answer_that_is_not_taken_is_undelivered() {
    let mut miner = Miner::start(|config| config["server"] = json!({ "read_timeout_ms": 300 })).await;
    let mut peer = Peer::connect_narrow(miner.address).await;

    peer.send(ask("very much").bytes()).await;

    let delivery = miner.delivery().await;
    assert_eq!((delivery.outcome, delivery.status), (DeliveryOutcome::Undelivered, 0));
    drop(peer);
}

#[tokio::test]
async fn more_than_can_be_worked_on_is_refused_at_once() {
    let mut miner = Miner::start(|config| config["server"] = json!({ "max_in_flight": 1 })).await;
    let mut busy = miner.connect().await;
    busy.send(ask("hang").bytes()).await;
    assert!(matches!(miner.seen().await, Seen::Began(_)));

    let answer = miner.connect().await.ask(ask("Why?").bytes()).await;

    assert_eq!((answer.status, answer.message()), (503, "Overloaded"));
    let refusal = miner.refusal().await;
    assert_eq!((refusal.reason, refusal.count), (RefusalReason::Overloaded, 1));
    assert_eq!(miner.status().await.in_flight, 1);
}
