//! Weights, epochs and what they pay.

use sandbox_chain::Subnet;
use sandbox_chain::pallet::{
    Call, Emission, Incentive, LastEpochBlock, SubnetEpochIndex, TotalHotkeyAlpha, Weights, main_mechanism, seal,
};
use sandbox_chain::runtime::Runtime;
use sandbox_chain::runtime::number::{MechId, NetUid};
use sp_core::H256;
use sp_runtime::AccountId32;
use subxt::dynamic;

use super::harness::{Chain, NETUID, key, subnet};

fn weights(values: [u16; 2]) -> Call<Runtime> {
    Call::set_weights { netuid: NetUid(NETUID), dests: vec![2, 3], weights: values.to_vec(), version_key: 0 }
}

fn incentive(chain: &Chain) -> Vec<u16> {
    chain.node.read(|| Incentive::<Runtime>::get(main_mechanism(NetUid(NETUID))))
}

fn weights_of(chain: &Chain, uid: u16) -> Vec<(u16, u16)> {
    chain.node.read(|| Weights::<Runtime>::get(main_mechanism(NetUid(NETUID)), uid))
}

/// Makes blocks until an epoch has just run.
fn epoch(chain: &Chain) {
    let index = || chain.node.read(|| SubnetEpochIndex::<Runtime>::get(NetUid(NETUID)));
    let before = index();
    while index() == before {
        chain.node.new_block().unwrap();
    }
}

#[tokio::test]
async fn an_epoch_pays_miners_by_what_validators_think() {
    let chain = Chain::new();
    for validator in ["Alice//hot", "Bob//hot"] {
        chain.submit(&key(validator), weights([20_000, 60_000])).unwrap();
    }

    epoch(&chain);

    let shares = incentive(&chain);
    assert_eq!((shares[0], shares[1]), (0, 0));
    assert!(shares[2].abs_diff(16_383) <= 2 && shares[3].abs_diff(49_151) <= 2, "{shares:?}");
    let dave = AccountId32::new(key("Dave//hot").public());
    let (paid, held) = chain.node.read(|| {
        let emission = Emission::<Runtime>::get(NetUid(NETUID));
        (emission, TotalHotkeyAlpha::<Runtime>::get(dave, NetUid(NETUID)))
    });
    // Ten blocks of one alpha, less the owner's 18 %, half of it to miners: three quarters of 4.1 alpha.
    assert!(paid[3].0.abs_diff(3_075_000_000) < 1_000_000, "{paid:?}");
    assert_eq!(held, paid[3]);
    assert!(paid[0].0.abs_diff(2 * paid[1].0) < 1000, "dividends follow stake: {paid:?}");
}

#[tokio::test]
async fn weights_of_the_only_mechanism_are_the_subnets() {
    let chain = Chain::new();
    let set = |mecid| Call::set_mechanism_weights {
        netuid: NetUid(NETUID),
        mecid: MechId(mecid),
        dests: vec![2],
        weights: vec![9],
        version_key: 0,
    };

    assert_eq!(chain.apply(&key("Alice//hot"), set(1)), Err("MechanismDoesNotExist".into()));
    assert_eq!(chain.apply(&key("Alice//hot"), set(0)), Ok(()));
    assert_eq!(weights_of(&chain, 0), [(2, 65_535)]);
}

#[tokio::test]
async fn who_joined_after_the_judgement_is_not_judged() {
    let chain = Chain::with(Subnet { max_uids: 4, immunity_period: 1, ..subnet() });
    // Validators have earned something, and are not the ones to be replaced.
    epoch(&chain);
    for validator in ["Alice//hot", "Bob//hot"] {
        chain.apply(&key(validator), weights([1, 1])).unwrap();
    }
    let register = Call::burned_register { netuid: NetUid(NETUID), hotkey: AccountId32::new(key("Eve//hot").public()) };
    chain.apply(&key("Eve"), register).unwrap();
    assert_eq!(chain.node.uid(NETUID, &key("Eve//hot").public()), Some(2));

    epoch(&chain);

    assert_eq!(incentive(&chain), [0, 0, 0, 65_535]);
}

#[tokio::test]
async fn the_schedule_is_told_by_the_runtime_api() {
    let chain = Chain::new();
    epoch(&chain);
    let client = chain.client().await;
    chain.node.new_blocks(3).unwrap();

    let at = client.at_current_block().await.unwrap();
    let next =
        dynamic::runtime_api_call::<_, Option<u64>>("SubnetInfoRuntimeApi", "get_next_epoch_start_block", (NETUID,));
    let next = at.runtime_apis().call(next).await.unwrap();

    let last = chain.node.read(|| LastEpochBlock::<Runtime>::get(NetUid(NETUID)));
    assert_eq!(next, Some(last + 10));
    epoch(&chain);
    assert_eq!(u64::from(chain.node.head().number), last + 10);
}

#[tokio::test]
async fn who_has_no_permit_or_no_commit_is_refused() {
    let plain = Chain::new();
    assert_eq!(plain.apply(&key("Charlie//hot"), weights([1, 2])), Err("NeuronNoValidatorPermit".into()));
    let bad = Call::set_weights { netuid: NetUid(NETUID), dests: vec![77], weights: vec![1], version_key: 0 };
    assert_eq!(plain.apply(&key("Alice//hot"), bad), Err("UidVecContainInvalidOne".into()));

    let secret = Chain::with(Subnet { commit_reveal: true, ..subnet() });
    assert_eq!(secret.apply(&key("Alice//hot"), weights([1, 2])), Err("CommitRevealEnabled".into()));
}

#[tokio::test]
async fn committed_weights_count_once_they_are_revealed() {
    let chain = Chain::with(Subnet { commit_reveal: true, ..subnet() });
    let alice = key("Alice//hot");
    let (uids, values, salt) = (vec![2u16, 3], vec![1u16, 3], vec![5u16, 6, 7]);
    let message = codec::Encode::encode(&(alice.public(), NETUID, &uids, &values, &salt, 0u64));
    let commit_hash = H256(sp_crypto_hashing::blake2_256(&message));
    let reveal = || Call::reveal_weights {
        netuid: NetUid(NETUID),
        uids: uids.clone(),
        values: values.clone(),
        salt: salt.clone(),
        version_key: 0,
    };

    chain.apply(&alice, Call::commit_weights { netuid: NetUid(NETUID), commit_hash }).unwrap();
    assert_eq!(chain.submit(&alice, reveal()).unwrap_err().to_string(), "invalid transaction: Custom error: 17");
    epoch(&chain);
    assert_eq!(weights_of(&chain, 0), []);
    chain.apply(&alice, reveal()).unwrap();

    assert_eq!(weights_of(&chain, 0), [(2, 21_845), (3, 65_535)]);
    assert_eq!(chain.submit(&alice, reveal()).unwrap_err().to_string(), "invalid transaction: Custom error: 16");
}

#[tokio::test]
async fn timelocked_weights_open_an_epoch_later() {
    let chain = Chain::with(Subnet { commit_reveal: true, ..subnet() });
    let alice = key("Alice//hot");
    let commit = seal(&alice.public(), &[2, 3], &[1, 3], 0, 1000).unwrap();
    let call = Call::commit_timelocked_weights {
        netuid: NetUid(NETUID),
        commit,
        reveal_round: 1000,
        commit_reveal_version: 4,
    };

    chain.apply(&alice, call).unwrap();
    assert_eq!(weights_of(&chain, 0), []);
    epoch(&chain);

    assert_eq!(weights_of(&chain, 0), [(2, 21_845), (3, 65_535)]);
    // Just before the epoch is paid.
    assert!(incentive(&chain)[3] > incentive(&chain)[2]);
}
