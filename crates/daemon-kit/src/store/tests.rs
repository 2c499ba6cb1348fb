//! The store as its callers see it.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::mpsc;

use futures_util::future::join;

use super::*;

const ONE: &[&str] = &["CREATE TABLE fact (name TEXT NOT NULL UNIQUE) STRICT"];
const TWO: &[&str] = &[
    "CREATE TABLE fact (name TEXT NOT NULL UNIQUE) STRICT",
    "ALTER TABLE fact ADD COLUMN weight INTEGER NOT NULL DEFAULT 7",
];
const BROKEN: &[&str] = &[
    "CREATE TABLE fact (name TEXT NOT NULL UNIQUE) STRICT",
    "ALTER TABLE fact ADD COLUMN weight INTEGER NOT NULL DEFAULT 7; ALTER TABLE nothing ADD COLUMN x",
];

fn database() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("facts.db");
    (directory, path)
}

async fn add(store: &Store, durability: Durability, name: &'static str) -> Result<usize, StoreError> {
    store.run(durability, move |connection| connection.execute("INSERT INTO fact (name) VALUES (?1)", [name])).await
}

async fn names(store: &Store) -> Vec<String> {
    let names = |connection: &Connection| {
        connection.prepare("SELECT name FROM fact ORDER BY name")?.query_map([], |row| row.get(0))?.collect()
    };
    store.run(Durability::Lazy, names).await.unwrap()
}

type Held = Pin<Box<dyn Future<Output = Result<(), StoreError>>>>;

/// Holds up the writer thread until the returned sender is dropped, so that the jobs after it share a transaction.
async fn hold_up(store: &Store) -> (mpsc::Sender<()>, Held) {
    let (sender, receiver) = mpsc::channel::<()>();
    let (begun, has_begun) = oneshot::channel();
    let store = store.clone();
    let job = move |_: &Connection| {
        begun.send(()).unwrap();
        let _closed = receiver.recv();
        Ok(())
    };
    let mut held: Held = Box::pin(async move { store.run(Durability::Lazy, job).await });
    assert!(futures_util::poll!(&mut held).is_pending());
    has_begun.await.unwrap();
    (sender, held)
}

#[tokio::test]
async fn a_failing_job_takes_back_only_itself() {
    let (_directory, path) = database();
    let store = Store::open(&path, ONE).unwrap();
    let (release, held) = hold_up(&store).await;

    let twice = |connection: &Connection| {
        connection.execute("INSERT INTO fact (name) VALUES ('c')", [])?;
        connection.execute("INSERT INTO fact (name) VALUES ('a')", [])
    };
    let batch = async {
        let jobs = futures_util::future::join3(
            add(&store, Durability::Lazy, "a"),
            store.run(Durability::Synced, twice),
            add(&store, Durability::Lazy, "b"),
        );
        join(jobs, async { drop(release) }).await.0
    };
    let (first, (a, failed, b)) = join(held, batch).await;

    assert!(first.is_ok() && a.is_ok() && b.is_ok());
    assert!(matches!(failed, Err(StoreError::Job { .. })), "{failed:?}");
    assert_eq!(names(&store).await, ["a", "b"]);
}

#[tokio::test]
async fn a_panicking_job_takes_back_only_itself() {
    let (_directory, path) = database();
    let store = Store::open(&path, ONE).unwrap();

    let panicked: Result<(), _> = store
        .run(Durability::Lazy, |connection| {
            connection.execute("INSERT INTO fact (name) VALUES ('half')", [])?;
            panic!("on purpose")
        })
        .await;
    let after = add(&store, Durability::Lazy, "whole").await;

    assert!(matches!(panicked, Err(StoreError::Panicked { .. })), "{panicked:?}");
    assert!(after.is_ok());
    assert_eq!(names(&store).await, ["whole"]);
}

#[tokio::test]
async fn a_reopened_database_has_its_data() {
    let (_directory, path) = database();
    let store = Store::open(&path, ONE).unwrap();
    add(&store, Durability::Synced, "kept").await.unwrap();
    drop(store);

    let store = Store::open(&path, ONE).unwrap();

    assert_eq!(names(&store).await, ["kept"]);
}

#[tokio::test]
async fn an_older_database_is_brought_up() {
    let (_directory, path) = database();
    let store = Store::open(&path, ONE).unwrap();
    add(&store, Durability::Lazy, "old").await.unwrap();
    drop(store);

    let store = Store::open(&path, TWO).unwrap();

    let weight = |connection: &Connection| connection.query_row("SELECT weight FROM fact", [], |row| row.get(0));
    let weight: i64 = store.run(Durability::Lazy, weight).await.unwrap();
    assert_eq!(weight, 7);
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let (_directory, path) = database();
    drop(Store::open(&path, TWO).unwrap());

    let error = Store::open(&path, ONE).unwrap_err();

    assert!(matches!(error, StoreError::Newer { found: 2, known: 1, .. }), "{error}");
}

#[tokio::test]
async fn a_failed_migration_changes_nothing() {
    let (_directory, path) = database();
    drop(Store::open(&path, ONE).unwrap());

    let error = Store::open(&path, BROKEN).unwrap_err();

    assert!(matches!(error, StoreError::Migration { from: 1, to: 2, .. }), "{error}");
    assert!(Store::open(&path, TWO).is_ok());
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let (_directory, path) = database();
    std::fs::write(&path, "a text that is long enough to be looked at as a database header".repeat(20)).unwrap();

    let error = Store::open(&path, ONE).unwrap_err();

    assert!(matches!(error, StoreError::Open { .. }), "{error}");
}

#[tokio::test]
async fn a_full_disk_is_an_error_to_each_caller() {
    let (_directory, path) = database();
    let store = Store::open(&path, ONE).unwrap();
    // The largest size there is already: what a full disk looks like to SQLite.
    let pages = |connection: &Connection| {
        let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
    };
    store.run(Durability::Lazy, pages).await.unwrap();
    let fill = |connection: &Connection| connection.execute("INSERT INTO fact (name) VALUES (hex(zeroblob(9999)))", []);
    let (release, held) = hold_up(&store).await;

    let batch = async {
        let jobs = join(store.run(Durability::Lazy, fill), store.run(Durability::Lazy, fill));
        join(jobs, async { drop(release) }).await.0
    };
    let (first, (second, third)) = join(held, batch).await;

    assert!(first.is_ok());
    assert!(second.is_err() && third.is_err());
    assert!(names(&store).await.is_empty());
}

#[tokio::test]
async fn a_job_that_loses_the_transaction_fails_the_jobs_before_it_and_not_those_after_it() {
    let (_directory, path) = database();
    let store = Store::open(&path, ONE).unwrap();
    let (release, held) = hold_up(&store).await;

    // What SQLite does by itself when an error leaves it no other way.
    let lose = |connection: &Connection| connection.execute_batch("ROLLBACK");
    let batch = async {
        let jobs = futures_util::future::join3(
            add(&store, Durability::Lazy, "before"),
            store.run(Durability::Lazy, lose),
            add(&store, Durability::Lazy, "after"),
        );
        join(jobs, async { drop(release) }).await.0
    };
    let (_, (before, lost, after)) = join(held, batch).await;

    assert_eq!(store.losses().count(), 1);
    assert!(matches!(before, Err(StoreError::Transaction { .. })), "{before:?}");
    assert!(matches!(lost, Err(StoreError::Transaction { .. })), "{lost:?}");
    assert!(after.is_ok(), "{after:?}");
    assert_eq!(names(&store).await, ["after"]);
}

#[tokio::test]
async fn a_read_only_database_is_an_error_to_the_caller() {
    let (_directory, path) = database();
    let store = Store::open(&path, ONE).unwrap();
    let read_only = |connection: &Connection| connection.pragma_update(None, "query_only", true);
    store.run(Durability::Lazy, read_only).await.unwrap();

    let error = add(&store, Durability::Synced, "no").await.unwrap_err();

    assert!(matches!(error, StoreError::Transaction { .. }), "{error}");
}

#[tokio::test]
async fn all_files_of_a_database_are_private() {
    let (directory, path) = database();
    let store = Store::open(&path, ONE).unwrap();
    add(&store, Durability::Lazy, "secret").await.unwrap();

    let modes = std::fs::read_dir(directory.path()).unwrap();
    let modes: Vec<_> = modes.map(|entry| entry.unwrap().metadata().unwrap().permissions().mode() & 0o777).collect();

    assert_eq!(modes, [0o600; 3]);
}

#[tokio::test]
async fn a_job_is_done_even_if_nobody_waits() {
    let (_directory, path) = database();
    let store = Store::open(&path, ONE).unwrap();
    let (release, held) = hold_up(&store).await;

    let forgotten = async {
        let mut job = Box::pin(add(&store, Durability::Lazy, "done"));
        // Polled once, it waits in the queue.
        assert!(futures_util::poll!(&mut job).is_pending());
        drop(job);
        drop(release);
    };
    let (first, ()) = join(held, forgotten).await;

    assert!(first.is_ok());
    assert_eq!(names(&store).await, ["done"]);
}
