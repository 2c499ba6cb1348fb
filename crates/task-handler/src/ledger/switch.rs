//! Switches of the operator that outlive the process.

use rusqlite::{Connection, OptionalExtension, params};

/// Whether answering is paused.
pub(super) const PAUSED: &str = "paused";

/// Sets a switch.
pub(super) fn set(connection: &Connection, name: &str, is_on: bool) -> rusqlite::Result<()> {
    connection.execute("INSERT OR REPLACE INTO switch (name, is_on) VALUES (?1, ?2)", params![name, is_on])?;
    Ok(())
}

/// Reads a switch; it is off until it is set.
pub(super) fn get(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    let is_on =
        connection.query_row("SELECT is_on FROM switch WHERE name = ?1", [name], |row| row.get(0)).optional()?;
    Ok(is_on.unwrap_or(false))
}
