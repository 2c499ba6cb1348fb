//! Answers that go out in pieces, in the classic protocol's framing and to peers that do not behave.

use common::outcome::{DeclineReason, TaskFailure, VendorFailure};
use common::record::DeliveryOutcome;
use serde_json::json;

use crate::fakes::Seen;
use crate::harness::{MINER, Miner};
use crate::peer::Peer;
use crate::validator::{Request, signed};

fn stream(question: &str) -> Request {
    signed("//Alice", "Stream", &json!({ "question": question }))
}

#[tokio::test]
async fn a_synapse_is_answered_in_plain_pieces_with_the_headers_a_dendrite_reads() {
    let mut miner = Miner::start(|_| {}).await;
    let mut peer = miner.connect().await;
    peer.send(stream("one two three").bytes()).await;

    let head = peer.head().await;
    let mut pieces = Vec::new();
    while let Some(piece) = peer.chunk().await.filter(|piece| !piece.is_empty()) {
        pieces.push(String::from_utf8(piece).unwrap());
    }

    assert_eq!(head[0], "HTTP/1.1 200 OK");
    // The dendrite looks for these names as they are.
    for line in [
        "content-type: text/event-stream",
        "transfer-encoding: chunked",
        "name: Stream",
        "timeout: 12.0",
        "header_size: 0",
        "total_size: 0",
        "bt_header_axon_status_code: 200",
        "bt_header_axon_status_message: Success",
    ] {
        assert!(head.iter().any(|known| known == line), "{line} is missing in {head:?}");
    }
    assert_eq!(pieces.concat(), "You said: one two three");
    assert!(!head.iter().any(|line| line.contains(MINER) && line.contains("signature")));
    let delivery = miner.delivery().await;
    assert_eq!((delivery.outcome, delivery.status), (DeliveryOutcome::Answered, 200));
}

#[tokio::test]
async fn a_connection_carries_on_after_a_stream() {
    let miner = Miner::start(|_| {}).await;
    let mut peer = miner.connect().await;

    let first = peer.ask(stream("one").bytes()).await;
    let second = peer.ask(stream("two then more").bytes()).await;
    let third = peer.ask(stream("three then no pieces").bytes()).await;

    assert_eq!((first.text.as_str(), second.text.as_str()), ("You said: one", "You said: two, and more"));
    assert_eq!((third.text.as_str(), third.whole), ("You said: three", true));
}

#[tokio::test]
async fn before_the_first_piece_an_honest_status_is_given() {
    let mut miner = Miner::start(|_| {}).await;

    let answer = miner.connect().await.ask(stream("x then decline").bytes()).await;

    assert_eq!((answer.status, answer.message()), (503, "Not today"));
    assert_eq!(miner.delivery().await.outcome, DeliveryOutcome::Declined(DeclineReason::Paused));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_taken_for_whole() {
    let mut miner = Miner::start(|_| {}).await;

    let answer = miner.connect().await.ask(stream("one two then fail").bytes()).await;

    assert_eq!((answer.status, answer.text.as_str(), answer.whole), (200, "You said: one two", false));
    let failure = TaskFailure::Vendor(VendorFailure::Disconnected);
    assert_eq!(miner.delivery().await.outcome, DeliveryOutcome::Failed(failure));
}

#[tokio::test]
async fn a_hang_up_between_pieces_cancels_the_call() {
    let mut miner = Miner::start(|_| {}).await;
    let mut peer = miner.connect().await;
    peer.send(stream("one then hang").bytes()).await;
    peer.head().await;
    assert!(matches!(miner.seen().await, Seen::Began(_)));
    assert!(peer.chunk().await.is_some());

    drop(peer);

    assert!(matches!(miner.seen().await, Seen::Cancelled));
    assert_eq!(miner.delivery().await.outcome, DeliveryOutcome::Failed(TaskFailure::Cancelled));
    assert_eq!(miner.status().await.in_flight, 0);
}

#[tokio::test]
async fn a_peer_that_takes_nothing_is_cut_and_the_call_cancelled() {
    let mut miner = Miner::start(|config| config["server"] = json!({ "read_timeout_ms": 300 })).await;
    let mut peer = Peer::connect_narrow(miner.address).await;

    peer.send(stream("one then flood").bytes()).await;

    assert!(matches!(miner.seen().await, Seen::Began(_)));
    assert!(matches!(miner.seen().await, Seen::Cancelled));
    assert!(!matches!(miner.delivery().await.outcome, DeliveryOutcome::Answered));
    drop(peer);
}

#[tokio::test]
async fn a_stream_holds_its_place_to_its_end() {
    let mut miner = Miner::start(|config| config["server"] = json!({ "max_in_flight": 1 })).await;
    let mut busy = miner.connect().await;
    busy.send(stream("one then hang").bytes()).await;
    busy.head().await;
    assert!(matches!(miner.seen().await, Seen::Began(_)));

    let refused = miner.connect().await.ask(stream("two").bytes()).await;

    assert_eq!(refused.status, 503);
}
