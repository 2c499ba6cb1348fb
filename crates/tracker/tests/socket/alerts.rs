//! Alerts from a daemon's beat to an operator.

use common::alert::{AlertChange, AlertSeverity, Condition, ConditionKind};
use common::call::tracker::{Beat, ListAlerts, ListEvents};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::running::{Running, TIME};

fn budget_is_used_up() -> Condition {
    Condition {
        kind: ConditionKind::Budget,
        subject: "daily".into(),
        severity: AlertSeverity::Critical,
        detail: "all of $2.00 used".into(),
    }
}

fn beat(conditions: &[Condition]) -> Beat {
    let conditions = conditions.to_vec();
    Beat { service: "task-handler".into(), pid: 1, started_unix_ms: 1, outbox: 0, conditions, vitals: vec![] }
}

/// An address that messages are posted to.
struct Inbox(TcpListener);

impl Inbox {
    async fn open() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn config(&self) -> Value {
        json!({ "webhook": { "url": format!("http://{}/", self.0.local_addr().unwrap()) } })
    }

    /// Waits for the next message and takes it.
    async fn next(&self) -> String {
        let (stream, _) = timeout(TIME, self.0.accept()).await.unwrap().unwrap();
        let mut stream = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        body.get("text").and_then(Value::as_str).unwrap().to_owned()
    }
}

#[tokio::test]
async fn an_operator_is_told_once_when_trouble_begins_and_once_when_it_is_over_also_across_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let inbox = Inbox::open().await;
    let first = Running::with_alerts(home.path(), &inbox.config()).await;
    first.client.call(beat(&[budget_is_used_up()]), TIME).await.unwrap();
    let begun = inbox.next().await;
    first.stop().await;

    let second = Running::with_alerts(home.path(), &inbox.config()).await;
    second.client.call(beat(&[budget_is_used_up()]), TIME).await.unwrap();
    let open = second.client.call(ListAlerts {}, TIME).await.unwrap().alerts;
    second.client.call(beat(&[]), TIME).await.unwrap();
    let over = inbox.next().await;
    let events = second.client.call(ListEvents { after: 0, limit: 10 }, TIME).await.unwrap().events;
    second.stop().await;

    assert_eq!(begun, "🔴 budget daily: all of $2.00 used\n→ minerctl budget");
    assert_eq!(over, "✅ Over: budget daily");
    assert_eq!(open.len(), 1);
    let changes: Vec<_> = events.iter().map(|event| (event.sequence, event.change)).collect();
    assert_eq!(changes, [(1, AlertChange::Raised), (2, AlertChange::Cleared)]);
}

#[tokio::test]
async fn a_channel_that_cannot_be_used_does_not_keep_tracker_from_working() {
    let home = tempfile::tempdir().unwrap();
    let config = json!({ "telegram": { "credential": "absent", "chats": [1] }, "webhook": { "url": "nowhere" } });

    let tracker = Running::with_alerts(home.path(), &config).await;
    tracker.client.call(beat(&[budget_is_used_up()]), TIME).await.unwrap();
    let open = tracker.client.call(ListAlerts {}, TIME).await.unwrap().alerts;
    tracker.stop().await;

    assert_eq!(open.into_iter().map(|alert| alert.condition).collect::<Vec<_>>(), [budget_is_used_up()]);
}
