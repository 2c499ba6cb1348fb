//! Who is answered how often, what is known of callers, and what is said of those who were turned away.

use common::call::miner::refusals::ExplainRefusals;
use common::record::RefusalReason;
use daemon_kit::ipc;
use serde_json::json;

use crate::harness::{ALICE, LONG, Miner};
use crate::validator::{Request, ask, nonce, signed, signed_at};

#[tokio::test]
async fn a_validator_over_its_rate_is_refused_at_once() {
    let mut miner = Miner::start(|config| config["server"] = json!({ "max_requests_per_s_per_caller": 1 })).await;
    let mut peer = miner.connect().await;

    let first = peer.ask(ask("one").bytes()).await;
    miner.delivery().await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(peer.ask(ask("two").bytes()).await.status);
    }

    assert_eq!(first.status, 200);
    // A slow machine may have earned another one meanwhile.
    assert!(statuses.iter().filter(|status| **status == 429).count() >= 2, "{statuses:?}");
}

#[tokio::test]
async fn a_flood_of_bad_signatures_is_not_looked_at_after_a_while() {
    let mut miner = Miner::start(|config| config["server"] = json!({ "max_strangers_per_s_per_ip": 2 })).await;
    let mut peer = miner.connect().await;
    let forged = || ask("Why?").with("bt_header_dendrite_uuid", "another");

    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(peer.ask(forged().bytes()).await.status);
    }

    assert_eq!(statuses[..2], [401, 401]);
    assert!(statuses.contains(&429), "{statuses:?}");
    let mut reasons = Vec::new();
    while !reasons.contains(&RefusalReason::RateLimited) {
        reasons.push(miner.refusal().await.reason);
    }
}

#[tokio::test]
async fn the_status_shows_how_far_a_validators_clock_is_off() {
    let miner = Miner::start(|_| {}).await;
    let mut peer = miner.connect().await;

    for _ in 0..3 {
        let early = signed_at(nonce() + 1_500_000_000, "//Alice", "Ask", &json!({ "question": "Why?" }));
        assert_eq!(peer.ask(early.bytes()).await.status, 200);
    }

    let status = miner.status().await;
    assert_eq!((status.callers.len(), status.callers[0].requests), (1, 3));
    assert_eq!(status.callers[0].caller.as_str(), ALICE);
    assert!((500..=1500).contains(&status.callers[0].clock_ahead_ms), "{:?}", status.callers);
}

#[tokio::test]
async fn it_can_be_asked_why_requests_were_turned_away() {
    let miner = Miner::start(|_| {}).await;
    let mut peer = miner.connect().await;
    for _ in 0..2 {
        peer.ask(signed("//Bob", "Ask", &json!({ "question": "Why?" })).bytes()).await;
    }
    peer.ask(Request { path: "/Nowhere".into(), ..ask("Why?") }.bytes()).await;

    let client: ipc::Client<common::call::miner::MinerCall> =
        ipc::connect(&miner.place.home.socket("miner-daemon"), "miner-daemon", &miner.place.others).await.unwrap();
    let report = client.call(ExplainRefusals {}, LONG).await.unwrap();

    let reasons: Vec<_> = report.reasons.iter().map(|reason| (reason.reason, reason.count)).collect();
    assert_eq!(reasons, [(RefusalReason::NotAdmitted, 2), (RefusalReason::UnknownRoute, 1)]);
    let bob = &report.reasons[0].senders[0];
    assert_eq!((bob.count, bob.told.as_str()), (2, "Forbidden. Key is blacklisted: not answered here."));
    assert!(bob.claimed.is_some() && bob.last_unix_ms > 0);
}
