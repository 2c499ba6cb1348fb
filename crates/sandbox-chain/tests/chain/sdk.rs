//! PyPI's `bittensor` 11 against the chain.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sandbox_chain::{NodeConfig, Pace};
use serde_json::{Value, json};
use tokio::process::Command;

use super::harness::{Chain, NETUID, ONE, genesis, subnet};

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_sdk_reads_registers_and_serves() {
    let config = NodeConfig { pace: Pace::Every(Duration::from_millis(200)), ..NodeConfig::manual(genesis(subnet())) };
    let chain = Chain::start(&config);

    let seen = session(&chain.node.url()).await;

    assert_eq!(seen["spec"], 424);
    assert_eq!(seen["balance"], 1000 * ONE);
    assert_eq!((&seen["registered"], &seen["served"]), (&json!(true), &json!(true)));
    assert_eq!(seen["uids"], json!([0, 1, 2, 3, 4]));
    assert!(seen["axon"].to_string().contains("10.0.0.9"), "{seen}");
    assert_eq!(seen["permits"], json!([true, true, false, false, false]));
    assert_eq!(seen["stakes"][0].as_u64().map(|stake| stake >= 1000 * ONE), Some(true));
}

/// Lets the SDK work, and returns what it saw.
async fn session(url: &str) -> Value {
    // The SDK keeps metadata in the home directory, by genesis hash.
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(python())
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/session.py"))
        .args([url, &NETUID.to_string()])
        .env("HOME", home.path())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(60), output).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

/// Python with `bittensor==11.3.0`, which `scripts/python-env.sh` installs.
fn python() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv-sdk11");
    let venv = std::env::var_os("MINER_TEST_VENV_SDK11").map_or_else(default, PathBuf::from);
    let python = venv.join("bin/python");
    assert!(python.exists(), "{} is missing: scripts/python-env.sh makes it", python.display());
    python
}
