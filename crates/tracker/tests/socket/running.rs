//! A tracker to test against.

use std::path::Path;
use std::time::Duration;

use common::call::tracker::{TrackerCall, TrackerStatus, TrackerStatusQuery};
use daemon_kit::config::Config;
use daemon_kit::ipc::{Client, connect};
use daemon_kit::{Daemon, Home, Problems, Workers};
use serde_json::{Value, json};

pub(crate) const TIME: Duration = Duration::from_secs(10);

/// A tracker in this process, and a client of it.
pub(crate) struct Running {
    workers: Workers,
    pub(crate) client: Client<TrackerCall>,
}

impl Running {
    pub(crate) async fn start(home: &Path) -> Self {
        Self::with_alerts(home, &json!({})).await
    }

    pub(crate) async fn with_alerts(home: &Path, alerts: &Value) -> Self {
        let workers = Workers::new();
        let daemon = daemon(home, alerts, workers.clone());
        let socket = daemon.home.socket("tracker");
        tracker::run(daemon).await.unwrap();
        Self { client: connect(&socket, "tracker", &workers).await.unwrap(), workers }
    }

    pub(crate) async fn status(&self) -> TrackerStatus {
        self.client.call(TrackerStatusQuery {}, TIME).await.unwrap()
    }

    pub(crate) async fn stop(self) {
        drop(self.client);
        self.workers.stop();
        self.workers.wait(TIME).await.unwrap();
    }
}

pub(crate) fn daemon(home: &Path, alerts: &Value, workers: Workers) -> Daemon {
    let home = Home::new(home.to_owned());
    home.prepare().unwrap();
    let config = Config {
        miner: serde_json::from_value(json!({
            "version": 1, "listeners": [], "callers": { "policy": "listed" }, "vendors": {}, "alerts": alerts,
        }))
        .unwrap(),
        subnets: serde_json::from_value(json!({ "version": 1, "subnets": {} })).unwrap(),
        budgets: serde_json::from_value(json!({ "version": 1, "limits": [] })).unwrap(),
        credentials: serde_json::from_value(json!({ "version": 1, "entries": {} })).unwrap(),
    };
    Daemon {
        service: "tracker",
        version: "0.0.0",
        home,
        config,
        workers,
        problems: Problems::new(),
        started_unix_ms: 1,
    }
}
