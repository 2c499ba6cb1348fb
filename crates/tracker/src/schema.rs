//! The tables of `state/tracker.db`; the SQL files explain every column, and `.schema` in `sqlite3` shows them.

/// One script per version of the file, oldest first. A script that was released is never changed.
pub(crate) const MIGRATIONS: &[&str] =
    &[include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql")];
