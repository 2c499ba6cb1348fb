//! Requests that are turned away before they become tasks.

use std::net::{IpAddr, Ipv4Addr};

use common::id::Netuid;
use common::record::{RefusalReason, TaskCounts};
use serde_json::json;

use crate::harness::{ALICE, Miner};
use crate::validator::{Request, ask, signed};

#[tokio::test]
async fn each_refusal_has_its_status_and_its_record() {
    let mut miner = Miner::start(|_| {}).await;
    let elsewhere = |path: &str| Request { path: path.to_owned(), ..ask("Why?") };
    let unsigned = || {
        let mut request = ask("Why?");
        request.headers.retain(|(name, _)| name != "bt_header_dendrite_signature");
        request
    };
    let other = |body: &str| Request { body: body.as_bytes().to_vec(), ..ask("Why?") };

    let mut count = 0;

    for (request, status, reason) in [
        (elsewhere("/Dummy"), 404, RefusalReason::UnknownRoute),
        (elsewhere("/ask"), 404, RefusalReason::UnknownRoute),
        (elsewhere("/Ask/"), 404, RefusalReason::UnknownRoute),
        (elsewhere("//Ask"), 404, RefusalReason::UnknownRoute),
        (elsewhere("/../Ask"), 404, RefusalReason::UnknownRoute),
        (elsewhere("/%41sk"), 404, RefusalReason::UnknownRoute),
        (elsewhere("/Ask%00"), 404, RefusalReason::UnknownRoute),
        (elsewhere("/v1/../Ask"), 404, RefusalReason::UnknownRoute),
        (ask("Why?").with("Content-Encoding", "gzip"), 415, RefusalReason::BadHeader),
        (ask("Why?").with("bt_header_dendrite_nonce", "\u{e9}"), 401, RefusalReason::BadHeader),
        (ask("Why?").with("timeout", "nan"), 401, RefusalReason::BadHeader),
        (ask("Why?").with("Content-Encoding", "br"), 415, RefusalReason::BadHeader),
        (Request { method: "GET", ..ask("Why?") }, 405, RefusalReason::Method),
        (Request { method: "DELETE", ..ask("Why?") }, 405, RefusalReason::Method),
        (unsigned(), 401, RefusalReason::Unsigned),
        (ask("Why?").with("bt_header_dendrite_nonce", "1"), 401, RefusalReason::Stale),
        (ask("Why?").with("bt_header_dendrite_uuid", "another"), 401, RefusalReason::BadSignature),
        (signed("//Bob", "Ask", &json!({ "question": "Why?" })), 403, RefusalReason::NotAdmitted),
        (other("{ \"question\": "), 422, RefusalReason::BadBody),
        (other("[]"), 422, RefusalReason::BadBody),
        (other("{}"), 422, RefusalReason::BadBody),
        (other("{ \"question\": \" \" }"), 422, RefusalReason::BadBody),
        (other(""), 422, RefusalReason::BadBody),
        (other("{ \"question\": NaN }"), 422, RefusalReason::BadBody),
        (other("{ \"question\": 1e999 }"), 422, RefusalReason::BadBody),
        (other("{ \"question\": \"\\ud800\" }"), 422, RefusalReason::BadBody),
        (other(&format!("{{ \"question\": {} }}", "[".repeat(100_000))), 422, RefusalReason::BadBody),
        (other(&format!("{{ \"question\": {} }}", "9".repeat(100_000))), 422, RefusalReason::BadBody),
    ] {
        let answer = miner.connect().await.ask(request.bytes()).await;

        assert_eq!(answer.status, status, "{reason:?}: {}", answer.message());
        assert_eq!(answer.headers["bt_header_axon_status_code"], status.to_string());
        assert!(!answer.message().contains("Ping"), "the routes are nobody's business");
        let refusal = miner.refusal().await;
        assert_eq!((refusal.reason, refusal.count), (reason, 1));
        let netuid = (reason != RefusalReason::UnknownRoute).then_some(Netuid(1));
        assert_eq!((refusal.peer, refusal.netuid), (IpAddr::V4(Ipv4Addr::LOCALHOST), netuid));
        count += 1;
    }
    assert_eq!(miner.status().await.since_start, TaskCounts { refused: count, ..TaskCounts::default() });
}

#[tokio::test]
async fn a_request_works_once() {
    let mut miner = Miner::start(|_| {}).await;
    let request = ask("Why?").bytes();
    let first = miner.connect().await.ask(&request).await;
    miner.delivery().await;

    let second = miner.connect().await.ask(&request).await;

    assert_eq!((first.status, second.status), (200, 401));
    let refusal = miner.refusal().await;
    assert_eq!(refusal.reason, RefusalReason::Replay);
    assert_eq!(refusal.claimed.unwrap().as_str(), ALICE);
}

#[tokio::test]
async fn an_unverified_sender_is_refused_before_its_body_is_read() {
    let miner = Miner::start(|_| {}).await;
    let mut request = ask("Why?").with("bt_header_dendrite_nonce", "1");
    request.body = vec![b' '; 100_000];

    let answer = miner.connect().await.ask(request.head()).await;

    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn a_transfer_encoding_is_refused_with_a_length_and_without() {
    let mut miner = Miner::start(|_| {}).await;
    let (length, encoding) = (("Content-Length", "4"), ("Transfer-Encoding", "chunked"));

    for headers in [vec![encoding], vec![encoding, length], vec![length, encoding]] {
        let request = headers.iter().fold(ask("Why?"), |request, (name, value)| request.with(name, value));

        let answer = miner.connect().await.ask(request.head() + "0\r\n\r\n").await;

        assert_eq!(answer.status, 411, "{}", answer.message());
        assert_eq!(miner.refusal().await.reason, RefusalReason::BadHeader);
    }
}

#[tokio::test]
async fn like_refusals_are_merged_and_none_is_lost() {
    let mut miner = Miner::start(|_| {}).await;
    let mut peer = miner.connect().await;
    let request = Request { path: "/Nowhere".to_owned(), ..ask("Why?") }.bytes();

    for _ in 0..500 {
        assert_eq!(peer.ask(&request).await.status, 404);
    }

    let mut recorded = 0;
    while recorded < 500 {
        let refusal = miner.refusal().await;
        assert_eq!(refusal.reason, RefusalReason::UnknownRoute);
        recorded += refusal.count;
    }
    assert_eq!(recorded, 500);
}
