//! The table by itself, and a courier with a tracker that fails.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::call::tracker::{RecordEntries, Recorded, TrackerCall};
use common::ipc::{Fault, FaultCode, Reply};
use common::record::{Record, Refusal, RefusalReason};
use tokio::sync::mpsc;

use super::*;
use crate::ipc::{CallContext, Client, Listener, Service, serve};
use crate::store::{Durability, Store};
use crate::workers::Workers;

const LONG: Duration = Duration::from_secs(30);

fn entry(number: u8, count: u64) -> Entry {
    let refusal = Refusal {
        netuid: None,
        claimed: None,
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        reason: RefusalReason::Unsigned,
        count,
    };
    Entry { id: EntryId::new(1000, [number; 10]), unix_ms: 1000, record: Record::Refusal(refusal) }
}

fn connection() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    connection.execute_batch(SLIM).unwrap();
    connection
}

fn line(connection: &Connection) -> Vec<Entry> {
    next_batch(connection, 100, 1_000_000).unwrap()
}

#[test]
fn entries_stand_in_line_in_the_order_they_came() {
    let connection = connection();

    for number in [3, 1, 2] {
        push(&connection, &entry(number, 1)).unwrap();
    }

    assert_eq!(line(&connection), [entry(3, 1), entry(1, 1), entry(2, 1)]);
    assert_eq!(waiting(&connection), Ok(3));
}

#[test]
fn a_staged_entry_is_replaced_by_what_became_of_it() {
    let connection = connection();

    stage(&connection, &entry(1, 0)).unwrap();
    assert!(line(&connection).is_empty());
    push(&connection, &entry(1, 5)).unwrap();

    assert_eq!(line(&connection), [entry(1, 5)]);
    assert_eq!(release_staged(&connection), Ok(0));
}

#[test]
fn a_staged_entry_is_sent_if_nothing_became_of_it() {
    let connection = connection();
    stage(&connection, &entry(1, 0)).unwrap();

    let released = release_staged(&connection);
    push(&connection, &entry(1, 5)).unwrap();

    assert_eq!(released, Ok(1));
    assert_eq!(line(&connection), [entry(1, 0)]);
}

#[test]
fn a_waiting_entry_is_not_replaced() {
    let connection = connection();

    push(&connection, &entry(1, 5)).unwrap();
    push(&connection, &entry(1, 6)).unwrap();
    stage(&connection, &entry(1, 7)).unwrap();

    assert_eq!(line(&connection), [entry(1, 5)]);
}

#[test]
fn entries_stay_in_line_when_the_table_is_slimmed() {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    for number in [3, 1] {
        push(&connection, &entry(number, 1)).unwrap();
    }
    stage(&connection, &entry(2, 1)).unwrap();

    connection.execute_batch(SLIM).unwrap();

    push(&connection, &entry(4, 1)).unwrap();
    assert_eq!(line(&connection), [entry(3, 1), entry(1, 1), entry(4, 1)]);
    assert_eq!(release_staged(&connection), Ok(1));
}

#[test]
fn an_unreadable_entry_holds_up_nothing() {
    let connection = connection();
    connection.execute("INSERT INTO outbox (id, state, entry) VALUES ('x', 0, '{}')", []).unwrap();
    push(&connection, &entry(1, 1)).unwrap();

    assert_eq!(line(&connection), [entry(1, 1)]);
    assert_eq!(waiting(&connection), Ok(1));
}

#[test]
fn a_batch_ends_at_its_number_of_entries_and_at_its_bytes() {
    let connection = connection();
    for number in 0..10 {
        push(&connection, &entry(number, 1)).unwrap();
    }

    assert_eq!(next_batch(&connection, 4, 1_000_000).unwrap().len(), 4);
    assert_eq!(next_batch(&connection, 100, 1).unwrap().len(), 1);
}

#[test]
fn only_acknowledged_entries_are_forgotten() {
    let connection = connection();
    for number in [1, 2] {
        push(&connection, &entry(number, 1)).unwrap();
    }
    stage(&connection, &entry(3, 1)).unwrap();

    let forgotten = acknowledge(&connection, &[entry(1, 1).id, entry(3, 1).id, entry(9, 1).id]);

    assert_eq!(forgotten, Ok(1));
    assert_eq!(line(&connection), [entry(2, 1)]);
    assert_eq!(release_staged(&connection), Ok(1));
}

/// Tells what it gets; loses its first `lost` replies.
struct Tracker {
    seen: mpsc::Sender<Vec<Entry>>,
    lost: std::sync::atomic::AtomicU32,
}

impl Service for Tracker {
    type Call = TrackerCall;

    async fn handle(&self, call: TrackerCall, _: CallContext) -> Reply {
        let TrackerCall::RecordEntries(RecordEntries { entries }) = call else { panic!("{call:?}") };
        let ids = entries.iter().map(|entry| entry.id).collect();
        self.seen.send(entries).await.unwrap();
        let lost =
            self.lost.fetch_update(std::sync::atomic::Ordering::SeqCst, std::sync::atomic::Ordering::SeqCst, |lost| {
                lost.checked_sub(1)
            });
        match lost {
            Ok(_) => Reply::Fault(Fault::new(FaultCode::Internal, "the reply got lost")),
            Err(_) => Reply::of::<RecordEntries>(Ok(Recorded { ids })),
        }
    }
}

fn start_tracker(path: &Path, lost: u32) -> (Workers, mpsc::Receiver<Vec<Entry>>) {
    let workers = Workers::new();
    let (sender, seen) = mpsc::channel(16);
    let listener = Listener::bind(path, &[]).unwrap();
    let tracker = Arc::new(Tracker { seen: sender, lost: lost.into() });
    workers.spawn("tracker", serve(listener, "tracker", tracker, workers.clone()));
    (workers, seen)
}

struct Owner {
    store: Store,
    courier: Courier,
    workers: Workers,
}

impl Owner {
    fn start(directory: &Path) -> Self {
        let store = Store::open(&directory.join("own.db"), &[SCHEMA, SLIM]).unwrap();
        let workers = Workers::new();
        let tracker = Client::new(directory.join("tracker.sock"), "tracker", &workers);
        let courier = Courier::start(store.clone(), tracker, &workers);
        Self { store, courier, workers }
    }

    async fn push(&self, entry: Entry) {
        self.store.run(Durability::Lazy, move |connection| push(connection, &entry)).await.unwrap();
        self.courier.notify();
    }

    async fn empties(&self) {
        while self.store.run(Durability::Lazy, waiting).await.unwrap() > 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn entries_are_carried_and_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let (_tracker, mut seen) = start_tracker(&directory.path().join("tracker.sock"), 0);
    let owner = Owner::start(directory.path());

    owner.push(entry(1, 1)).await;
    let carried = seen.recv().await.unwrap();
    owner.empties().await;

    assert_eq!(carried, [entry(1, 1)]);
}

#[tokio::test]
async fn an_entry_whose_acknowledgement_got_lost_is_sent_again() {
    let directory = tempfile::tempdir().unwrap();
    let (_tracker, mut seen) = start_tracker(&directory.path().join("tracker.sock"), 1);
    let owner = Owner::start(directory.path());

    owner.push(entry(1, 1)).await;
    let first = seen.recv().await.unwrap();
    let second = seen.recv().await.unwrap();
    owner.empties().await;

    assert_eq!(first, second);
}

#[tokio::test]
async fn entries_wait_while_tracker_is_away_and_survive_their_owner() {
    let directory = tempfile::tempdir().unwrap();
    let first = Owner::start(directory.path());
    first.push(entry(1, 1)).await;
    first.workers.stop();
    first.workers.wait(LONG).await.unwrap();
    drop(first);

    let owner = Owner::start(directory.path());
    owner.push(entry(2, 1)).await;
    let (_tracker, mut seen) = start_tracker(&directory.path().join("tracker.sock"), 0);
    let carried = seen.recv().await.unwrap();
    owner.empties().await;

    assert_eq!(carried, [entry(1, 1), entry(2, 1)]);
}

#[tokio::test]
async fn a_long_line_is_carried_in_batches() {
    let directory = tempfile::tempdir().unwrap();
    let owner = Owner::start(directory.path());
    let many = |connection: &Connection| (0..=255).try_for_each(|number| push(connection, &entry(number, 1)));
    owner.store.run(Durability::Lazy, many).await.unwrap();

    let (_tracker, mut seen) = start_tracker(&directory.path().join("tracker.sock"), 0);
    let sizes = [seen.recv().await.unwrap().len(), seen.recv().await.unwrap().len()];

    assert_eq!(sizes, [200, 56]);
}
