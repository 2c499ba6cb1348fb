//! The history against a model: each entry counts once, whatever way and however often it comes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use common::id::{EntryId, Netuid, TaskId};
use common::outcome::{DeclineReason, TaskFailure};
use common::record::{Delivery, DeliveryOutcome, Entry, Record, Refusal, RefusalReason, TaskCounts};
use daemon_kit::StoreError;
use proptest::collection::vec;
use proptest::prelude::*;
use tracker::history::{Counts, History};

const DAY_MS: u64 = 86_400_000;
const TODAY_MS: u64 = 20_659 * DAY_MS + 5;

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_entry_is_recorded_and_counted_once(steps in vec(step(), 1..12)) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("tracker.db");
        let sent: BTreeSet<u8> = steps.iter().flatten().flatten().copied().collect();

        let counts = runtime().block_on(play(&path, &steps));

        prop_assert_eq!(counts, [model(&sent); 2]);
        prop_assert_eq!(rows_in(&path, "seen"), sent.len());
        let of_rows = rows_in(&path, "deliveries") + rows_in(&path, "refusals") + rows_in(&path, "attempts");
        prop_assert_eq!(of_rows, sent.len());
    }
}

#[test]
fn counters_survive_the_largest_numbers() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("tracker.db");
    let huge = |number| Entry { unix_ms: u64::MAX, record: refusal(u64::MAX), ..entry(number) };

    let counts = runtime().block_on(async {
        let history = History::open(&path).unwrap();
        history.record(vec![huge(1), huge(2)]).await.unwrap();
        let counted = history.counts(u64::MAX).await.unwrap();
        history.rebuild_counts().await.unwrap();
        [counted, history.counts(u64::MAX).await.unwrap()]
    });

    let largest = TaskCounts { refused: i64::MAX.unsigned_abs(), ..TaskCounts::default() };
    assert_eq!(counts, [Counts { today: largest, total: largest }; 2]);
}

#[test]
fn a_call_that_fails_records_nothing() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("tracker.db");
    let batch = || vec![entry(6), entry(4), entry(13)];

    let (failed, counts) = runtime().block_on(async {
        let history = History::open(&path).unwrap();
        rename_table(&path, "refusals", "elsewhere");
        let failed = history.record(batch()).await;
        rename_table(&path, "elsewhere", "refusals");
        let counts = history.counts(TODAY_MS).await.unwrap();
        history.record(batch()).await.unwrap();
        (failed, counts)
    });

    assert!(failed.is_err());
    assert_eq!(counts, Counts::default());
    assert_eq!(rows_in(&path, "seen"), 3);
}

#[test]
fn a_history_of_a_newer_release_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("tracker.db");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 1000).unwrap();

    let error = History::open(&path).err().unwrap();

    assert!(matches!(error, StoreError::Newer { found: 1000, .. }), "{error}");
}

/// A batch of entries by number, or `None` to open the database anew.
type Step = Option<Vec<u8>>;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![4 => vec(0..40_u8, 0..20).prop_map(Some), 1 => Just(None)]
}

/// Returns the counts as they were kept, and as they are after they were made again from the rows.
async fn play(path: &Path, steps: &[Step]) -> [Counts; 2] {
    let mut history = History::open(path).unwrap();
    for step in steps {
        match step {
            Some(batch) => {
                let entries: Vec<_> = batch.iter().copied().map(entry).collect();
                let ids: Vec<_> = entries.iter().map(|entry| entry.id).collect();
                assert_eq!(history.record(entries).await.unwrap(), ids);
            }
            None => {
                drop(history);
                history = History::open(path).unwrap();
            }
        }
    }
    let kept = history.counts(TODAY_MS).await.unwrap();
    history.rebuild_counts().await.unwrap();
    [kept, history.counts(TODAY_MS).await.unwrap()]
}

fn model(numbers: &BTreeSet<u8>) -> Counts {
    let mut counts = Counts::default();
    for &number in numbers {
        let entry = entry(number);
        add(&mut counts.total, &entry.record);
        if entry.unix_ms / DAY_MS == TODAY_MS / DAY_MS {
            add(&mut counts.today, &entry.record);
        }
    }
    counts
}

fn add(counts: &mut TaskCounts, record: &Record) {
    match record {
        Record::Attempt(_) | Record::Epoch(_) | Record::EpochGap(_) | Record::Registration(_) => {}
        Record::Delivery(delivery) => match delivery.outcome {
            DeliveryOutcome::Answered => counts.answered += 1,
            DeliveryOutcome::Declined(_) => counts.declined += 1,
            DeliveryOutcome::Failed(_)
            | DeliveryOutcome::Unavailable
            | DeliveryOutcome::Undelivered
            | DeliveryOutcome::Interrupted => counts.failed += 1,
        },
        Record::Refusal(refusal) => counts.refused += refusal.count,
    }
}

/// The entry with this number: always the same, on today or one of the two days before.
fn entry(number: u8) -> Entry {
    let unix_ms = TODAY_MS - u64::from(number % 3) * DAY_MS;
    let record = match number % 7 {
        0 => delivery(number, DeliveryOutcome::Declined(DeclineReason::Paused)),
        1 => delivery(number, DeliveryOutcome::Failed(TaskFailure::Format)),
        2 => delivery(number, DeliveryOutcome::Unavailable),
        3 => delivery(number, DeliveryOutcome::Undelivered),
        4 => refusal(u64::from(number)),
        5 => attempt(number),
        _ => delivery(number, DeliveryOutcome::Answered),
    };
    Entry { id: EntryId::new(unix_ms, [number; 10]), unix_ms, record }
}

fn attempt(number: u8) -> Record {
    let json = serde_json::json!({
        "attempt": {
            "attempt": "01900000-0000-7000-8000-000000000001",
            "task": TaskId::new(1, [number; 10]),
            "netuid": 7,
            "caller": "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
            "route": "Chat",
            "task_type": "text",
            "vendor": "openai",
            "model": "gpt",
            "strategy": "direct",
            "latency_ms": 900,
            "usage": { "input_uncached": 1, "input_cache_read": 2, "input_cache_write": 3, "output": 4 },
            "cost": 5,
            "estimated": false,
            "outcome": "completed"
        }
    });
    serde_json::from_value(json).unwrap()
}

fn delivery(number: u8, outcome: DeliveryOutcome) -> Record {
    Record::Delivery(Delivery {
        task: TaskId::new(1, [number; 10]),
        netuid: Netuid(7),
        caller: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".parse().unwrap(),
        route: "Chat".into(),
        task_type: "text".into(),
        outcome,
        status: 200,
        total_ms: 1,
    })
}

fn refusal(count: u64) -> Record {
    Record::Refusal(Refusal {
        netuid: None,
        claimed: None,
        peer: "127.0.0.1".parse().unwrap(),
        reason: RefusalReason::Unsigned,
        count,
    })
}

fn rename_table(path: &Path, from: &str, to: &str) {
    rusqlite::Connection::open(path).unwrap().execute(&format!("ALTER TABLE {from} RENAME TO {to}"), []).unwrap();
}

fn rows_in(path: &Path, table: &str) -> usize {
    let database = rusqlite::Connection::open(path).unwrap();
    let count: i64 = database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
