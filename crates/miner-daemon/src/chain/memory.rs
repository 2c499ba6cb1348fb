//! What is known of the chain over restarts: how far the epochs are reported, and who may call.

use std::collections::HashMap;

use common::id::{Netuid, Ss58};
use common::record::Entry;
use daemon_kit::outbox;
use rusqlite::{Connection, OptionalExtension, params};

use crate::admission::Standing;

/// The tables; a migration of `front.db`.
pub(crate) const SCHEMA: &str = "
-- How far the epochs of each subnet are reported, on the chain with this first block.
CREATE TABLE chain_progress (
    netuid INTEGER PRIMARY KEY,
    genesis TEXT NOT NULL, -- 0x and hex
    block INTEGER NOT NULL -- every epoch up to this block is in the outbox or with tracker
) STRICT;

-- The neurons of each subnet, for a start at which no node can be reached.
CREATE TABLE chain_callers (
    netuid INTEGER NOT NULL,
    hotkey TEXT NOT NULL, -- ss58
    genesis TEXT NOT NULL,
    block INTEGER NOT NULL,
    permit INTEGER NOT NULL CHECK (permit IN (0, 1)),
    stake INTEGER NOT NULL, -- whole alpha
    PRIMARY KEY (netuid, hotkey)
) STRICT, WITHOUT ROWID;
";

/// Neurons as they were read at a block.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Remembered {
    /// The block.
    pub(super) block: u64,
    /// Each neuron by its hotkey.
    pub(super) standings: HashMap<Ss58, Standing>,
}

/// Returns up to which block the epochs of a subnet are reported.
pub(super) fn progress(connection: &Connection, genesis: &str, netuid: Netuid) -> rusqlite::Result<Option<u64>> {
    let block: Option<i64> = connection
        .prepare_cached("SELECT block FROM chain_progress WHERE netuid = ?1 AND genesis = ?2")?
        .query_row(params![netuid.0, genesis], |row| row.get(0))
        .optional()?;
    Ok(block.map(unsigned))
}

/// Puts what is known of the blocks up to `block` in line for tracker, in the transaction that says so.
pub(super) fn report(
    connection: &Connection,
    genesis: &str,
    netuid: Netuid,
    block: u64,
    entries: &[Entry],
) -> rusqlite::Result<()> {
    for entry in entries {
        outbox::push(connection, entry)?;
    }
    connection
        .prepare_cached(
            "INSERT INTO chain_progress (netuid, genesis, block) VALUES (?1, ?2, ?3)
             ON CONFLICT (netuid) DO UPDATE SET genesis = excluded.genesis, block = excluded.block",
        )?
        .execute(params![netuid.0, genesis, signed(block)])?;
    Ok(())
}

/// Replaces the neurons of a subnet.
pub(super) fn remember(
    connection: &Connection,
    genesis: &str,
    netuid: Netuid,
    known: &Remembered,
) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM chain_callers WHERE netuid = ?1")?.execute([netuid.0])?;
    let mut row = connection.prepare_cached(
        "INSERT INTO chain_callers (netuid, hotkey, genesis, block, permit, stake) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (hotkey, standing) in &known.standings {
        let stake = signed(standing.stake);
        row.execute(params![netuid.0, hotkey.as_str(), genesis, signed(known.block), standing.permit, stake])?;
    }
    Ok(())
}

/// Returns the neurons of a subnet as they were remembered. A hotkey that cannot be read any more is left out.
pub(super) fn recall(connection: &Connection, genesis: &str, netuid: Netuid) -> rusqlite::Result<Option<Remembered>> {
    let mut statement = connection
        .prepare_cached("SELECT hotkey, block, permit, stake FROM chain_callers WHERE netuid = ?1 AND genesis = ?2")?;
    let mut rows = statement.query(params![netuid.0, genesis])?;
    let mut known: Option<Remembered> = None;
    while let Some(row) = rows.next()? {
        let block = unsigned(row.get(1)?);
        let known = known.get_or_insert_with(|| Remembered { block, standings: HashMap::new() });
        let standing = Standing { permit: row.get(2)?, stake: unsigned(row.get(3)?) };
        if let Ok(hotkey) = row.get::<_, String>(0)?.parse() {
            known.standings.insert(hotkey, standing);
        }
    }
    Ok(known)
}

/// SQLite's integers are signed; no height and no stake comes near the end.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use common::epoch::{EpochGap, GapReason};
    use common::id::EntryId;
    use common::record::Record;

    use super::*;

    const SUBNET: Netuid = Netuid(7);
    const OURS: &str = "0x01";
    const ANOTHER: &str = "0x02";

    #[test]
    fn progress_belongs_to_one_chain() {
        let database = database();

        report(&database, OURS, SUBNET, 720, &[]).unwrap();

        assert_eq!(progress(&database, OURS, SUBNET), Ok(Some(720)));
        assert_eq!(progress(&database, OURS, Netuid(8)), Ok(None));
        assert_eq!(progress(&database, ANOTHER, SUBNET), Ok(None));
    }

    #[test]
    fn a_report_and_its_progress_come_together() {
        let database = database();
        let gap = EpochGap { netuid: SUBNET, from_block: 1, to_block: 5, reason: GapReason::Pruned };
        let entry = Entry { id: EntryId::new(1, [1; 10]), unix_ms: 1, record: Record::EpochGap(gap) };

        report(&database, OURS, SUBNET, 5, &[entry]).unwrap();
        report(&database, OURS, SUBNET, 9, &[]).unwrap();

        assert_eq!(outbox::waiting(&database), Ok(1));
        assert_eq!(progress(&database, OURS, SUBNET), Ok(Some(9)));
    }

    #[test]
    fn the_newest_neurons_replace_those_before() {
        let database = database();
        let known = |block, hotkey: &str, stake| Remembered {
            block,
            standings: HashMap::from([(hotkey.parse().unwrap(), Standing { permit: true, stake })]),
        };
        let newest = known(80, "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty", 9);
        remember(&database, OURS, SUBNET, &known(40, "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", 5)).unwrap();

        remember(&database, OURS, SUBNET, &newest).unwrap();

        assert_eq!(recall(&database, OURS, SUBNET), Ok(Some(newest)));
        assert_eq!(recall(&database, ANOTHER, SUBNET), Ok(None));
    }

    fn database() -> Connection {
        let database = Connection::open_in_memory().unwrap();
        for schema in [outbox::SCHEMA, SCHEMA] {
            database.execute_batch(schema).unwrap();
        }
        database
    }
}
