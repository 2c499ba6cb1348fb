//! PyPI's `bittensor` against the chain: 10.5, which validators run, and 11, the newest.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sandbox_chain::{NodeConfig, Pace};
use serde_json::{Value, json};
use tokio::process::Command;

use super::harness::{Chain, NETUID, ONE, genesis, key, subnet};

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_sdk_reads_registers_and_serves() {
    let chain = chain();

    let seen = session(&chain, "MINER_TEST_VENV_SDK11", ".venv-sdk11", "session.py").await;

    assert_eq!(seen["spec"], 424);
    assert_eq!(seen["balance"], 1000 * ONE);
    assert_eq!((&seen["registered"], &seen["served"]), (&json!(true), &json!(true)));
    assert_eq!(seen["uids"], json!([0, 1, 2, 3, 4]));
    assert!(seen["axon"].to_string().contains("10.0.0.9"), "{seen}");
    assert_eq!(seen["permits"], json!([true, true, false, false, false]));
    assert_eq!(seen["stakes"][0].as_u64().map(|stake| stake >= 1000 * ONE), Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_on_the_sdk_in_use_sets_weights() {
    let chain = chain();

    let seen = session(&chain, "MINER_TEST_VENV", ".venv", "validator.py").await;

    let hotkeys = ["Alice", "Bob", "Charlie", "Dave"].map(|name| key(&format!("{name}//hot")).address().to_string());
    assert_eq!((&seen["hotkeys"], &seen["set"]), (&json!(hotkeys), &json!(true)));
    assert_eq!(seen["permits"], json!([true, true, false, false]));
    assert_eq!(seen["weights"], json!([[0, [[2, 21_845], [3, 65_535]]]]));
}

/// The chain of these tests, making blocks as the SDKs wait for them.
fn chain() -> Chain {
    Chain::start(&NodeConfig { pace: Pace::Every(Duration::from_millis(200)), ..NodeConfig::manual(genesis(subnet())) })
}

/// Lets an SDK work, and returns what it saw.
async fn session(chain: &Chain, venv: &str, default: &str, script: &str) -> Value {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let venv = std::env::var_os(venv).map_or_else(|| repository.join(default), PathBuf::from);
    let python = venv.join("bin/python");
    assert!(python.exists(), "{} is missing: scripts/python-env.sh makes it", python.display());
    // SDKs keep metadata in the home directory, by genesis hash.
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(script))
        .args([chain.node.url(), NETUID.to_string()])
        .env("HOME", home.path())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(60), output).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}
