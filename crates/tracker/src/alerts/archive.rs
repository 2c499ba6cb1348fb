//! Alerts, events and messages in `state/alerts.db`: a file of its own, so that an alert goes out even when the history cannot be
//! written.

use std::collections::BTreeMap;
use std::path::Path;

use common::alert::{self, Alert, AlertChange, AlertEvent};
use daemon_kit::{Durability, Store, StoreError};
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::board::{Board, Change, Key, Open};
use super::due::due_ms;
use common::config::alerts::QuietHours;

/// Events that are kept.
const KEPT_EVENTS: i64 = 10_000;
/// Messages of one channel that are looked at together.
const TOGETHER: i64 = 50;
/// A text for wallet-manager that nobody fetched is worth nothing after this: one-time codes live half a minute.
const APPROVAL_MS: u64 = 90_000;

/// Formats of the file, oldest first.
const MIGRATIONS: &[&str] = &[include_str!("schema.sql")];

/// The database; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Archive {
    store: Store,
}

/// A message that is due.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Due {
    pub(crate) sequence: i64,
    pub(crate) tries: u32,
    pub(crate) text: String,
}

/// What is stored of some changes, and for whom.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) board: Board,
    pub(crate) changes: Vec<(u64, String, Change)>,
    pub(crate) channels: Vec<&'static str>,
    pub(crate) quiet: Option<QuietHours>,
}

impl Archive {
    /// Opens the database, or makes it.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { store: Store::open(path, MIGRATIONS)? })
    }

    /// Returns the board as it was stored.
    pub(crate) async fn board(&self) -> Result<Board, StoreError> {
        self.store.run(Durability::Lazy, board).await
    }

    /// Stores what happened, with the messages that it makes.
    pub(crate) async fn save(&self, snapshot: Snapshot) -> Result<(), StoreError> {
        self.store.run(Durability::Synced, move |connection| save(connection, &snapshot)).await
    }

    /// Returns events after a number, oldest first.
    pub(crate) async fn events(&self, after: u64, limit: u16) -> Result<Vec<AlertEvent>, StoreError> {
        self.store.run(Durability::Lazy, move |connection| events(connection, after, limit)).await
    }

    /// Returns what a channel is to be sent now.
    pub(crate) async fn due(&self, channel: &'static str, now_ms: u64) -> Result<Vec<Due>, StoreError> {
        self.store.run(Durability::Lazy, move |connection| due(connection, channel, now_ms)).await
    }

    /// Forgets messages: they have arrived, or never will.
    pub(crate) async fn forget(&self, channel: &'static str, sequences: Vec<i64>) -> Result<(), StoreError> {
        let forget = move |connection: &Connection| {
            let delete = "DELETE FROM messages WHERE channel = ?1 AND sequence = ?2";
            let mut delete = connection.prepare_cached(delete)?;
            sequences.iter().try_for_each(|sequence| delete.execute(params![channel, sequence]).map(drop))
        };
        self.store.run(Durability::Lazy, forget).await
    }

    /// Counts a try of messages that begins now; they are due again at `due_ms` if nobody says how it ended.
    pub(crate) async fn begin(
        &self,
        channel: &'static str,
        sequences: Vec<i64>,
        due_ms: u64,
    ) -> Result<(), StoreError> {
        let update = "UPDATE messages SET due_ms = ?3, tries = tries + 1 WHERE channel = ?1 AND sequence = ?2";
        self.set_due(update, channel, sequences, due_ms).await
    }

    /// Puts messages off.
    pub(crate) async fn put_off(
        &self,
        channel: &'static str,
        sequences: Vec<i64>,
        due_ms: u64,
    ) -> Result<(), StoreError> {
        let update = "UPDATE messages SET due_ms = ?3 WHERE channel = ?1 AND sequence = ?2";
        self.set_due(update, channel, sequences, due_ms).await
    }

    async fn set_due(
        &self,
        update: &'static str,
        channel: &'static str,
        sequences: Vec<i64>,
        due_ms: u64,
    ) -> Result<(), StoreError> {
        let write = move |connection: &Connection| {
            let mut update = connection.prepare_cached(update)?;
            let due_ms = signed(due_ms);
            sequences.iter().try_for_each(|sequence| update.execute(params![channel, sequence, due_ms]).map(drop))
        };
        self.store.run(Durability::Lazy, write).await
    }

    /// Returns how far a channel's texts were heard.
    pub(crate) async fn heard(&self, channel: &'static str) -> Result<Option<u32>, StoreError> {
        let select = "SELECT update_id FROM heard WHERE channel = ?1";
        let read = move |connection: &Connection| {
            connection.prepare_cached(select)?.query_row([channel], |row| row.get(0)).optional()
        };
        self.store.run(Durability::Lazy, read).await
    }

    /// Notes that a text was heard, so that it is obeyed once.
    pub(crate) async fn set_heard(&self, channel: &'static str, update: u32) -> Result<(), StoreError> {
        let write = move |connection: &Connection| {
            let replace = "INSERT INTO heard (channel, update_id) VALUES (?1, ?2)
                ON CONFLICT (channel) DO UPDATE SET update_id = excluded.update_id";
            connection.prepare_cached(replace)?.execute(params![channel, update]).map(drop)
        };
        self.store.run(Durability::Synced, write).await
    }

    /// Keeps a text until wallet-manager fetches it.
    pub(crate) async fn relay(&self, update: u32, text: String, now_ms: u64) -> Result<(), StoreError> {
        let write = move |connection: &Connection| {
            let insert = "INSERT OR IGNORE INTO approvals (update_id, unix_ms, text) VALUES (?1, ?2, ?3)";
            connection.prepare_cached(insert)?.execute(params![update, signed(now_ms), text]).map(drop)
        };
        self.store.run(Durability::Lazy, write).await
    }

    /// Gives away the texts for wallet-manager, each once; those that came too long ago are dropped.
    pub(crate) async fn take_relayed(&self, now_ms: u64) -> Result<Vec<String>, StoreError> {
        let take = move |connection: &Connection| {
            let mut delete = connection.prepare_cached("DELETE FROM approvals RETURNING update_id, unix_ms, text")?;
            let rows = delete.query_map([], |row| Ok((row.get(0)?, unsigned(row.get(1)?), row.get(2)?)))?;
            let mut taken = rows.collect::<rusqlite::Result<Vec<(i64, u64, String)>>>()?;
            taken.retain(|(_, unix_ms, _)| now_ms < unix_ms.saturating_add(APPROVAL_MS));
            taken.sort_unstable_by_key(|(update, ..)| *update);
            Ok(taken.into_iter().map(|(.., text)| text).collect())
        };
        self.store.run(Durability::Synced, take).await
    }
}

fn board(connection: &Connection) -> rusqlite::Result<Board> {
    let mut statement = connection.prepare("SELECT alert, told FROM alerts")?;
    let open =
        statement.query_map([], |row| Ok(Open { alert: read(&row.get::<_, String>(0)?)?, told: row.get(1)? }))?;
    let open = open.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut statement = connection.prepare("SELECT kind, subject, unix_ms FROM ended")?;
    let ended = statement.query_map([], |row| {
        let kind = read(&format!("\"{}\"", row.get::<_, String>(0)?))?;
        Ok(((kind, row.get(1)?), unsigned(row.get(2)?)))
    })?;
    Ok(Board::resume(open, ended.collect::<rusqlite::Result<BTreeMap<Key, u64>>>()?))
}

fn save(connection: &Connection, snapshot: &Snapshot) -> rusqlite::Result<()> {
    connection.execute_batch("DELETE FROM alerts; DELETE FROM ended")?;
    let mut insert =
        connection.prepare_cached("INSERT INTO alerts (kind, subject, alert, told) VALUES (?1, ?2, ?3, ?4)")?;
    for Open { alert, told } in snapshot.board.open() {
        insert.execute(params![alert.condition.kind.name(), alert.condition.subject, json::<Alert>(alert)?, told])?;
    }
    let mut insert = connection.prepare_cached("INSERT INTO ended (kind, subject, unix_ms) VALUES (?1, ?2, ?3)")?;
    for ((kind, subject), unix_ms) in snapshot.board.ended() {
        insert.execute(params![kind.name(), subject, signed(unix_ms)])?;
    }
    for (unix_ms, reporter, change) in &snapshot.changes {
        append(connection, snapshot, *unix_ms, reporter, change)?;
    }
    let forget = "DELETE FROM events WHERE sequence <= (SELECT max(sequence) FROM events) - ?1";
    connection.prepare_cached(forget)?.execute([KEPT_EVENTS]).map(drop)
}

fn append(
    connection: &Connection,
    snapshot: &Snapshot,
    unix_ms: u64,
    reporter: &str,
    Change { change, condition, is_told }: &Change,
) -> rusqlite::Result<()> {
    let event =
        AlertEvent { sequence: 0, unix_ms, change: *change, condition: condition.clone(), reporter: reporter.into() };
    let insert = "INSERT INTO events (unix_ms, event) VALUES (?1, ?2)";
    connection.prepare_cached(insert)?.execute(params![signed(unix_ms), json(&event)?])?;
    if !is_told {
        return Ok(());
    }
    let sequence = connection.last_insert_rowid();
    let due_ms = due_ms(condition.severity, unix_ms, snapshot.quiet);
    let insert = "INSERT INTO messages (channel, sequence, kind, subject, begins, due_ms, tries, text)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7)";
    let mut insert = connection.prepare_cached(insert)?;
    let (kind, subject, text) = (condition.kind.name(), &condition.subject, alert::sentence(*change, condition));
    let begins = *change == AlertChange::Raised;
    for channel in &snapshot.channels {
        if *change == AlertChange::Cleared && recall(connection, channel, kind, subject)? {
            continue;
        }
        insert.execute(params![channel, sequence, kind, subject, begins, signed(due_ms), text])?;
    }
    Ok(())
}

/// Takes back what was not sent of a trouble that is over. Returns whether the operator then knows nothing of it, so that its end is
/// no news either.
fn recall(connection: &Connection, channel: &str, kind: &str, subject: &str) -> rusqlite::Result<bool> {
    let delete =
        "DELETE FROM messages WHERE channel = ?1 AND kind = ?2 AND subject = ?3 AND tries = 0 RETURNING begins";
    let mut delete = connection.prepare_cached(delete)?;
    let begins = delete.query_map(params![channel, kind, subject], |row| row.get(0))?;
    Ok(begins.collect::<rusqlite::Result<Vec<bool>>>()?.contains(&true))
}

fn events(connection: &Connection, after: u64, limit: u16) -> rusqlite::Result<Vec<AlertEvent>> {
    let select = "SELECT sequence, event FROM events WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";
    let mut statement = connection.prepare_cached(select)?;
    let event = |row: &rusqlite::Row<'_>| {
        let event: AlertEvent = read(&row.get::<_, String>(1)?)?;
        Ok(AlertEvent { sequence: unsigned(row.get(0)?), ..event })
    };
    statement.query_map(params![signed(after), limit], event)?.collect()
}

fn due(connection: &Connection, channel: &str, now_ms: u64) -> rusqlite::Result<Vec<Due>> {
    let select =
        "SELECT sequence, tries, text FROM messages WHERE channel = ?1 AND due_ms <= ?2 ORDER BY sequence LIMIT ?3";
    let mut statement = connection.prepare_cached(select)?;
    let due = |row: &rusqlite::Row<'_>| Ok(Due { sequence: row.get(0)?, tries: row.get(1)?, text: row.get(2)? });
    statement.query_map(params![channel, signed(now_ms), TOGETHER], due)?.collect()
}

fn json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn read<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error)))
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use common::alert::{AlertSeverity, Condition, ConditionKind};

    use super::*;

    const CHANNEL: &str = "telegram";

    fn condition(severity: AlertSeverity) -> Condition {
        let (kind, subject) = (ConditionKind::Budget, "daily".to_owned());
        Condition { kind, subject, severity, detail: "95 % used".into() }
    }

    /// Reports conditions and stores what that makes, as the worker does.
    async fn report(archive: &Archive, board: &mut Board, conditions: &[Condition], now_ms: u64) {
        let changes = board.report("task-handler", conditions, now_ms, 1_000);
        let changes = changes.into_iter().map(|change| (now_ms, "task-handler".to_owned(), change)).collect();
        let quiet = Some(QuietHours { from: 22, to: 8 });
        archive.save(Snapshot { board: board.clone(), changes, channels: vec![CHANNEL], quiet }).await.unwrap();
    }

    #[tokio::test]
    async fn what_happened_and_what_is_to_be_sent_survive_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("alerts.db");
        let archive = Archive::open(&path).unwrap();
        let mut board = Board::default();
        report(&archive, &mut board, &[condition(AlertSeverity::Critical)], 5_000).await;
        drop(archive);

        let archive = Archive::open(&path).unwrap();

        assert_eq!(archive.board().await.unwrap(), board);
        assert_eq!(archive.events(0, 10).await.unwrap().len(), 1);
        let due = archive.due(CHANNEL, 5_000).await.unwrap();
        assert_eq!(due.iter().map(|due| (due.sequence, due.tries)).collect::<Vec<_>>(), [(1, 0)]);
        archive.begin(CHANNEL, vec![1], 9_000).await.unwrap();
        assert_eq!(archive.due(CHANNEL, 8_999).await.unwrap(), []);
        assert_eq!(archive.due(CHANNEL, 9_000).await.unwrap()[0].tries, 1);
        archive.forget(CHANNEL, vec![1]).await.unwrap();
        assert_eq!(archive.due(CHANNEL, u64::MAX).await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_warning_that_came_and_went_in_quiet_hours_is_not_sent() {
        let directory = tempfile::tempdir().unwrap();
        let archive = Archive::open(&directory.path().join("alerts.db")).unwrap();
        let mut board = Board::default();

        report(&archive, &mut board, &[condition(AlertSeverity::Warning)], 5_000).await;
        report(&archive, &mut board, &[], 6_000).await;

        assert_eq!(archive.due(CHANNEL, u64::MAX).await.unwrap(), []);
        assert_eq!(archive.events(0, 10).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_text_for_the_wallet_is_given_away_once_and_not_when_it_is_stale() {
        let directory = tempfile::tempdir().unwrap();
        let archive = Archive::open(&directory.path().join("alerts.db")).unwrap();
        archive.relay(1, "12 123456".into(), 1_000).await.unwrap();
        archive.relay(2, "13 654321".into(), 80_000).await.unwrap();

        let taken = archive.take_relayed(1_000 + APPROVAL_MS).await.unwrap();

        assert_eq!(taken, ["13 654321"]);
        assert_eq!(archive.take_relayed(1_000).await.unwrap(), Vec::<String>::new());
    }
}
