//! The four daemons on a chain: the embedded one always, the real runtime if `SUBTENSOR_CHAIN` says where it is.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod chain {
    pub(crate) mod embedded;
    pub(crate) mod real;
}

use e2e::{Dendrite, Llmock, Query, Suite, eventually};
use serde_json::{Value, json};

use chain::embedded::{Chain, NETUID, VALIDATOR};

fn prompting<'a>(suite: &Suite, signer: &'a str) -> Query<'a> {
    Query {
        signer,
        port: suite.port(),
        hotkey: suite.hotkey(),
        synapse: "PromptingSynapse",
        fields: json!({ "roles": ["user"], "messages": ["hello"] }),
        timeout: 12.0,
    }
}

/// A suite that mines on a chain, once it knows its place and its callers.
fn mining(vendor: &Llmock, chain: &Chain) -> Suite {
    let mut suite = Suite::new(&vendor.base_url());
    suite.mine_on(NETUID, chain.config());
    suite.up();
    eventually("the neurons are known", || suite.subnet()["metagraph"]["neurons"].as_u64());
    suite
}

/// The blocks of the epochs that tracker has.
fn epochs(suite: &Suite) -> Vec<u64> {
    let database = suite.database("tracker.db");
    let mut statement = database.prepare("SELECT block FROM epochs ORDER BY block").unwrap();
    let blocks = statement.query_map([], |row| row.get::<_, i64>(0)).unwrap();
    blocks.map(|block| block.unwrap().unsigned_abs()).collect()
}

fn settled(suite: &Suite) -> Value {
    suite.status()["task_handler"]["running"]["limits"][0]["settled"]["tokens"].clone()
}

#[test]
fn the_axon_is_published_and_only_validators_of_the_subnet_are_answered() {
    let (vendor, chain) = (Llmock::echoing(&[]), Chain::start());
    let suite = mining(&vendor, &chain);
    let mut dendrite = Dendrite::start();

    let published = eventually("the axon is on the chain", || chain.axon());
    let validator = dendrite.ask(&prompting(&suite, VALIDATOR));
    let miner = dendrite.ask(&prompting(&suite, "//Charlie//hot"));
    let stranger = dendrite.ask(&prompting(&suite, "//Stranger"));

    assert_eq!(published.to_string(), format!("10.0.0.9:{}", suite.port()));
    assert_eq!(validator.status, Some(200), "{}", validator.message);
    assert_eq!((miner.status, stranger.status), (Some(403), Some(403)));
}

#[test]
fn a_lost_place_ends_the_spending_and_is_told() {
    let (vendor, chain) = (Llmock::echoing(&[]), Chain::start());
    let suite = mining(&vendor, &chain);
    let mut dendrite = Dendrite::start();
    assert_eq!(dendrite.ask(&prompting(&suite, VALIDATOR)).status, Some(200));
    eventually("the answer is settled", || (settled(&suite) != 0).then_some(()));
    let before = settled(&suite);

    chain.deregister_miner();
    eventually("the loss is noticed", || (suite.subnet()["registration"] == "not_registered").then_some(()));
    let after = dendrite.ask(&prompting(&suite, VALIDATOR));

    assert_eq!(after.status, Some(503), "{}", after.message);
    assert_eq!(settled(&suite), before);
    let problems = suite.status()["miner_daemon"]["running"]["process"]["problems"].to_string();
    assert!(problems.contains("The hotkey is not registered"), "{problems}");
    let lost = || {
        let row = |row: &rusqlite::Row<'_>| row.get::<_, Option<i64>>(0);
        suite.database("tracker.db").query_row("SELECT uid FROM registrations", [], row).ok()
    };
    assert_eq!(eventually("tracker has it, too", lost), None);
}

#[test]
fn no_epoch_is_lost_while_tracker_or_the_miner_is_away() {
    let (vendor, chain) = (Llmock::echoing(&[]), Chain::start());
    let suite = mining(&vendor, &chain);
    let first = eventually("an epoch is told", || epochs(&suite).first().copied());

    let tracker = suite.pid("tracker").unwrap();
    suite.freeze(tracker, true);
    chain.await_epochs(2);
    suite.freeze(tracker, false);
    let miner = suite.pid("miner_daemon").unwrap();
    suite.freeze(miner, true);
    chain.await_epochs(2);
    suite.freeze(miner, false);
    suite.kill("miner_daemon");
    suite.await_all();
    let last = chain.await_epochs(1);

    let all = eventually("the newest epoch is told", || Some(epochs(&suite)).filter(|all| all.contains(&last)));
    assert_eq!(all, chain.epochs_between(first, last));
}

#[test]
fn an_outage_of_the_chain_stops_no_answer() {
    let (vendor, mut chain) = (Llmock::echoing(&[]), Chain::start());
    let mut suite = mining(&vendor, &chain);
    let mut dendrite = Dendrite::start();

    chain.end();
    let connected = |suite: &Suite| suite.status()["miner_daemon"]["running"]["chain"]["endpoint"].is_string();
    eventually("the outage is noticed", || (!connected(&suite)).then_some(()));
    let during = dendrite.ask(&prompting(&suite, VALIDATOR));
    suite.down();
    suite.up();
    let restarted = dendrite.ask(&prompting(&suite, VALIDATOR));

    assert_eq!(during.status, Some(200), "{}", during.message);
    assert_eq!(restarted.status, Some(200), "{}", restarted.message);
    assert_eq!(suite.subnet()["metagraph"]["stale"], true);
}

#[test]
fn on_the_real_runtime_a_miner_serves_and_sees_what_its_validator_pays() {
    let Some(chain) = chain::real::Chain::start() else { return };
    let vendor = Llmock::echoing(&[]);
    let mut suite = Suite::new(&vendor.base_url());
    suite.mine_on(chain::real::NETUID, chain.config());
    suite.up();
    eventually("it is seen to have no place", || (suite.subnet()["registration"] == "not_registered").then_some(()));

    let uid = chain.register(suite.hotkey());
    eventually("the place is noticed", || {
        suite.subnet()["registration"]["registered"]["uid"].as_u64().filter(|known| *known == uid)
    });
    eventually("the axon is published", || suite.subnet()["axon"]["published"]["address"].as_str().map(str::to_owned));
    let axon = chain.axon_as_the_sdk_sees_it(uid);
    let mut dendrite = Dendrite::start();
    let answer = dendrite.ask(&prompting(&suite, chain::real::VALIDATOR));
    chain.set_weights(uid);
    let (weight, total) = eventually("the epoch's facts arrive", || {
        let sql = "SELECT weight, total FROM epoch_weights WHERE weight > 0 LIMIT 1";
        suite.database("tracker.db").query_row(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).ok()
    });

    assert_eq!(axon, format!("10.0.0.9:{}", suite.port()));
    assert_eq!(answer.status, Some(200), "{}", answer.message);
    assert_eq!((weight, total), (65_535, 65_535));
}
