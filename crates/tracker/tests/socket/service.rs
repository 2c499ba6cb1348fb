//! What every tracker answers.

use std::path::Path;

use common::call::tracker::{Beat, RecordEntries, TrackerStatusQuery, Wishes};
use common::id::EntryId;
use common::ipc::{FaultCode, Reply, Response, ServerFrame};
use common::record::{Entry, Record, Refusal, RefusalReason, TaskCounts};
use daemon_kit::{Home, Workers};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::running::{Running, TIME, daemon};

#[tokio::test]
async fn entries_sent_twice_count_once_also_after_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let batch = || RecordEntries { entries: vec![refused(1, 3), refused(2, 4)] };

    let first = Running::start(home.path()).await;
    let recorded = first.client.call(batch(), TIME).await.unwrap();
    first.stop().await;
    let second = Running::start(home.path()).await;
    let again = second.client.call(batch(), TIME).await.unwrap();
    let status = second.status().await;
    second.stop().await;

    assert_eq!(recorded.ids, batch().entries.iter().map(|entry| entry.id).collect::<Vec<_>>());
    assert_eq!(again, recorded);
    assert_eq!(status.total, TaskCounts { refused: 7, ..TaskCounts::default() });
    assert_eq!(status.today, TaskCounts::default());
}

#[tokio::test]
async fn a_beat_is_answered_with_the_wishes_and_shown_in_the_status() {
    let home = tempfile::tempdir().unwrap();
    let tracker = Running::start(home.path()).await;
    let beat = Beat {
        service: "task-handler".into(),
        pid: 12,
        started_unix_ms: 1,
        outbox: 7,
        conditions: vec![],
        vitals: vec![],
    };

    let wishes = tracker.client.call(beat.clone(), TIME).await;
    let status = tracker.status().await;
    tracker.stop().await;

    assert_eq!(wishes, Ok(Wishes { revision: 0, paused: false, frozen: false }));
    assert_eq!(status.beats.into_iter().map(|state| state.beat).collect::<Vec<_>>(), [beat]);
    assert_eq!(status.process.service, "tracker");
}

#[tokio::test]
async fn a_beat_of_a_stranger_is_invalid() {
    let home = tempfile::tempdir().unwrap();
    let tracker = Running::start(home.path()).await;

    let beat =
        Beat { service: "stranger".into(), pid: 12, started_unix_ms: 1, outbox: 0, conditions: vec![], vitals: vec![] };
    let fault = tracker.client.call(beat, TIME).await.unwrap_err();
    tracker.stop().await;

    assert_eq!(fault.code, FaultCode::Invalid);
}

#[tokio::test]
async fn a_batch_with_a_malformed_entry_is_refused_as_a_whole() {
    let home = tempfile::tempdir().unwrap();
    let tracker = Running::start(home.path()).await;
    let good = serde_json::to_value(refused(1, 3)).unwrap();
    let mut bad = serde_json::to_value(refused(2, 4)).unwrap();
    bad["record"]["refusal"]["count"] = json!(-1);

    let call = json!({ "record_entries": { "entries": [good, bad] } });
    let reply = raw_call(&Home::new(home.path().into()).socket("tracker"), &call).await;
    let status = tracker.status().await;
    tracker.stop().await;

    let Reply::Fault(fault) = reply else { panic!("recorded") };
    assert_eq!(fault.code, FaultCode::Invalid);
    assert_eq!(status.total, TaskCounts::default());
}

#[tokio::test]
async fn a_second_tracker_in_the_same_home_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let first = Running::start(home.path()).await;

    let second = tracker::run(daemon(home.path(), &json!({}), Workers::new())).await;
    let status = first.client.call(TrackerStatusQuery {}, TIME).await;
    first.stop().await;

    assert!(second.is_err());
    assert!(status.is_ok());
}

/// Refusals on the first day of 1970.
fn refused(number: u8, count: u64) -> Entry {
    let record = Record::Refusal(Refusal {
        netuid: None,
        claimed: None,
        peer: "127.0.0.1".parse().unwrap(),
        reason: RefusalReason::Unsigned,
        count,
    });
    Entry { id: EntryId::new(1, [number; 10]), unix_ms: 1, record }
}

/// Sends what no typed client would.
async fn raw_call(socket: &Path, call: &serde_json::Value) -> Reply {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    let frame = json!({ "request": { "id": 1, "remaining_ms": 10_000, "call": call } }).to_string();
    stream.write_u32(u32::try_from(frame.len()).unwrap()).await.unwrap();
    stream.write_all(frame.as_bytes()).await.unwrap();
    loop {
        let length = stream.read_u32().await.unwrap();
        let mut frame = vec![0; usize::try_from(length).unwrap()];
        stream.read_exact(&mut frame).await.unwrap();
        if let ServerFrame::Response(Response { reply, .. }) = serde_json::from_slice(&frame).unwrap() {
            return reply;
        }
    }
}
