//! The real dendrite of bittensor 10.5.0, unmodified.

use std::path::{Path, PathBuf};

use common::outcome::DeclineReason;
use common::record::{DeliveryOutcome, RefusalReason};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use crate::harness::{LONG, MINER, Miner};

#[tokio::test]
async fn its_synapse_comes_back_filled() {
    let mut miner = Miner::start(|_| {}).await;

    let seen = dendrite(&miner, json!({ "key": "//Alice", "messages": ["It's", "naïve: \"why\"?"] })).await;

    assert_eq!(seen["axon_status"], 200);
    assert_eq!((&seen["is_success"], &seen["axon_hotkey"]), (&json!(true), &json!(MINER)));
    assert_eq!(seen["completion"], "You said: naïve: \"why\"?");
    assert_eq!(miner.delivery().await.outcome, DeliveryOutcome::Answered);
}

#[tokio::test]
async fn it_understands_a_decline() {
    let mut miner = Miner::start(|_| {}).await;

    let seen = dendrite(&miner, json!({ "key": "//Alice", "messages": ["decline"] })).await;

    assert_eq!((&seen["status"], &seen["message"]), (&json!(503), &json!("Not today")));
    assert_eq!(seen["completion"], Value::Null);
    assert_eq!(miner.delivery().await.outcome, DeliveryOutcome::Declined(DeclineReason::Paused));
}

#[tokio::test]
async fn it_understands_that_its_key_is_not_answered() {
    let mut miner = Miner::start(|_| {}).await;

    let seen = dendrite(&miner, json!({ "key": "//Bob", "messages": ["Why?"] })).await;

    assert_eq!((&seen["status"], &seen["is_blacklist"]), (&json!(403), &json!(true)));
    assert_eq!(miner.refusal().await.reason, RefusalReason::NotAdmitted);
}

#[tokio::test]
async fn its_request_works_once() {
    let mut miner = Miner::start(|_| {}).await;

    let seen = dendrite(&miner, json!({ "key": "//Alice", "messages": ["Why?"], "replay": true })).await;

    assert_eq!((&seen["status"], &seen["failed_verification"]), (&json!(401), &json!(true)));
    assert_eq!(miner.delivery().await.outcome, DeliveryOutcome::Answered);
    assert_eq!(miner.refusal().await.reason, RefusalReason::Replay);
}

#[tokio::test]
async fn it_understands_that_nobody_can_answer() {
    let mut miner = Miner::start_alone().await;

    let seen = dendrite(&miner, json!({ "key": "//Alice", "messages": ["Why?"] })).await;

    assert_eq!((&seen["status"], &seen["message"]), (&json!(503), &json!("Unavailable")));
    assert_eq!(miner.delivery().await.outcome, DeliveryOutcome::Unavailable);
}

/// Lets the dendrite ask, and returns what it saw.
async fn dendrite(miner: &Miner, mut question: Value) -> Value {
    question["port"] = json!(miner.address.port());
    question["hotkey"] = json!(MINER);
    let output = Command::new(venv().join("bin/python"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dendrite.py"))
        .arg(question.to_string())
        // The SDK writes into the home directory.
        .env("HOME", miner.place.home.root())
        .output();
    let output = timeout(4 * LONG, output).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

/// Where `bittensor==10.5.0` is installed.
fn venv() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv");
    std::env::var_os("MINER_TEST_VENV").map_or_else(default, PathBuf::from)
}
