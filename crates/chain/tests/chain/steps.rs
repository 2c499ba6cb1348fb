//! What must hold on every chain. Both prepare subnet 2 with three neurons: 0 is its owner's (`//Alice//hk`), 1 a validator
//! (`//Bob//hk`) that gives all its weight to 2, a miner (`//Dave//hk`) with an axon.

use chain::epochs::Commit;
use chain::network::is_public;
use chain::registration::{Eviction, Standing, standing};
use chain::serving::{AddressProblem, Decision, Served, Wanted};
use chain::{Axon, Call, Cause, Certificate, ChainError, Inclusion, Stage, Until};
use common::config::chain::Network;
use scale_value::Value;

use crate::ground::{Ground, NETUID, PATIENCE, account, key};

const OWNER: &str = "//Alice//hk";
const VALIDATOR: &str = "//Bob//hk";
const MINER: &str = "//Dave//hk";
const STRANGER: &str = "//Stranger//hk";

pub(crate) async fn heads_are_followed(ground: &Ground) {
    let before = *ground.client.at_best().unwrap().head();
    let mut finalized = ground.client.finalized();

    let after = *ground.block().await.head();

    assert!(after.number > before.number);
    if after.number == before.number + 1 {
        assert_eq!(after.parent, before.hash);
    }
    assert!(after.time_ms > before.time_ms);
    assert!(ground.client.best().borrow().is_some_and(|best| best.number >= after.number));
    let reached = finalized.wait_for(|head| head.is_some_and(|head| head.number >= before.number));
    tokio::time::timeout(PATIENCE, reached).await.unwrap().unwrap();
    assert!(ground.client.at_finalized().await.unwrap().number() >= before.number);
    let runtime = ground.client.runtime().borrow().clone().unwrap();
    assert_eq!(runtime.compatibility.differences, []);
}

pub(crate) async fn places_are_found_on_several_subnets_at_once(ground: &Ground) {
    let block = ground.client.at_best().unwrap();

    assert_eq!(block.uids(&[NETUID, 77], &account(OWNER)).await.unwrap(), [Some(0), None]);
    assert_eq!(block.uids(&[77, NETUID], &account(MINER)).await.unwrap(), [None, Some(2)]);
    assert_eq!(block.uids(&[NETUID], &account(STRANGER)).await.unwrap(), [None]);
}

pub(crate) async fn the_metagraph_is_what_the_storage_says(ground: &Ground) {
    let block = ground.client.at_best().unwrap();

    let metagraph = block.metagraph(NETUID).await.unwrap();

    assert_eq!(metagraph.block, block.number());
    assert_eq!(metagraph.hash, block.head().hash);
    assert_eq!(metagraph.owner_hotkey, account(OWNER));
    assert_eq!(metagraph.owner_coldkey, account("//Alice"));
    assert_eq!(metagraph.registration_price_rao, block.registration_price_rao(NETUID).await.unwrap());
    assert_eq!(metagraph.serving_rate_limit, block.serving_rate_limit(NETUID).await.unwrap());
    assert_eq!(metagraph.last_epoch, block.last_epoch(NETUID).await.unwrap());
    for (uid, who) in [(0, OWNER), (1, VALIDATOR), (2, MINER)] {
        let neuron = metagraph.by_hotkey(&account(who)).unwrap();
        assert_eq!(neuron.uid, uid);
        assert_eq!(neuron, &metagraph.neurons[usize::from(uid)]);
        assert_eq!(neuron.axon, block.axon(NETUID, &account(who)).await.unwrap());
    }
    let [owner, validator, miner] = &metagraph.neurons[..] else { panic!("three neurons") };
    assert!(validator.validator_permit && !miner.validator_permit);
    assert!(validator.total_stake > 0 && validator.alpha_stake > 0);
    assert!(miner.axon.is_some() && validator.axon.is_none());
    assert_eq!(metagraph.by_hotkey(&account(STRANGER)), None);
    assert_eq!(standing(&metagraph, &account(STRANGER)), Standing::NotRegistered);
    let Standing::Registered { eviction, .. } = standing(&metagraph, &owner.hotkey) else { panic!("registered") };
    assert_eq!(eviction, Eviction::Never);
}

pub(crate) async fn an_unknown_subnet_is_told(ground: &Ground) {
    let block = ground.client.at_best().unwrap();

    assert!(matches!(block.metagraph(777).await, Err(ChainError::UnknownSubnet(777))));
    let wanted = wanted("10.0.0.9", 1);
    let served = ground.client.serve(777, &key(MINER), &wanted, Network::Sandbox, PATIENCE).await;
    assert!(matches!(served, Err(ChainError::UnknownSubnet(777))));
}

pub(crate) async fn an_axon_is_published_once_and_again_when_it_changes(ground: &Ground) {
    let first = wanted("10.0.0.9", 8091);

    let inclusion = published(&serve(ground, &first).await.unwrap());
    let there = ground.client.at_number(inclusion.block).await.unwrap();
    let found = there.axon(NETUID, &account(MINER)).await.unwrap().unwrap();
    assert_eq!(found.axon, first.axon);
    assert_eq!(found.block, inclusion.block);
    assert_eq!(there.head().hash, inclusion.hash);

    let again = serve(ground, &first).await.unwrap();
    assert!(matches!(again, Served::Not(Decision::Keep)), "{again:?}");

    let second = wanted("10.0.0.9", 8092);
    let inclusion = published(&serve(ground, &second).await.unwrap());
    let there = ground.client.at_number(inclusion.block).await.unwrap();
    assert_eq!(there.axon(NETUID, &account(MINER)).await.unwrap().unwrap().axon, second.axon);
}

pub(crate) async fn a_tls_key_is_published_beside_the_axon(ground: &Ground) {
    let key = Certificate { algorithm: 1, public_key: vec![7; 32] };
    let with_key = Wanted { certificate: Some(key.clone()), ..wanted("10.0.0.9", 8092) };

    let inclusion = published(&serve(ground, &with_key).await.unwrap());
    let there = ground.client.at_number(inclusion.block).await.unwrap();
    assert_eq!(there.certificate(NETUID, &account(MINER)).await.unwrap(), Some(key));
    assert_eq!(there.axon(NETUID, &account(MINER)).await.unwrap().unwrap().axon, with_key.axon);

    let again = serve(ground, &with_key).await.unwrap();
    assert!(matches!(again, Served::Not(Decision::Keep)), "{again:?}");
}

pub(crate) async fn what_the_chain_refuses_is_told_by_its_cause(ground: &Ground) {
    let loopback = wanted("127.0.0.1", 8091);

    // We refuse before the chain does,
    let ours = serve(ground, &loopback).await.unwrap();
    assert!(matches!(ours, Served::Not(Decision::Refuse(AddressProblem::RefusedByTheChain))), "{ours:?}");
    // which does it, too.
    let call = Call::ServeAxon { netuid: NETUID, axon: loopback.axon };
    assert_refused(ground, MINER, &call, Stage::Pool, Cause::BadAddress).await;

    let stranger =
        ground.client.serve(NETUID, &key(STRANGER), &wanted("10.0.0.9", 1), Network::Sandbox, PATIENCE).await;
    assert!(matches!(stranger, Err(ChainError::NotRegistered { netuid: NETUID, .. })), "{stranger:?}");
    let call = Call::ServeAxon { netuid: NETUID, axon: wanted("10.0.0.9", 1).axon };
    assert_refused(ground, STRANGER, &call, Stage::Pool, Cause::NotRegistered).await;

    let again = Call::BurnedRegister { netuid: NETUID, hotkey: account(MINER) };
    assert_refused(ground, "//Dave", &again, Stage::Block, Cause::AlreadyRegistered).await;
    let nowhere = Call::BurnedRegister { netuid: 777, hotkey: account(MINER) };
    assert_refused(ground, "//Dave", &nowhere, Stage::Block, Cause::UnknownSubnet).await;
}

pub(crate) async fn a_change_waits_for_the_serving_rate_limit(ground: &Ground) {
    let block = ground.client.at_best().unwrap();
    let last = block.axon(NETUID, &account(MINER)).await.unwrap().unwrap();
    let limit = block.serving_rate_limit(NETUID).await.unwrap();
    assert!(limit > 1, "the step wants a limit");

    let waits = serve(ground, &wanted("10.0.0.9", last.axon.port + 1)).await.unwrap();

    let expected = last.block + limit;
    assert!(matches!(waits, Served::Not(Decision::Wait { until_block }) if until_block == expected), "{waits:?}");
    // The chain agrees.
    let call = Call::ServeAxon { netuid: NETUID, axon: wanted("10.0.0.9", last.axon.port + 1).axon };
    assert_refused(ground, MINER, &call, Stage::Pool, Cause::TooSoon).await;
    assert!(!is_public(Network::Sandbox));
}

pub(crate) async fn the_next_epoch_is_where_it_was_expected(ground: &Ground) {
    for _ in 0..2 {
        let block = ground.client.at_best().unwrap();
        let last = block.last_epoch(NETUID).await.unwrap();
        let next = block.next_epoch(NETUID).await.unwrap().unwrap();
        assert!(next > block.number() && next > last);

        let before = ground.block_at(next - 1).await;
        assert_eq!(before.last_epoch(NETUID).await.unwrap(), last);
        let there = ground.block_at(next).await;
        assert_eq!(there.last_epoch(NETUID).await.unwrap(), next);
    }
}

pub(crate) async fn weights_are_told_with_the_epoch_they_led_to(ground: &Ground) {
    let before = ground.client.at_best().unwrap();
    set_weights(ground, &[(0, 20_000), (2, 65_535)]).await;
    let set = ground.client.at_best().unwrap();
    let epoch = set.next_epoch(NETUID).await.unwrap().unwrap();

    let facts = ground.block_at(epoch).await.epoch_facts(NETUID, &account(MINER)).await.unwrap();

    assert_eq!((facts.netuid, facts.block, facts.uid), (NETUID, epoch, 2));
    assert_eq!((facts.place, facts.earning, facts.neurons), (1, 2, 3));
    assert!(facts.incentive > 40_000 && facts.emission > 0, "{facts:?}");
    assert!(facts.alpha_price_rao > 0 && facts.registration_price_rao > 0);
    assert!(!facts.commit_reveal && facts.pending.is_empty());
    let row = facts.weights.iter().find(|row| row.hotkey == account(VALIDATOR)).unwrap();
    assert_eq!((row.uid, row.weight, row.total, row.entries), (1, 65_535, 85_535, 2));
    assert!(row.validator_permit && row.stake > 0 && row.mechanism == 0);
    assert!((before.number() + 1..=set.number()).contains(&row.changed_at), "{}", row.changed_at);
    let stranger = set.epoch_facts(NETUID, &account(STRANGER)).await;
    assert!(matches!(stranger, Err(ChainError::NotRegistered { .. })));
}

pub(crate) async fn missed_epochs_are_found_again(ground: &Ground) {
    let first = ground.client.at_best().unwrap().last_epoch(NETUID).await.unwrap();
    let mut epochs = Vec::new();
    for _ in 0..2 {
        let next = ground.client.at_best().unwrap().next_epoch(NETUID).await.unwrap().unwrap();
        ground.block_at(next).await;
        epochs.push(next);
    }
    let block = ground.block().await;

    let missed = block.missed_epochs(NETUID, first, 10).await.unwrap();
    assert_eq!((missed.epochs, missed.lost_before), (epochs.clone(), None));

    let none = block.missed_epochs(NETUID, epochs[1], 10).await.unwrap();
    assert_eq!((none.epochs, none.lost_before), (Vec::new(), None));

    let few = block.missed_epochs(NETUID, first, 1).await.unwrap();
    assert_eq!((few.epochs, few.lost_before), (vec![epochs[1]], Some(epochs[1])));
}

pub(crate) async fn committed_weights_are_pending_until_they_are_revealed(ground: &Ground) {
    let (uids, values, salt, version) = (vec![0_u16, 2], vec![65_535_u16, 30_000], vec![1_u16, 2, 3], 0_u64);
    let content = (account(VALIDATOR), NETUID, &uids, &values, &salt, version);
    let hash = blake2(&codec::Encode::encode(&content));
    let commit = vec![("netuid", NETUID.into()), ("commit_hash", Value::from_bytes(hash))];
    let before = ground.client.at_best().unwrap();
    ground.send(VALIDATOR, "commit_weights", commit).await;

    let after = ground.client.at_best().unwrap();
    let facts = after.epoch_facts(NETUID, &account(MINER)).await.unwrap();

    assert!(facts.commit_reveal);
    let [pending] = facts.pending.as_slice() else { panic!("{:?}", facts.pending) };
    assert_eq!(pending.hotkey, account(VALIDATOR));
    assert!((before.number() + 1..=after.number()).contains(&pending.committed_at), "{}", pending.committed_at);
    let reveal_from = match pending.commit {
        Commit::Hashed { reveal_from, reveal_until } => {
            assert!(reveal_from > pending.committed_at && reveal_until > reveal_from);
            reveal_from
        }
        Commit::HashedUntilEpoch { .. } => {
            ground.client.at_number(pending.committed_at).await.unwrap().next_epoch(NETUID).await.unwrap().unwrap()
        }
        Commit::Timelocked { .. } => panic!("{pending:?}"),
    };
    let secret = |facts: &chain::epochs::EpochFacts| {
        facts.weights.iter().find(|row| row.hotkey == account(VALIDATOR)).unwrap().weight
    };
    assert_ne!(secret(&facts), 30_000);

    ground.block_at(reveal_from).await;
    let list = |numbers: &[u16]| Value::unnamed_composite(numbers.iter().map(|&number| Value::from(number)));
    let reveal = vec![
        ("netuid", NETUID.into()),
        ("uids", list(&uids)),
        ("values", list(&values)),
        ("salt", list(&salt)),
        ("version_key", version.into()),
    ];
    ground.send(VALIDATOR, "reveal_weights", reveal).await;

    let facts = ground.client.at_best().unwrap().epoch_facts(NETUID, &account(MINER)).await.unwrap();
    assert_eq!(secret(&facts), 30_000);
    assert!(facts.pending.is_empty());
}

async fn set_weights(ground: &Ground, weights: &[(u16, u16)]) {
    let list = |numbers: Vec<u16>| Value::unnamed_composite(numbers.into_iter().map(Value::from));
    let arguments = vec![
        ("netuid", NETUID.into()),
        ("dests", list(weights.iter().map(|(uid, _)| *uid).collect())),
        ("weights", list(weights.iter().map(|(_, weight)| *weight).collect())),
        ("version_key", 0_u64.into()),
    ];
    ground.send(VALIDATOR, "set_weights", arguments).await;
}

async fn serve(ground: &Ground, wanted: &Wanted) -> Result<Served, ChainError> {
    ground.client.serve(NETUID, &key(MINER), wanted, Network::Sandbox, PATIENCE).await
}

fn published(served: &Served) -> Inclusion {
    match served {
        Served::Now(inclusion) => *inclusion,
        Served::Not(why) => panic!("not published: {why:?}"),
    }
}

async fn assert_refused(ground: &Ground, who: &str, call: &Call, stage: Stage, cause: Cause) {
    let refused = ground.client.submit(call, &key(who), Until::Best, PATIENCE).await;

    let Err(ChainError::Refused(refusal)) = refused else { panic!("{refused:?}") };
    assert_eq!((refusal.stage, refusal.cause), (stage, cause), "{refusal}");
}

pub(crate) fn wanted(ip: &str, port: u16) -> Wanted {
    Wanted { axon: Axon { ip: ip.parse().unwrap(), port, protocol: chain::HTTP, version: 1 }, certificate: None }
}

fn blake2(bytes: &[u8]) -> [u8; 32] {
    use subxt::config::Hasher;
    subxt::config::substrate::BlakeTwo256.hash(bytes).0
}
