//! A miner in a temporary home.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use common::call::miner::{MinerCall, MinerStatus, MinerStatusQuery};
use common::record::{Delivery, Entry, Record, Refusal};
use daemon_kit::config::Config;
use daemon_kit::ipc::{self, Client};
use daemon_kit::{Daemon, Home, Problems, Workers};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::fakes::{self, Seen};
use crate::peer::Peer;

/// Longer than anything in these tests takes.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// The miner's hotkey, from the golden wallet.
pub(crate) const MINER: &str = "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe";
/// The validator that is answered.
pub(crate) const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

/// A home with the golden wallet's configuration.
pub(crate) struct Place {
    pub(crate) home: Home,
    /// The daemons beside the miner.
    pub(crate) others: Workers,
    _directory: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().to_owned());
        home.prepare().unwrap();
        copy_wallets(&home);
        Self { home, others: Workers::new(), _directory: directory }
    }
}

/// A running miner-daemon with stand-ins beside it.
pub(crate) struct Miner {
    pub(crate) place: Place,
    pub(crate) address: SocketAddr,
    /// The daemon itself.
    pub(crate) workers: Workers,
    pub(crate) tasks: mpsc::Receiver<Seen>,
    records: mpsc::Receiver<Entry>,
}

impl Miner {
    /// Starts a miner; `change` may change its `miner-config.json`.
    pub(crate) async fn start(change: impl FnOnce(&mut Value)) -> Self {
        let place = Place::new();
        let tasks = fakes::start_tasks(&place.home, &place.others);
        Self::start_beside(place, tasks, change).await
    }

    /// Starts a miner whose task-handler is dead.
    pub(crate) async fn start_alone() -> Self {
        let (_, tasks) = mpsc::channel(1);
        Self::start_beside(Place::new(), tasks, |_| {}).await
    }

    async fn start_beside(place: Place, tasks: mpsc::Receiver<Seen>, change: impl FnOnce(&mut Value)) -> Self {
        let records = fakes::start_tracker(&place.home, &place.others);
        let workers = Workers::new();
        miner_daemon::run(daemon(&place.home, &workers, change)).await.unwrap();
        let status = status(&place.home, &place.others).await;
        Self { place, address: status.listeners[0].address, workers, tasks, records }
    }

    /// Connects as a validator does.
    pub(crate) async fn connect(&self) -> Peer {
        Peer::connect(self.address).await
    }

    /// What minerctl would show.
    pub(crate) async fn status(&self) -> MinerStatus {
        status(&self.place.home, &self.place.others).await
    }

    /// The next record that reaches tracker.
    pub(crate) async fn record(&mut self) -> Record {
        next_record(&mut self.records).await
    }

    /// The next record, which must be a delivery.
    pub(crate) async fn delivery(&mut self) -> Delivery {
        let record = self.record().await;
        let Record::Delivery(delivery) = record else { panic!("not a delivery: {record:?}") };
        delivery
    }

    /// The next record, which must be a refusal.
    pub(crate) async fn refusal(&mut self) -> Refusal {
        let record = self.record().await;
        let Record::Refusal(refusal) = record else { panic!("not a refusal: {record:?}") };
        refusal
    }

    /// The next thing that task-handler sees.
    pub(crate) async fn seen(&mut self) -> Seen {
        timeout(LONG, self.tasks.recv()).await.unwrap().unwrap()
    }
}

/// The next entry that reaches a tracker.
pub(crate) async fn next_record(records: &mut mpsc::Receiver<Entry>) -> Record {
    timeout(LONG, records.recv()).await.unwrap().unwrap().record
}

/// Asks a miner for its status.
pub(crate) async fn status(home: &Home, workers: &Workers) -> MinerStatus {
    let client: Client<MinerCall> = ipc::connect(&home.socket("miner-daemon"), "miner-daemon", workers).await.unwrap();
    client.call(MinerStatusQuery {}, LONG).await.unwrap()
}

/// A daemon that runs in the test's own process.
pub(crate) fn daemon(home: &Home, workers: &Workers, change: impl FnOnce(&mut Value)) -> Daemon {
    let mut miner = miner_config(home);
    change(&mut miner);
    let config = Config {
        miner: serde_json::from_value(miner).unwrap(),
        subnets: serde_json::from_value(profiles()).unwrap(),
        budgets: serde_json::from_value(budgets()).unwrap(),
        credentials: serde_json::from_value(json!({ "version": 1, "entries": {} })).unwrap(),
    };
    let (home, workers, problems) = (home.clone(), workers.clone(), Problems::new());
    Daemon { service: "miner-daemon", version: "0.0.0", home, config, workers, problems, started_unix_ms: 0 }
}

/// Writes the configuration for a daemon that runs as a process of its own.
pub(crate) fn write_config(home: &Home) {
    std::fs::create_dir(home.config_dir()).unwrap();
    let write = |name: &str, value: Value| {
        std::fs::write(home.config_dir().join(name), value.to_string()).unwrap();
    };
    write("miner-config.json", miner_config(home));
    write("subnet-profiles.json", profiles());
    write("token-budgets.json", budgets());
}

/// The golden wallet, closed to others as a wallet must be: git keeps no such modes.
fn copy_wallets(home: &Home) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wallets/golden");
    let to = home.root().join("wallets/golden");
    for directory in ["", "hotkeys"] {
        std::fs::create_dir_all(to.join(directory)).unwrap();
        for entry in std::fs::read_dir(from.join(directory)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                let copy = to.join(directory).join(entry.file_name());
                std::fs::copy(entry.path(), &copy).unwrap();
                std::fs::set_permissions(&copy, Permissions::from_mode(0o600)).unwrap();
            }
        }
    }
}

fn miner_config(home: &Home) -> Value {
    json!({
        "version": 1,
        "wallet": { "path": home.root().join("wallets"), "name": "golden", "hotkey": "hot1" },
        "listeners": [{ "address": "127.0.0.1:0", "netuids": [1, 2] }],
        "callers": { "policy": "listed", "allow": [ALICE] },
        "vendors": { "local": { "dialect": "openai-chat", "base_url": "http://127.0.0.1:9/v1" } }
    })
}

fn budgets() -> Value {
    json!({ "version": 1, "limits": [{ "name": "all", "window": "day", "max_tokens": 1000 }] })
}

fn profiles() -> Value {
    let ask = json!({
        "fields": { "question": { "type": "str" }, "answer": { "type": "Optional[str]", "default": null } },
        "time_limit_ms": 10_000,
        "action": { "task": { "prompt": { "field": "question" }, "answer": { "field": "answer" } } }
    });
    let prompting = json!({
        "fields": {
            "roles": { "type": "List[str]" },
            "messages": { "type": "List[str]" },
            "completion": { "type": "Optional[str]", "default": null }
        },
        "hash_fields": ["messages"],
        "action": { "task": {
            "prompt": { "lists": { "texts": "messages", "roles": "roles" } },
            "answer": { "field": "completion" }
        } }
    });
    json!({ "version": 1, "subnets": { "1": {
        "name": "test",
        "protocol": "synapse",
        "max_tokens_per_task": 1000,
        "preferred_models": ["local/model"],
        "decline": { "status": 503, "message": "Not today" },
        "routes": {
            "Ask": ask,
            "Prompting": prompting,
            "Ping": { "fields": { "up": { "type": "bool", "default": false } }, "action": { "reply": { "up": true } } },
            "Never": { "action": { "decline": {} } },
            "Stream": {
                "fields": { "question": { "type": "str" }, "answer": { "type": "Optional[str]", "default": null } },
                "stream": "always",
                "action": { "task": { "prompt": { "field": "question" }, "answer": { "field": "answer" } } }
            }
        }
    }, "2": {
        "name": "signed HTTP",
        "protocol": ["btauth", "epistula"],
        "sign_answers": true,
        "max_tokens_per_task": 1000,
        "preferred_models": ["local/model"],
        "decline": { "status": 503, "message": "Not today" },
        "routes": {
            "v1/chat/completions": { "stream": "asked", "action": { "adapter": { "name": "openai-chat" } } },
            "classify": {
                "fields": { "text": { "type": "str" }, "label": { "type": "Any", "default": null } },
                "action": { "task": { "prompt": { "field": "text" }, "answer": {
                    "field": "label", "as": "json", "schema": { "enum": ["good", "bad"] }
                } } }
            },
            "health": { "action": { "reply": { "status": "ok" } } }
        }
    } } })
}
