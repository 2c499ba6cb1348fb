//! Peers that are slow, greedy or speak nonsense.

use std::time::Duration;

use common::record::{DeliveryOutcome, RefusalReason};
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::harness::Miner;
use crate::validator::{Request, ask, btauth};

/// Short enough for a test, long enough for a busy machine.
const READ: Duration = Duration::from_millis(400);

async fn miner() -> Miner {
    Miner::start(|config| {
        config["server"] = json!({
            "read_timeout_ms": 400,
            "idle_timeout_ms": 1500,
            "max_body_bytes": 10_000,
            "max_header_bytes": 4096,
            "max_connections_per_ip": 3
        });
    })
    .await
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_cut() {
    let miner = miner().await;
    let start = Instant::now();

    let closed = miner.connect().await.is_closed().await;

    assert!(closed);
    assert!(start.elapsed() >= READ);
}

#[tokio::test]
async fn a_slow_head_is_cut_with_a_word() {
    let mut miner = miner().await;
    let mut peer = miner.connect().await;
    let head = ask("Why?").head();

    peer.send(&head[..head.len() / 2]).await;
    let answer = peer.answer().await.unwrap();

    assert_eq!((answer.status, answer.message()), (408, "the headers took too long"));
    assert!(peer.is_closed().await);
    assert_eq!(miner.refusal().await.reason, RefusalReason::Slow);
}

#[tokio::test]
async fn dribbling_does_not_buy_time() {
    let miner = miner().await;
    let mut peer = miner.connect().await;
    let start = Instant::now();

    let head = ask("Why?").head();
    let mut bytes = head.bytes();
    while timeout(READ / 10, peer.hear()).await.is_err() {
        peer.send([bytes.next().unwrap()]).await;
    }

    assert!(start.elapsed() < 5 * READ);
    assert_eq!(peer.answer().await.unwrap().status, 408);
}

#[tokio::test]
async fn a_slow_body_is_cut_with_a_word() {
    let mut miner = miner().await;
    let mut peer = miner.connect().await;

    let answer = peer.ask(ask("Why?").head()).await;

    assert_eq!((answer.status, answer.message()), (408, "the body took too long"));
    assert!(peer.is_closed().await);
    assert_eq!(miner.refusal().await.reason, RefusalReason::Slow);
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_not_read() {
    let mut miner = miner().await;
    let mut peer = miner.connect().await;

    let answer = peer.ask(Request { body: vec![b' '; 10_001], ..ask("Why?") }.head()).await;

    assert_eq!((answer.status, answer.message()), (413, "the body is too large"));
    assert!(peer.is_closed().await);
    assert_eq!(miner.refusal().await.reason, RefusalReason::TooLarge);
}

#[tokio::test]
async fn a_refusal_reaches_a_peer_that_is_still_sending() {
    let miner = miner().await;

    let answer = miner.connect().await.ask(Request { body: vec![b' '; 500_000], ..ask("Why?") }.bytes()).await;

    assert_eq!(answer.status, 413);
}

#[tokio::test]
async fn headers_that_are_too_large_are_refused() {
    let mut miner = miner().await;
    let mut peer = miner.connect().await;

    let answer = peer.ask(ask("Why?").with("padding", &"x".repeat(5000)).head()).await;

    assert_eq!((answer.status, answer.message()), (431, "the headers are too large"));
    assert!(peer.is_closed().await);
    assert_eq!(miner.refusal().await.reason, RefusalReason::TooLarge);
}

#[tokio::test]
async fn nonsense_is_answered_in_json() {
    let mut miner = miner().await;

    for nonsense in
        ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "POST /Ask HTTP/9.9\r\n\r\n", "POST /Ask HTTP/1.1\r\n: x\r\n\r\n"]
    {
        let mut peer = miner.connect().await;

        let answer = peer.ask(nonsense).await;

        assert_eq!((answer.status, answer.message()), (400, "the headers cannot be read"), "{nonsense:?}");
        assert!(peer.is_closed().await);
        assert_eq!(miner.refusal().await.reason, RefusalReason::BadHeader);
    }
}

#[tokio::test]
async fn garbage_behind_a_request_spoils_only_itself() {
    let mut miner = miner().await;
    let mut peer = miner.connect().await;

    peer.send([ask("Why?").bytes(), b"\0garbage\r\n\r\n".to_vec()].concat()).await;
    let first = peer.answer().await.unwrap();
    let second = peer.answer().await.unwrap();

    assert_eq!((first.status, second.status), (200, 400));
    assert!(peer.is_closed().await);
    assert_eq!(miner.delivery().await.outcome, DeliveryOutcome::Answered);
    assert_eq!(miner.refusal().await.reason, RefusalReason::BadHeader);
}

#[tokio::test]
async fn requests_sent_ahead_are_answered_in_order() {
    let miner = miner().await;
    let mut peer = miner.connect().await;

    peer.send([ask("one").bytes(), ask("two").bytes()].concat()).await;
    let first = peer.answer().await.unwrap();
    let second = peer.answer().await.unwrap();

    assert_eq!((&first.body["answer"], &second.body["answer"]), (&json!("You said: one"), &json!("You said: two")));
}

#[tokio::test]
async fn an_idle_connection_outlives_the_read_timeout_but_not_its_own() {
    let miner = miner().await;
    let mut peer = miner.connect().await;
    peer.ask(ask("one").bytes()).await;

    let early = timeout(2 * READ, peer.hear()).await;
    let answer = peer.ask(ask("two").bytes()).await;
    let start = Instant::now();
    let closed = peer.is_closed().await;

    assert!(early.is_err(), "closed while it could be reused");
    assert_eq!(answer.status, 200);
    assert!(closed);
    assert!(start.elapsed() > 2 * READ);
}

#[tokio::test]
async fn a_connection_too_many_is_turned_away() {
    let mut miner = miner().await;
    let mut peers = Vec::new();
    for _ in 0..3 {
        let mut peer = miner.connect().await;
        peer.ask(ask("Why?").bytes()).await;
        miner.delivery().await;
        peers.push(peer);
    }

    let mut fourth = miner.connect().await;
    let answer = fourth.answer().await.unwrap();

    assert_eq!((answer.status, answer.message()), (503, "Overloaded"));
    assert_eq!(miner.refusal().await.reason, RefusalReason::Overloaded);
    assert_eq!(miner.status().await.connections, 3);
}

#[tokio::test]
async fn a_flood_of_small_headers_is_refused() {
    let mut miner = miner().await;
    let flood = (0..200).fold(ask("Why?"), |request, number| request.with(&format!("x-{number}"), "1"));

    let answer = miner.connect().await.ask(flood.head()).await;

    assert_eq!(answer.status, 431, "{}", answer.text);
    assert_eq!(miner.refusal().await.reason, RefusalReason::TooLarge);
}

#[tokio::test]
async fn strangers_hold_only_so_many_bodies() {
    let miner = Miner::start(|config| config["server"] = json!({ "read_timeout_ms": 5000 })).await;
    let unsent = btauth("POST", "/v1/chat/completions", b"{}").head();
    let mut waiting = Vec::new();
    for _ in 0..32 {
        let mut peer = miner.connect().await;
        peer.send(&unsent).await;
        waiting.push(peer);
    }

    let refused = eventually_refused(&miner, &unsent).await;

    assert_eq!(refused, 503);
}

/// The head of a request is read some time after it was sent.
async fn eventually_refused(miner: &Miner, unsent: &str) -> u16 {
    loop {
        let mut peer = miner.connect().await;
        peer.send(unsent).await;
        if let Ok(Some(answer)) = timeout(READ, peer.answer()).await {
            return answer.status;
        }
    }
}
