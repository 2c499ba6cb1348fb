//! What clients meet when things go wrong.

use std::time::Duration;

use sandbox_chain::pallet::{Burn, Call, Uids};
use sandbox_chain::runtime::Runtime;
use sandbox_chain::runtime::number::NetUid;
use sandbox_chain::runtime::upgrade::{Runtime as Upgrade, Shape};
use sandbox_chain::{Genesis, Node, NodeConfig, Refusal};
use sp_runtime::AccountId32;
use subxt::dynamic;
use subxt::rpcs::{RpcClient, rpc_params};
use tokio::task::JoinSet;

use super::harness::{By, Chain, NETUID, ONE, genesis, key, soon, subnet};

/// The numbers of heads as a subscription tells them.
async fn heads(rpc: &RpcClient) -> subxt::rpcs::client::RpcSubscription<serde_json::Value> {
    rpc.subscribe("chain_subscribeNewHeads", rpc_params![], "chain_unsubscribeNewHeads").await.unwrap()
}

async fn next_number(heads: &mut subxt::rpcs::client::RpcSubscription<serde_json::Value>) -> u32 {
    let head = soon(heads.next()).await.unwrap().unwrap();
    u32::from_str_radix(head["number"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

#[tokio::test]
async fn a_reorg_replaces_the_best_blocks_and_keeps_the_final_ones() {
    let chain = Chain::new();
    let rpc = chain.rpc().await;
    chain.node.new_blocks(5).unwrap();
    let mut heads = heads(&rpc).await;
    assert_eq!(next_number(&mut heads).await, 5);
    let hash = |number: u32| {
        let rpc = rpc.clone();
        async move { rpc.request::<Option<String>>("chain_getBlockHash", rpc_params![number]).await.unwrap() }
    };
    let before = [hash(3).await, hash(4).await, hash(5).await];

    let head = chain.node.reorg(9, false).unwrap();

    assert_eq!(head.number, 6, "two blocks were not final; three replace them");
    assert_eq!(next_number(&mut heads).await, 6);
    let after = [hash(3).await, hash(4).await, hash(5).await];
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
    assert_ne!(before[2], after[2]);
}

#[tokio::test]
async fn a_transaction_survives_a_reorg_in_another_block() {
    let chain = Chain::new();
    let client = chain.client().await;
    let call = dynamic::tx("SubtensorModule", "burned_register", (NETUID, key("Eve//hot").public()));
    let watched = client.tx().await.unwrap().sign_and_submit_then_watch_default(&call, &By(&key("Eve"))).await.unwrap();
    let first = chain.node.new_block().unwrap();

    chain.node.reorg(1, false).unwrap();
    chain.node.new_blocks(2).unwrap();
    let included = soon(watched.wait_for_finalized()).await.unwrap();

    assert_ne!(included.block_hash(), subxt::utils::H256(first.hash.0));
    assert_eq!(chain.node.uid(NETUID, &key("Eve//hot").public()), Some(4));
}

#[tokio::test]
async fn a_lost_transaction_is_in_no_block() {
    let chain = Chain::new();
    let register = Call::burned_register { netuid: NetUid(NETUID), hotkey: AccountId32::new(key("Eve//hot").public()) };
    chain.apply(&key("Eve"), register).unwrap();
    assert_eq!(chain.node.uid(NETUID, &key("Eve//hot").public()), Some(4));

    chain.node.reorg(1, true).unwrap();

    assert_eq!(chain.node.uid(NETUID, &key("Eve//hot").public()), None);
}

#[tokio::test]
async fn a_frozen_endpoint_shows_no_new_heads_while_another_goes_on() {
    let chain = Chain::new();
    let second = chain.node.another_endpoint("127.0.0.1:0".parse().unwrap()).unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(second.run());
    let (frozen, live) = (chain.rpc().await, RpcClient::from_url(second.url()).await.unwrap());
    chain.node.new_block().unwrap();
    chain.node.endpoint().freeze(true);

    let (mut heads_of_frozen, mut heads_of_live) = (heads(&frozen).await, heads(&live).await);
    assert_eq!((next_number(&mut heads_of_frozen).await, next_number(&mut heads_of_live).await), (1, 1));
    chain.node.new_block().unwrap();
    assert_eq!(next_number(&mut heads_of_live).await, 2);
    let best: serde_json::Value = frozen.request("chain_getHeader", rpc_params![]).await.unwrap();
    assert_eq!(best["number"], "0x1");

    chain.node.endpoint().freeze(false);
    chain.node.new_block().unwrap();
    assert_eq!(next_number(&mut heads_of_frozen).await, 3);
}

#[tokio::test]
async fn dropped_connections_end_and_new_ones_are_welcome() {
    let chain = Chain::new();
    let rpc = chain.rpc().await;
    let mut subscription = heads(&rpc).await;
    assert_eq!((next_number(&mut subscription).await, chain.node.endpoint().connections()), (0, 1));

    chain.node.endpoint().drop_connections();

    soon(async { while matches!(subscription.next().await, Some(Ok(_))) {} }).await;
    assert!(rpc.request::<String>("system_chain", rpc_params![]).await.is_err());
    assert_eq!(chain.rpc().await.request::<String>("system_chain", rpc_params![]).await.unwrap(), "Sandbox");
    assert_eq!(chain.node.endpoint().connections(), 1);
}

#[tokio::test]
async fn new_connections_are_turned_away_in_each_way() {
    let chain = Chain::new();
    let attempt = || async { RpcClient::from_url(chain.node.url()).await.err().map(|error| format!("{error:?}")) };

    chain.node.endpoint().refuse(Refusal::TooManyRequests);
    let told = attempt().await.unwrap();
    assert!(told.contains("429"), "{told}");
    chain.node.endpoint().refuse(Refusal::Close);
    assert!(attempt().await.is_some());
    chain.node.endpoint().refuse(Refusal::Silence);
    assert!(tokio::time::timeout(Duration::from_millis(200), attempt()).await.is_err());
    chain.node.endpoint().refuse(Refusal::None);
    assert_eq!(attempt().await, None);
}

#[tokio::test]
async fn an_upgrade_is_seen_on_a_live_client_and_old_signatures_are_refused() {
    let chain = Chain::new();
    let client = chain.client().await;
    let cold = key("Eve");
    let call = dynamic::tx("SubtensorModule", "burned_register", (NETUID, key("Eve//hot").public()));
    let mut transactions = client.tx().await.unwrap();
    let signed = transactions.create_signed(&call, &By(&cold), Default::default()).await.unwrap();
    chain.node.set_finality_lag(0);

    chain.node.upgrade(Upgrade { spec_version: 425, shape: Shape::BurnedRegisterWithLimit });
    chain.node.new_block().unwrap();

    let at = client.at_current_block().await.unwrap();
    assert_eq!(at.spec_version(), 425);
    let calls = at.metadata_ref().pallet_by_name("SubtensorModule").unwrap();
    let register = calls.call_variant_by_name("burned_register").unwrap();
    assert_eq!(register.fields.last().unwrap().name.as_deref(), Some("limit_price"));
    let refused = chain.node.submit(signed.encoded().to_vec()).unwrap_err();
    assert_eq!(refused.to_string(), "invalid transaction: Transaction has a bad signature");

    chain.node.upgrade(Upgrade { spec_version: 426, shape: Shape::WithoutRegisterLimit });
    chain.node.new_block().unwrap();
    let at = client.at_current_block().await.unwrap();
    let calls = at.metadata_ref().pallet_by_name("SubtensorModule").unwrap();
    assert!(calls.call_variant_by_name("register_limit").is_none());
    assert!(calls.call_variant_by_name("burned_register").is_some());
}

#[tokio::test]
async fn prices_jump_and_a_neuron_loses_its_place() {
    let chain = Chain::new();

    chain.node.set_burn(NETUID, 500 * ONE);
    chain.node.set_alpha_price(NETUID, 3 * ONE);
    chain.node.deregister(NETUID, 2);
    chain.node.new_block().unwrap();

    let (burn, price, uid) = chain.node.read(|| {
        (
            Burn::<Runtime>::get(NetUid(NETUID)).0,
            sandbox_chain::pallet::alpha_price::<Runtime>(NetUid(NETUID)),
            Uids::<Runtime>::get(NetUid(NETUID), AccountId32::new(key("Charlie//hot").public())),
        )
    });
    assert_eq!((burn, uid), (500 * ONE, None));
    assert!(price.abs_diff(3 * ONE) < 10, "{price}");
}

#[tokio::test]
async fn a_stalled_chain_answers_and_makes_no_blocks() {
    let config = NodeConfig {
        pace: sandbox_chain::Pace::Every(Duration::from_millis(10)),
        ..NodeConfig::manual(genesis(subnet()))
    };
    let chain = Chain::start(&config);
    let rpc = chain.rpc().await;
    let mut heads = heads(&rpc).await;
    while next_number(&mut heads).await < 3 {}

    chain.node.stall(true);
    let stalled = chain.node.head();
    tokio::time::timeout(Duration::from_millis(100), async { while heads.next().await.is_some() {} })
        .await
        .unwrap_err();

    assert_eq!(rpc.request::<String>("system_chain", rpc_params![]).await.unwrap(), "Sandbox");
    assert!(chain.node.head().number <= stalled.number + 1);
    chain.node.stall(false);
    let resumed = next_number(&mut heads).await;
    assert!(resumed > stalled.number);
}

#[tokio::test]
async fn finality_lags_as_told() {
    let chain = Chain::new();
    chain.node.set_finality_lag(7);

    chain.node.new_blocks(10).unwrap();

    assert_eq!((chain.node.head().number, chain.node.finalized().number), (10, 3));
    let client = chain.client().await;
    assert_eq!(client.at_current_block().await.unwrap().block_number(), 3);
}

#[tokio::test]
async fn a_block_that_fails_loses_no_transaction() {
    let chain = Chain::new();
    let register = Call::burned_register { netuid: NetUid(NETUID), hotkey: AccountId32::new(key("Eve//hot").public()) };
    chain.submit(&key("Eve"), register).unwrap();

    chain.node.intervene(|| assert!(Burn::<Runtime>::get(NetUid(NETUID)).0 > 1000 * ONE, "this one is meant"));
    chain.node.new_block().unwrap_err();
    chain.node.new_block().unwrap();

    assert_eq!(chain.node.uid(NETUID, &key("Eve//hot").public()), Some(4));
}

#[test]
fn chains_of_other_seeds_are_strangers() {
    let start = |seed| Node::start(&NodeConfig::manual(Genesis { seed, ..genesis(subnet()) })).unwrap().genesis_hash();

    assert_eq!(start(1), start(1));
    assert_ne!(start(1), start(2));
}

#[tokio::test]
async fn nonsense_is_answered_with_an_error_and_the_chain_goes_on() {
    let chain = Chain::new();
    let rpc = chain.rpc().await;

    for (method, arguments) in [("AccountNonceApi_account_nonce", "0x01"), ("No_such", "0x"), ("Core_version", "zz")] {
        let answer = rpc.request::<String>("state_call", rpc_params![method, arguments]).await;
        assert!(answer.is_err(), "{method}: {answer:?}");
    }
    assert!(rpc.request::<String>("author_submitExtrinsic", rpc_params!["0x0401"]).await.is_err());
    assert_eq!(chain.node.new_block().unwrap().number, 1);
}
