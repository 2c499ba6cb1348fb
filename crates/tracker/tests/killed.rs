//! tracker as a process that is killed at its work: what it acknowledged is there, and nothing is there twice.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::call::tracker::{RecordEntries, TrackerCall, TrackerStatusQuery};
use common::id::EntryId;
use common::record::{Entry, Record, Refusal, RefusalReason};
use daemon_kit::ipc::Client;
use daemon_kit::{Home, Workers};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const TIME: Duration = Duration::from_secs(30);
const ROUNDS: u16 = 3;
/// Fewer than a connection may have in flight, and more than the database commits at once.
const CALLS: u16 = 400;
const ENTRIES: u16 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_tracker_keeps_what_it_acknowledged_and_doubles_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let home = Home::new(directory.path().to_owned());
    configure(&home);
    let mut acknowledged = BTreeSet::new();

    for round in 0..ROUNDS {
        let tracker = Process::start(&home).await;
        let mut calls = send_all(&tracker.client, round);
        acknowledged.extend(calls.join_next().await.unwrap().unwrap().unwrap());
        // Nearly all of the calls are in work now.
        tracker.kill();
        let replies = calls.join_all().await;
        acknowledged.extend(replies.into_iter().flatten().flatten());
        let kept = ids(&home);
        assert!(acknowledged.is_subset(&kept), "{} acknowledged, {} kept", acknowledged.len(), kept.len());
    }
    // As an outbox does: what is in doubt comes again, and here all the rest too.
    let tracker = Process::start(&home).await;
    for round in 0..ROUNDS {
        assert!(send_all(&tracker.client, round).join_all().await.iter().all(Option::is_some));
    }
    let status = tracker.client.call(TrackerStatusQuery {}, TIME).await.unwrap();
    tracker.kill();

    let sent = usize::from(ROUNDS) * usize::from(CALLS) * usize::from(ENTRIES);
    assert_eq!(ids(&home).len(), sent);
    assert_eq!(status.total.refused, u64::try_from(sent).unwrap());
}

/// The `tracker` binary, and a client of it.
struct Process {
    child: Child,
    client: Client<TrackerCall>,
}

impl Process {
    async fn start(home: &Home) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_tracker"))
            .arg("--home")
            .arg(home.root())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let client = Client::new(home.socket("tracker"), "tracker", &Workers::new());
        tokio::time::timeout(TIME, client.connected()).await.unwrap();
        Self { child, client }
    }

    fn kill(self) {
        drop(self);
    }
}

/// With SIGKILL, and also when the test fails.
impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Makes all calls of a round at once; each ends with the ids that were acknowledged, or with `None`.
fn send_all(client: &Client<TrackerCall>, round: u16) -> JoinSet<Option<Vec<EntryId>>> {
    let mut calls = JoinSet::new();
    for call in 0..CALLS {
        let client = client.clone();
        let entries = (0..ENTRIES).map(|place| entry([round, call, place])).collect();
        calls.spawn(async move { Some(client.call(RecordEntries { entries }, TIME).await.ok()?.ids) });
    }
    calls
}

fn entry(numbers: [u16; 3]) -> Entry {
    let mut unique = [0; 10];
    for (bytes, number) in unique.chunks_exact_mut(2).zip(numbers) {
        bytes.copy_from_slice(&number.to_be_bytes());
    }
    let record = Record::Refusal(Refusal {
        netuid: None,
        claimed: None,
        peer: "127.0.0.1".parse().unwrap(),
        reason: RefusalReason::Unsigned,
        count: 1,
    });
    Entry { id: EntryId::new(1, unique), unix_ms: 1, record }
}

/// What is in the database. A copy is read, so that the next tracker finds the files as the killed one left them.
fn ids(home: &Home) -> BTreeSet<EntryId> {
    let copy = tempfile::tempdir().unwrap();
    for file in ["tracker.db", "tracker.db-wal"] {
        fs::copy(home.state_dir().join(file), copy.path().join(file)).unwrap();
    }
    let database = rusqlite::Connection::open(copy.path().join("tracker.db")).unwrap();
    let mut statement = database.prepare("SELECT entry_id FROM seen JOIN refusals USING (seq)").unwrap();
    let ids = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    ids.map(|id| id.unwrap().parse().unwrap()).collect()
}

fn configure(home: &Home) {
    fs::create_dir_all(home.config_dir()).unwrap();
    write(
        &home.config_dir().join("miner-config.json"),
        &json!({
            "version": 1,
            "listeners": [{ "address": "127.0.0.1:8091", "netuids": [18] }],
            "callers": { "policy": "anyone" },
            "vendors": { "local": { "dialect": "openai-chat", "base_url": "http://127.0.0.1:9/v1" } }
        }),
    );
    write(
        &home.config_dir().join("token-budgets.json"),
        &json!({
            "version": 1,
            "limits": [{ "name": "daily", "window": "day", "max_usd": "1.00" }]
        }),
    );
    write(
        &home.config_dir().join("subnet-profiles.json"),
        &json!({
            "version": 1,
            "subnets": {
                "18": {
                    "name": "a test",
                    "protocol": "synapse",
                    "max_tokens_per_task": 1000,
                    "preferred_models": ["local/model"],
                    "routes": { "Ping": { "action": { "reply": {} } } }
                }
            }
        }),
    );
}

fn write(path: &Path, content: &Value) {
    fs::write(path, content.to_string()).unwrap();
}
