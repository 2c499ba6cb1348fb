//! The steps on the real runtime, if `SUBTENSOR_CHAIN` says where it is: a folder with `start-chain.sh`, or an address.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::ground::Ground;
use crate::steps;

/// A node takes 300 MB and a core: one at a time.
static ONE: Mutex<()> = Mutex::new(());

#[test]
fn the_real_runtime_is_read_as_it_is() {
    on_the_real_runtime(async |ground| {
        steps::heads_are_followed(&ground).await;
        steps::places_are_found_on_several_subnets_at_once(&ground).await;
        steps::the_metagraph_is_what_the_storage_says(&ground).await;
        steps::an_unknown_subnet_is_told(&ground).await;
        ground.end().await;
    });
}

#[test]
fn the_real_runtime_publishes_an_axon_once() {
    on_the_real_runtime(async |ground| {
        steps::an_axon_is_published_once_and_again_when_it_changes(&ground).await;
        steps::a_tls_key_is_published_beside_the_axon(&ground).await;
        steps::what_the_chain_refuses_is_told_by_its_cause(&ground).await;
        ground
            .sudo("sudo_set_serving_rate_limit", vec![("netuid", 2_u16.into()), ("serving_rate_limit", 50_u64.into())])
            .await;
        steps::a_change_waits_for_the_serving_rate_limit(&ground).await;
        ground.end().await;
    });
}

#[test]
fn the_real_runtimes_epochs_are_known_and_told() {
    on_the_real_runtime(async |ground| {
        steps::the_next_epoch_is_where_it_was_expected(&ground).await;
        steps::weights_are_told_with_the_epoch_they_led_to(&ground).await;
        steps::missed_epochs_are_found_again(&ground).await;
        ground.end().await;
    });
}

#[test]
fn the_real_runtime_reveals_weights_later() {
    on_the_real_runtime(async |ground| {
        let on = vec![("netuid", 2_u16.into()), ("enabled", scale_value::Value::bool(true))];
        ground.sudo("sudo_set_commit_reveal_weights_enabled", on).await;
        steps::committed_weights_are_pending_until_they_are_revealed(&ground).await;
        ground.end().await;
    });
}

/// Runs steps on a fresh chain. Without `SUBTENSOR_CHAIN` there is nothing to run on.
fn on_the_real_runtime(steps: impl AsyncFnOnce(Ground)) {
    let Some(place) = std::env::var_os("SUBTENSOR_CHAIN") else { return };
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let place = place.into_string().unwrap();
    let (url, _node) = if place.starts_with("ws") { (place, None) } else { start(Path::new(&place)) };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { steps(Ground::new(&[url]).await).await });
}

/// Ends the node with the test.
struct Node(String);

impl Drop for Node {
    fn drop(&mut self) {
        Command::new("kill").arg(&self.0).status().expect("kill is there");
    }
}

fn start(folder: &Path) -> (String, Option<Node>) {
    // Tests run in their crate's folder; people give the place from the workspace's.
    let folder = if folder.is_absolute() { folder.to_owned() } else { workspace().join(folder) };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let output = Command::new(folder.join("start-chain.sh")).arg(&port).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    let pid = said.split("pid=").nth(1).and_then(|rest| rest.split(' ').next()).expect("READY says the pid");
    (format!("ws://127.0.0.1:{port}"), Some(Node(pid.to_owned())))
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
