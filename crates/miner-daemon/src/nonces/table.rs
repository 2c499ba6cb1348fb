//! The callers' bounds in `front.db`.

use bittensor::protocol::NonceBound;
use rusqlite::{Connection, OptionalExtension};

use super::start::Before;

/// The tables of the bounds, and of the run that stored them.
pub(crate) const SCHEMA: &str = "CREATE TABLE nonce_bound (
    caller BLOB PRIMARY KEY CHECK (length(caller) = 32),
    bound_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE nonce_run (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    boot_id TEXT,
    floor_ns INTEGER NOT NULL
) STRICT";

/// What a run starts with.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Start {
    pub(super) floor_ns: u64,
    pub(super) bounds: Vec<NonceBound>,
    pub(super) was_booted: bool,
    pub(super) clock_was_ahead: bool,
}

/// Begins a run: drops what is too old to matter, cuts what a wrong clock stored, and remembers the boot.
pub(super) fn start(connection: &Connection, boot_id: Option<&str>, now_ns: u64) -> rusqlite::Result<Start> {
    prune(connection, now_ns)?;
    let cut = cut(connection, now_ns)?;
    let before = before(connection)?;
    let floor_ns = before.as_ref().map_or(0, |before| before.floor_ns(boot_id, now_ns));
    connection.execute(
        "INSERT OR REPLACE INTO nonce_run (only, boot_id, floor_ns) VALUES (1, ?1, ?2)",
        (boot_id, number(floor_ns)),
    )?;
    Ok(Start {
        floor_ns,
        bounds: bounds(connection)?,
        was_booted: before.as_ref().is_some_and(|before| before.is_of_another_boot(boot_id)),
        clock_was_ahead: cut || before.is_some_and(|before| before.floor_ns > NonceBound::highest_ns(now_ns)),
    })
}

/// Stores a bound, unless a higher one is stored.
pub(super) fn raise(connection: &Connection, bound: NonceBound) -> rusqlite::Result<()> {
    let statement = "INSERT INTO nonce_bound (caller, bound_ns) VALUES (?1, ?2)
        ON CONFLICT (caller) DO UPDATE SET bound_ns = max(bound_ns, excluded.bound_ns)";
    connection.prepare_cached(statement)?.execute((bound.caller, number(bound.ns)))?;
    Ok(())
}

/// Drops the bounds of nonces that are too old anyway. The floor keeps those refused if the clock is set back.
pub(super) fn prune(connection: &Connection, now_ns: u64) -> rusqlite::Result<()> {
    let oldest = [number(NonceBound::oldest_ns(now_ns))];
    let newest_dropped = "SELECT max(bound_ns) FROM nonce_bound WHERE bound_ns <= ?1";
    let raise_floor = format!("UPDATE nonce_run SET floor_ns = max(floor_ns, ifnull(({newest_dropped}), 0))");
    connection.execute(&raise_floor, oldest)?;
    connection.execute("DELETE FROM nonce_bound WHERE bound_ns <= ?1", oldest)?;
    Ok(())
}

/// Cuts bounds that no right clock can have caused, and returns whether there were any: nonces up there are refused as
/// lying in the future, so a bound needs to reach no further than one that is caused now. Otherwise the miner would be
/// deaf to the caller until that time comes.
fn cut(connection: &Connection, now_ns: u64) -> rusqlite::Result<bool> {
    let highest = number(NonceBound::highest_ns(now_ns));
    let cut = connection.execute("UPDATE nonce_bound SET bound_ns = ?1 WHERE bound_ns > ?1", [highest])?;
    Ok(cut > 0)
}

/// Returns none if there was no run before: then nothing was ever accepted.
fn before(connection: &Connection) -> rusqlite::Result<Option<Before>> {
    let read = |row: &rusqlite::Row<'_>| Ok(Before { boot_id: row.get(0)?, floor_ns: time(row.get(1)?) });
    connection.query_row("SELECT boot_id, floor_ns FROM nonce_run", [], read).optional()
}

fn bounds(connection: &Connection) -> rusqlite::Result<Vec<NonceBound>> {
    let read = |row: &rusqlite::Row<'_>| Ok(NonceBound { caller: row.get(0)?, ns: time(row.get(1)?) });
    connection.prepare("SELECT caller, bound_ns FROM nonce_bound")?.query_map([], read)?.collect()
}

fn number(ns: u64) -> i64 {
    i64::try_from(ns).unwrap_or(i64::MAX)
}

fn time(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const NOW: u64 = 1_795_345_600 * SECOND;

    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        connection
    }

    fn bound(caller: u8, ns: u64) -> NonceBound {
        NonceBound { caller: [caller; 32], ns }
    }

    #[test]
    fn a_fresh_database_refuses_nothing() {
        let started = start(&database(), Some("a"), NOW).unwrap();

        let nothing = Start { floor_ns: 0, bounds: Vec::new(), was_booted: false, clock_was_ahead: false };
        assert_eq!(started, nothing);
    }

    #[test]
    fn a_restart_finds_each_callers_highest_bound() {
        let database = database();
        start(&database, Some("a"), NOW).unwrap();
        for bound in [bound(1, NOW), bound(2, NOW + 1), bound(1, NOW + 5), bound(1, NOW + 3)] {
            raise(&database, bound).unwrap();
        }

        let started = start(&database, Some("a"), NOW).unwrap();

        let bounds = vec![bound(1, NOW + 5), bound(2, NOW + 1)];
        assert_eq!(started, Start { floor_ns: 0, bounds, was_booted: false, clock_was_ahead: false });
    }

    #[test]
    fn a_boot_raises_the_floor_for_the_restarts_after_it_too() {
        let database = database();
        start(&database, Some("a"), NOW).unwrap();

        let booted = start(&database, Some("b"), NOW).unwrap();
        let restarted = start(&database, Some("b"), NOW + 1).unwrap();

        assert_eq!((booted.floor_ns, booted.was_booted), (NOW + 2 * SECOND, true));
        assert_eq!((restarted.floor_ns, restarted.was_booted), (NOW + 2 * SECOND, false));
    }

    #[test]
    fn what_is_too_old_leaves_only_the_floor() {
        let database = database();
        start(&database, Some("a"), NOW).unwrap();
        for bound in [bound(1, NOW), bound(2, NOW + 1), bound(3, NOW + 2)] {
            raise(&database, bound).unwrap();
        }

        prune(&database, NOW + 1 + 64 * SECOND).unwrap();

        // Also if the clock is set back.
        let started = start(&database, Some("a"), NOW).unwrap();
        assert_eq!((started.floor_ns, started.bounds), (NOW + 1, vec![bound(3, NOW + 2)]));
    }

    #[test]
    fn a_bound_from_a_wrong_clock_does_not_deafen_the_miner() {
        let database = database();
        start(&database, Some("a"), NOW).unwrap();
        raise(&database, bound(1, NOW + 1_000_000 * SECOND)).unwrap();

        let started = start(&database, Some("a"), NOW).unwrap();
        let again = start(&database, Some("a"), NOW).unwrap();

        let cut = vec![bound(1, NOW + 2 * SECOND + SECOND / 20)];
        assert_eq!((started.bounds, started.clock_was_ahead), (cut.clone(), true));
        assert_eq!((again.bounds, again.clock_was_ahead), (cut, false));
    }
}
