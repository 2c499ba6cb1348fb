//! What the newest epochs say, for the status.

use std::collections::BTreeMap;

use common::call::tracker::EpochSummary;
use common::id::Netuid;
use common::money::{AlphaRao, Rao};
use rusqlite::{Connection, Row, params};

use super::integer::{signed, unsigned};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Returns the newest epoch of each subnet, by netuid; `unix_ms` is now.
pub(super) fn newest(connection: &Connection, unix_ms: u64) -> rusqlite::Result<Vec<EpochSummary>> {
    let mut statement = connection.prepare_cached(
        "SELECT netuid, block, unix_ms, incentive, rank, earning, emission_alpha_rao, alpha_price_rao,
             (SELECT count(DISTINCT validator) FROM epoch_weights WHERE epoch = seq AND weight > 0) AS weighed_by
         FROM epochs
         WHERE (netuid, block) IN (SELECT netuid, max(block) FROM epochs GROUP BY netuid)
         ORDER BY netuid",
    )?;
    let mut summaries = statement.query_map([], summary)?.collect::<rusqlite::Result<Vec<_>>>()?;
    for summary in &mut summaries {
        summary.emission_of_day = earned_since(connection, summary.netuid, unix_ms.saturating_sub(DAY_MS))?;
    }
    Ok(summaries)
}

/// Epochs of a subnet that say what is usual.
const RECENT: u32 = 23;

/// Returns the incentives of the newest epochs of each subnet, newest first; nothing where the hotkey was not registered.
pub(super) fn incentives(connection: &Connection) -> rusqlite::Result<BTreeMap<Netuid, Vec<u16>>> {
    let mut subnets = connection.prepare_cached("SELECT DISTINCT netuid FROM epochs")?;
    let mut recent = connection.prepare_cached(
        "SELECT incentive FROM epochs WHERE netuid = ?1 AND incentive IS NOT NULL ORDER BY block DESC LIMIT ?2",
    )?;
    let mut incentives = BTreeMap::new();
    for netuid in subnets.query_map([], |row| row.get(0))? {
        let netuid: u16 = netuid?;
        let newest = recent.query_map(params![netuid, RECENT], |row| row.get(0))?;
        incentives.insert(Netuid(netuid), newest.collect::<rusqlite::Result<_>>()?);
    }
    Ok(incentives)
}

fn summary(row: &Row<'_>) -> rusqlite::Result<EpochSummary> {
    Ok(EpochSummary {
        netuid: Netuid(row.get("netuid")?),
        block: unsigned(row.get("block")?),
        unix_ms: unsigned(row.get("unix_ms")?),
        incentive: row.get("incentive")?,
        rank: row.get("rank")?,
        earning: row.get("earning")?,
        weighed_by: row.get("weighed_by")?,
        emission: AlphaRao(row.get::<_, Option<i64>>("emission_alpha_rao")?.map(unsigned).unwrap_or_default()),
        emission_of_day: AlphaRao::default(),
        alpha_price: row.get::<_, Option<i64>>("alpha_price_rao")?.map(|price| Rao(unsigned(price))),
    })
}

/// Summed here, because SQLite's sum() fails when it overflows, and a lying node could make it.
fn earned_since(connection: &Connection, netuid: Netuid, unix_ms: u64) -> rusqlite::Result<AlphaRao> {
    let mut statement = connection.prepare_cached(
        "SELECT emission_alpha_rao FROM epochs WHERE netuid = ?1 AND unix_ms > ?2 AND emission_alpha_rao IS NOT NULL",
    )?;
    let mut total = 0_u64;
    for emission in statement.query_map(params![netuid.0, signed(unix_ms)], |row| row.get(0))? {
        total = total.saturating_add(unsigned(emission?));
    }
    Ok(AlphaRao(total))
}

#[cfg(test)]
mod tests {
    use common::epoch::{EpochFacts, NeuronFacts, ValidatorWeight};
    use common::id::EntryId;
    use common::record::{Entry, Record};

    use super::*;
    use crate::history::row;
    use crate::schema::MIGRATIONS;

    const NOW: u64 = 1_785_000_000_000;
    const HOUR_MS: u64 = DAY_MS / 24;

    #[test]
    fn the_newest_epoch_is_told_with_what_the_day_has_earned() {
        let database = database();
        for (netuid, block, hours_ago, emission) in
            [(1, 100, 30, 7), (1, 460, 2, 5), (1, 820, 1, 4), (2, 90, 3, u64::MAX)]
        {
            insert(&database, netuid, block, NOW - hours_ago * HOUR_MS, Some(emission));
        }

        let summaries = newest(&database, NOW).unwrap();

        let told: Vec<_> =
            summaries.iter().map(|one| (one.netuid.0, one.block, one.emission.0, one.emission_of_day.0)).collect();
        let largest = i64::MAX.unsigned_abs();
        assert_eq!(told, [(1, 820, 4, 9), (2, 90, largest, largest)]);
        assert_eq!((summaries[0].weighed_by, summaries[0].rank), (1, Some(2)));
    }

    #[test]
    fn an_epoch_without_our_neuron_earned_nothing() {
        let database = database();
        insert(&database, 1, 820, NOW, None);

        let summaries = newest(&database, NOW).unwrap();

        assert_eq!((summaries[0].incentive, summaries[0].emission), (None, AlphaRao(0)));
    }

    fn database() -> Connection {
        let database = Connection::open_in_memory().unwrap();
        for migration in MIGRATIONS {
            database.execute_batch(migration).unwrap();
        }
        database
    }

    fn insert(database: &Connection, netuid: u16, block: u64, unix_ms: u64, emission: Option<u64>) {
        let neuron = |emission| NeuronFacts {
            uid: 3,
            incentive: 900,
            emission: AlphaRao(emission),
            rank: 2,
            earning: 9,
            neurons: 12,
            immunity_blocks_left: 0,
            evicted_after: None,
        };
        let weight = |validator: &str, weight| ValidatorWeight {
            validator: validator.parse().unwrap(),
            mechanism: 0,
            weight,
            total: 10,
            rated: 2,
            largest: 6,
            stake: AlphaRao(1),
            updated_block: 1,
        };
        let facts = EpochFacts {
            netuid: Netuid(netuid),
            hotkey: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".parse().unwrap(),
            block,
            tempo: 360,
            neuron: emission.map(neuron),
            commit_reveal: false,
            weights: vec![
                weight("5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty", 4),
                weight("5DAAnrj7VHTznn2AWBemMuyBwZWs6FNFjdyVXUeYum3PTXFy", 0),
            ],
            commits: Vec::new(),
            registration_price: None,
            alpha_price: None,
        };
        let entry =
            Entry { id: EntryId::of_block(unix_ms, Netuid(netuid), block), unix_ms, record: Record::Epoch(facts) };
        assert!(row::insert(database, &entry).unwrap());
    }
}
