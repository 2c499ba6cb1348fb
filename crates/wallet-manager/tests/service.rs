//! wallet-manager over its real sockets, with a wallet that bittensor-wallet 4.1.1 wrote.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::call::tracker::{Beat, TrackerCall, Wishes};
use common::call::wallet::{KeyPresence, WalletCall, WalletStatus, WalletStatusQuery};
use common::ipc::{Fault, FaultCode, Reply};
use daemon_kit::config::Config;
use daemon_kit::ipc::{CallContext, Client, Listener, Service, connect, serve};
use daemon_kit::{Daemon, Home, Problems, Workers};
use serde_json::json;
use tokio::sync::mpsc;

const TIME: Duration = Duration::from_secs(10);
const COLDKEY: &str = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV";
const HOTKEY: &str = "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe";

#[tokio::test]
async fn a_sound_wallet_is_told_on_both_sockets_and_has_no_findings() {
    let home = HomeDir::with_golden_wallet();
    let daemon = home.daemon("hot1", &[]);
    wallet_manager::run(daemon.clone()).await.unwrap();

    let from_miner = ask(&daemon, "wallet").await;
    let from_operator = ask(&daemon, "wallet-admin").await;
    stop(&daemon).await;

    assert_eq!(from_miner, from_operator);
    assert_eq!(from_miner.coldkey.unwrap().as_str(), COLDKEY);
    assert_eq!(from_miner.coldkey_file, KeyPresence::Encrypted);
    assert_eq!(from_miner.hotkey.unwrap().as_str(), HOTKEY);
    assert_eq!(from_miner.hotkey_file, KeyPresence::Plain);
    assert_eq!((from_miner.name.as_str(), from_miner.hotkey_name.as_str()), ("golden", "hot1"));
    assert_eq!(from_miner.findings, []);
}

#[tokio::test]
async fn a_wallet_without_its_coldkey_is_watched_by_its_address() {
    let home = HomeDir::with_golden_wallet();
    fs::remove_file(home.wallet().join("coldkey")).unwrap();
    let daemon = home.daemon("hot1", &[]);
    wallet_manager::run(daemon.clone()).await.unwrap();

    let status = ask(&daemon, "wallet").await;
    stop(&daemon).await;

    assert_eq!(status.coldkey.unwrap().as_str(), COLDKEY);
    assert_eq!(status.coldkey_file, KeyPresence::Absent);
    assert_eq!(status.findings, []);
}

#[tokio::test]
async fn a_missing_wallet_is_a_finding_with_a_fix() {
    let home = HomeDir::empty();
    let daemon = home.daemon("hot1", &[]);
    wallet_manager::run(daemon.clone()).await.unwrap();

    let status = ask(&daemon, "wallet").await;
    stop(&daemon).await;

    assert_eq!((status.coldkey, status.hotkey), (None, None));
    assert_eq!((status.coldkey_file, status.hotkey_file), (KeyPresence::Absent, KeyPresence::Absent));
    assert!(!status.findings.is_empty());
    assert!(status.findings.iter().all(|finding| !finding.fix.is_empty()), "{:?}", status.findings);
}

#[tokio::test]
async fn an_encrypted_hotkey_is_told_and_not_opened() {
    let home = HomeDir::with_golden_wallet();
    let daemon = home.daemon("hot4_encrypted", &[]);
    wallet_manager::run(daemon.clone()).await.unwrap();

    let status = ask(&daemon, "wallet").await;
    stop(&daemon).await;

    assert_eq!(status.hotkey_file, KeyPresence::Encrypted);
    assert_eq!(status.hotkey.unwrap().as_str(), HOTKEY);
    assert_eq!(status.findings.len(), 1);
}

#[tokio::test]
async fn the_files_are_read_anew_for_every_question() {
    let home = HomeDir::with_golden_wallet();
    let daemon = home.daemon("hot1", &[]);
    wallet_manager::run(daemon.clone()).await.unwrap();

    let before = ask(&daemon, "wallet").await;
    let hotkey = home.wallet().join("hotkeys/hot1");
    fs::set_permissions(&hotkey, Permissions::from_mode(0o644)).unwrap();
    let after = ask(&daemon, "wallet").await;
    stop(&daemon).await;

    assert_eq!(before.findings, []);
    let paths: Vec<_> = after.findings.iter().map(|finding| finding.path.as_str()).collect();
    assert_eq!(paths, [hotkey.to_str().unwrap()]);
}

#[tokio::test]
async fn other_users_never_get_at_the_operators_socket() {
    let home = HomeDir::with_golden_wallet();
    let daemon = home.daemon("hot1", &[12345]);

    wallet_manager::run(daemon.clone()).await.unwrap();
    let mode = |name| fs::metadata(daemon.home.socket(name)).unwrap().permissions().mode() & 0o777;
    let modes = (mode("wallet"), mode("wallet-admin"));
    stop(&daemon).await;

    assert_eq!(modes, (0o660, 0o600));
}

#[tokio::test]
async fn a_name_that_leads_out_of_the_wallets_is_refused() {
    let home = HomeDir::with_golden_wallet();

    let refused = wallet_manager::run(home.daemon("../../golden/coldkey", &[])).await;

    let error = format!("{:#}", refused.unwrap_err());
    assert!(error.contains("miner-config.json"), "{error}");
}

#[tokio::test]
async fn tracker_hears_the_beat() {
    let home = HomeDir::with_golden_wallet();
    let daemon = home.daemon("hot1", &[]);
    let (heard, mut beats) = mpsc::channel(8);
    let listener = Listener::bind(&daemon.home.socket("tracker"), &[]).unwrap();
    let tracker = serve(listener, "tracker", Arc::new(Ear { heard }), daemon.workers.clone());
    daemon.workers.spawn("tracker", tracker);

    wallet_manager::run(daemon.clone()).await.unwrap();
    let beat = beats.recv().await.unwrap();
    stop(&daemon).await;

    assert_eq!((beat.service.as_str(), beat.pid, beat.outbox), ("wallet-manager", std::process::id(), 0));
}

/// A tracker that only listens.
struct Ear {
    heard: mpsc::Sender<Beat>,
}

impl Service for Ear {
    type Call = TrackerCall;

    async fn handle(&self, call: TrackerCall, _: CallContext) -> Reply {
        match call {
            TrackerCall::Beat(beat) => {
                // Nobody listens any more once the test is over.
                drop(self.heard.try_send(beat));
                Reply::of::<Beat>(Ok(Wishes::default()))
            }
            TrackerCall::RecordEntries(_)
            | TrackerCall::TrackerStatusQuery(_)
            | TrackerCall::ListAlerts(_)
            | TrackerCall::ListEvents(_)
            | TrackerCall::TakeApprovals(_) => {
                Reply::Fault(Fault::new(FaultCode::Invalid, "not expected of wallet-manager"))
            }
        }
    }
}

async fn ask(daemon: &Daemon, socket: &str) -> WalletStatus {
    let client: Client<WalletCall> =
        connect(&daemon.home.socket(socket), "wallet-manager", &daemon.workers).await.unwrap();
    client.call(WalletStatusQuery {}, TIME).await.unwrap()
}

async fn stop(daemon: &Daemon) {
    daemon.workers.stop();
    daemon.workers.wait(TIME).await.unwrap();
}

/// A home with a directory of wallets in it.
struct HomeDir(tempfile::TempDir);

impl HomeDir {
    fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with_golden_wallet() -> Self {
        let home = Self::empty();
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden");
        copy_private(&golden, &home.wallet());
        home
    }

    fn wallet(&self) -> PathBuf {
        self.0.path().join("wallets/golden")
    }

    fn daemon(&self, hotkey: &str, allowed_uids: &[u32]) -> Daemon {
        let home = Home::new(self.0.path().to_owned());
        home.prepare().unwrap();
        let config = Config {
            miner: serde_json::from_value(json!({
                "version": 1,
                "wallet": { "path": self.0.path().join("wallets"), "name": "golden", "hotkey": hotkey },
                "listeners": [],
                "callers": { "policy": "listed" },
                "vendors": {},
                "daemons": { "allowed_uids": allowed_uids }
            }))
            .unwrap(),
            subnets: serde_json::from_value(json!({ "version": 1, "subnets": {} })).unwrap(),
            budgets: serde_json::from_value(json!({ "version": 1, "limits": [] })).unwrap(),
            credentials: serde_json::from_value(json!({ "version": 1, "entries": {} })).unwrap(),
        };
        Daemon {
            service: "wallet-manager",
            version: "0.0.0",
            home,
            config,
            workers: Workers::new(),
            problems: Problems::new(),
            started_unix_ms: 1,
        }
    }
}

/// Copies a directory with the modes that wallets have: a checkout's are those of the umask.
fn copy_private(from: &Path, to: &Path) {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_private(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
            fs::set_permissions(&target, Permissions::from_mode(0o600)).unwrap();
        }
    }
}
