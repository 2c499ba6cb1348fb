//! Opens a database file: private, WAL, in the newest format.

use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::StoreError;

/// How long a lock of another program, such as a backup, is waited for.
const BUSY: Duration = Duration::from_secs(5);
/// Statements that are kept prepared: more than any daemon has.
const STATEMENTS: usize = 64;

pub(super) fn open(path: &Path, migrations: &[&str]) -> Result<Connection, StoreError> {
    make_private(path).map_err(|source| StoreError::File { path: path.to_owned(), source: Arc::new(source) })?;
    let sqlite_error = |source| StoreError::Open { path: path.to_owned(), source: Arc::new(source) };
    let mut connection = connect(path).map_err(sqlite_error)?;
    migrate(&mut connection, path, migrations)?;
    Ok(connection)
}

/// SQLite gives its side files the permissions of the database.
fn make_private(path: &Path) -> std::io::Result<()> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), StoreError> {
    let open_error = |source| StoreError::Open { path: path.to_owned(), source: Arc::new(source) };
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(open_error)?;
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    let applied = usize::try_from(found).unwrap_or(usize::MAX);
    let Some(pending) = migrations.get(applied..) else {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    };
    for (from, sql) in (found..).zip(pending) {
        apply(connection, sql, from + 1).map_err(|source| StoreError::Migration {
            path: path.to_owned(),
            from,
            to: from + 1,
            source: Arc::new(source),
        })?;
    }
    Ok(())
}

fn apply(connection: &mut Connection, sql: &str, version: i64) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(sql)?;
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}
