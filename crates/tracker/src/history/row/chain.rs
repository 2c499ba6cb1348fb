//! The rows of what the chain says.

use common::epoch::{EpochFacts, EpochGap, RegistrationChange};
use rusqlite::{Connection, named_params, params};

use super::Key;
use crate::history::integer::signed;

pub(super) fn insert_epoch(connection: &Connection, key: Key, facts: &EpochFacts) -> rusqlite::Result<()> {
    let neuron = facts.neuron;
    connection
        .prepare_cached(
            "INSERT INTO epochs (seq, unix_ms, netuid, block, hotkey, tempo, commit_reveal, uid, incentive,
                 emission_alpha_rao, rank, earning, neurons, immunity_blocks_left, evicted_after, registration_price_rao, alpha_price_rao)
             VALUES (:seq, :unix_ms, :netuid, :block, :hotkey, :tempo, :commit_reveal, :uid, :incentive, :emission,
                 :rank, :earning, :neurons, :immunity_blocks_left, :evicted_after, :registration_price, :alpha_price)",
        )?
        .execute(named_params! {
            ":seq": key.seq,
            ":unix_ms": key.unix_ms,
            ":netuid": facts.netuid.0,
            ":block": signed(facts.block),
            ":hotkey": facts.hotkey.as_str(),
            ":tempo": facts.tempo,
            ":commit_reveal": facts.commit_reveal,
            ":uid": neuron.map(|neuron| neuron.uid),
            ":incentive": neuron.map(|neuron| neuron.incentive),
            ":emission": neuron.map(|neuron| signed(neuron.emission.0)),
            ":rank": neuron.map(|neuron| neuron.rank),
            ":earning": neuron.map(|neuron| neuron.earning),
            ":neurons": neuron.map(|neuron| neuron.neurons),
            ":immunity_blocks_left": neuron.map(|neuron| signed(neuron.immunity_blocks_left)),
            ":evicted_after": neuron.and_then(|neuron| neuron.evicted_after),
            ":registration_price": facts.registration_price.map(|price| signed(price.0)),
            ":alpha_price": facts.alpha_price.map(|price| signed(price.0)),
        })?;
    insert_weights(connection, key, facts)?;
    insert_commits(connection, key, facts)
}

/// A validator that the chain names twice is kept once: refusing would hold up everything behind it.
fn insert_weights(connection: &Connection, key: Key, facts: &EpochFacts) -> rusqlite::Result<()> {
    let mut row = connection.prepare_cached(
        "INSERT OR IGNORE INTO epoch_weights
             (epoch, validator, mechanism, weight, total, rated, largest, stake_alpha_rao, updated_block)
         VALUES (:epoch, :validator, :mechanism, :weight, :total, :rated, :largest, :stake, :updated_block)",
    )?;
    for weight in &facts.weights {
        row.execute(named_params! {
            ":epoch": key.seq,
            ":validator": weight.validator.as_str(),
            ":mechanism": weight.mechanism,
            ":weight": weight.weight,
            ":total": signed(weight.total),
            ":rated": weight.rated,
            ":largest": weight.largest,
            ":stake": signed(weight.stake.0),
            ":updated_block": signed(weight.updated_block),
        })?;
    }
    Ok(())
}

fn insert_commits(connection: &Connection, key: Key, facts: &EpochFacts) -> rusqlite::Result<()> {
    let mut row = connection
        .prepare_cached("INSERT OR IGNORE INTO epoch_commits (epoch, validator, block) VALUES (?1, ?2, ?3)")?;
    for commit in &facts.commits {
        row.execute(params![key.seq, commit.validator.as_str(), signed(commit.block)])?;
    }
    Ok(())
}

pub(super) fn insert_gap(connection: &Connection, key: Key, gap: &EpochGap) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO epoch_gaps (seq, unix_ms, netuid, from_block, to_block, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            key.seq,
            key.unix_ms,
            gap.netuid.0,
            signed(gap.from_block),
            signed(gap.to_block),
            gap.reason.name()
        ])?;
    Ok(())
}

pub(super) fn insert_registration(
    connection: &Connection,
    key: Key,
    change: &RegistrationChange,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO registrations (seq, unix_ms, netuid, hotkey, block, uid) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            key.seq,
            key.unix_ms,
            change.netuid.0,
            change.hotkey.as_str(),
            signed(change.block),
            change.uid
        ])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use common::epoch::{GapReason, NeuronFacts, ValidatorWeight, WeightCommit};
    use common::id::{EntryId, Netuid};
    use common::money::{AlphaRao, Rao};
    use common::record::{Entry, Record};

    use super::super::insert;
    use super::super::tests::{database, rows};
    use super::*;

    const MINER: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const VALIDATOR: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

    #[test]
    fn an_epoch_is_kept_with_its_weights_and_commits() {
        let database = database();

        insert(&database, &entry(Record::Epoch(facts()))).unwrap();

        let expected = format!("1|1785000000000|7|720|{MINER}|360|1|3|900|41000|2|9|12|0|4|500000|21000000");
        assert_eq!(rows(&database, "epochs", "seq"), [expected]);
        let expected = format!("1|{VALIDATOR}|0|400|1000|3|500|9000|715");
        assert_eq!(rows(&database, "epoch_weights", "validator"), [expected]);
        assert_eq!(rows(&database, "epoch_commits", "block"), [format!("1|{VALIDATOR}|718")]);
    }

    #[test]
    fn an_epoch_without_our_neuron_is_kept_too() {
        let database = database();
        let facts = EpochFacts { neuron: None, weights: Vec::new(), commits: Vec::new(), ..facts() };

        insert(&database, &entry(Record::Epoch(facts))).unwrap();

        let expected = format!("1|1785000000000|7|720|{MINER}|360|1|||||||||500000|21000000");
        assert_eq!(rows(&database, "epochs", "seq"), [expected]);
    }

    #[test]
    fn an_epoch_that_is_read_again_after_a_restart_is_kept_once() {
        let database = database();
        let first = insert(&database, &entry(Record::Epoch(facts())));

        let again = insert(&database, &entry(Record::Epoch(facts())));

        assert_eq!((first, again), (Ok(true), Ok(false)));
        assert_eq!(rows(&database, "epoch_weights", "validator").len(), 1);
    }

    #[test]
    fn a_validator_that_is_named_twice_is_kept_once() {
        let database = database();
        let mut facts = facts();
        facts.weights.extend(facts.weights.clone());

        insert(&database, &entry(Record::Epoch(facts))).unwrap();

        assert_eq!(rows(&database, "epoch_weights", "validator").len(), 1);
    }

    #[test]
    fn gaps_and_registrations_are_kept() {
        let database = database();
        let gap = EpochGap { netuid: Netuid(7), from_block: 5, to_block: 300, reason: GapReason::Pruned };
        let change = RegistrationChange { netuid: Netuid(7), hotkey: MINER.parse().unwrap(), block: 301, uid: None };

        insert(&database, &Entry { id: EntryId::new(1, [1; 10]), ..entry(Record::EpochGap(gap)) }).unwrap();
        insert(&database, &Entry { id: EntryId::new(1, [2; 10]), ..entry(Record::Registration(change)) }).unwrap();

        assert_eq!(rows(&database, "epoch_gaps", "seq"), ["1|1785000000000|7|5|300|pruned"]);
        assert_eq!(rows(&database, "registrations", "seq"), [format!("2|1785000000000|7|{MINER}|301|")]);
    }

    fn entry(record: Record) -> Entry {
        let unix_ms = 1_785_000_000_000;
        Entry { id: EntryId::of_block(unix_ms, Netuid(7), 720), unix_ms, record }
    }

    fn facts() -> EpochFacts {
        EpochFacts {
            netuid: Netuid(7),
            hotkey: MINER.parse().unwrap(),
            block: 720,
            tempo: 360,
            commit_reveal: true,
            neuron: Some(NeuronFacts {
                uid: 3,
                incentive: 900,
                emission: AlphaRao(41_000),
                rank: 2,
                earning: 9,
                neurons: 12,
                immunity_blocks_left: 0,
                evicted_after: Some(4),
            }),
            weights: vec![ValidatorWeight {
                validator: VALIDATOR.parse().unwrap(),
                mechanism: 0,
                weight: 400,
                total: 1_000,
                rated: 3,
                largest: 500,
                stake: AlphaRao(9_000),
                updated_block: 715,
            }],
            commits: vec![WeightCommit { validator: VALIDATOR.parse().unwrap(), block: 718 }],
            registration_price: Some(Rao(500_000)),
            alpha_price: Some(Rao(21_000_000)),
        }
    }
}
