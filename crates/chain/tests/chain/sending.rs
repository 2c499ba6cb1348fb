//! A transaction takes effect once, whatever becomes of the connection while it is under way.

use std::time::Duration;

use chain::{Call, ChainError, Inclusion, Until};
use sandbox_chain::{Pace, Refusal};

use crate::embedded::Chain;
use crate::faults::{down, ground};
use crate::ground::{Ground, NETUID, PATIENCE, account, key};
use crate::steps::wanted;

const MINER: &str = "//Dave//hk";

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_whose_watch_is_lost_before_its_block_is_found_in_it() {
    let (chain, ground) = ground(Pace::Manual, |_| {}).await;

    let (sent, ()) = tokio::join!(send(&ground, Until::Best), async {
        ground.waiting(1).await;
        chain.node.endpoint().drop_connections();
        down(&ground.client).await;
        ground.client.connected(PATIENCE).await.unwrap();
        ground.block().await;
    });

    once(chain, ground, sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_gets_into_a_block_while_nobody_looks_is_found_there() {
    let (chain, ground) = ground(Pace::Manual, |_| {}).await;

    let (sent, ()) = tokio::join!(send(&ground, Until::Best), async {
        ground.waiting(1).await;
        chain.node.endpoint().refuse(Refusal::Close);
        chain.node.endpoint().drop_connections();
        down(&ground.client).await;
        chain.node.new_blocks(5).unwrap();
        chain.node.endpoint().refuse(Refusal::None);
    });

    once(chain, ground, sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_the_chain_lost_is_handed_in_again_as_it_was() {
    let (chain, ground) = ground(Pace::Manual, |config| config.finality_lag = 4).await;

    let (sent, ()) = tokio::join!(send(&ground, Until::Finalized), async {
        ground.waiting(1).await;
        ground.block().await;
        ground.waiting(0).await;
        // Its block goes, and it with it.
        chain.node.reorg(1, true).unwrap();
        chain.node.endpoint().drop_connections();
        down(&ground.client).await;
        ground.waiting(1).await;
        for _ in 0..6 {
            ground.block().await;
        }
    });

    once(chain, ground, sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_can_no_longer_be_included_is_known_to_have_done_nothing() {
    let (mut chain, ground) = ground(Pace::Manual, |_| {}).await;

    let (sent, ()) = tokio::join!(send(&ground, Until::Best), async {
        lose(&chain, &ground).await;
        chain.node.new_blocks(40).unwrap();
        chain.node.endpoint().refuse(Refusal::None);
    });

    assert!(matches!(sent, Err(ChainError::Expired { .. })), "{sent:?}");
    assert!(sent.unwrap_err().is_retryable());
    assert_eq!(ground.next_nonce(MINER).await, 0);
    ground.end().await;
    chain.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_whose_number_another_took_is_told() {
    let (mut chain, ground) = ground(Pace::Manual, |_| {}).await;

    let (sent, ()) = tokio::join!(send(&ground, Until::Best), async {
        lose(&chain, &ground).await;
        chain.node.set_weights(&key(MINER), NETUID, &[(0, 1)]).unwrap();
        chain.node.new_block().unwrap();
        chain.node.endpoint().refuse(Refusal::None);
    });

    assert!(matches!(sent, Err(ChainError::Superseded { nonce: 0 })), "{sent:?}");
    ground.end().await;
    chain.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_of_unknown_fate_is_told_as_that_and_not_as_failed() {
    let (mut chain, ground) = ground(Pace::Manual, |_| {}).await;
    let key = key(MINER);
    let call = call();

    // No block ever comes.
    let sent = ground.client.submit(&call, &key, Until::Best, Duration::from_millis(300)).await;

    let Err(ChainError::FateUnknown { nonce, until, .. }) = sent else { panic!("{sent:?}") };
    assert_eq!((nonce, until), (0, 32));
    ground.waiting(1).await;
    ground.end().await;
    chain.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_transactions_of_one_account_do_not_get_in_each_others_way() {
    let (mut chain, ground) = ground(Pace::Every(Duration::from_millis(100)), |_| {}).await;
    let key = key("//Dave");
    let stake = Call::AddStake { hotkey: account(MINER), netuid: NETUID, amount_staked: 1_000_000_000 };

    let (first, second) = tokio::join!(
        ground.client.submit(&stake, &key, Until::Best, PATIENCE),
        ground.client.submit(&stake, &key, Until::Best, PATIENCE),
    );

    assert_ne!(first.unwrap().transaction, second.unwrap().transaction);
    assert_eq!(ground.next_nonce("//Dave").await, 2);
    ground.end().await;
    chain.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_transaction_costs_is_known_before() {
    let (mut chain, ground) = ground(Pace::Every(Duration::from_millis(100)), |_| {}).await;
    let stake = Call::AddStake { hotkey: account(MINER), netuid: NETUID, amount_staked: 1_000_000_000 };

    let fee = ground.client.prepare(&stake, &account("//Dave")).await.unwrap().fee_rao().await.unwrap();
    let free = ground.client.prepare(&call(), &account(MINER)).await.unwrap().fee_rao().await.unwrap();
    let before = ground.client.at_best().unwrap().free_balance_rao(&account("//Dave")).await.unwrap();
    let sent = ground.client.submit(&stake, &key("//Dave"), Until::Best, PATIENCE).await.unwrap();
    let after = ground.client.at_number(sent.block).await.unwrap().free_balance_rao(&account("//Dave")).await.unwrap();

    assert_eq!(free, 0);
    assert!(fee > 0);
    assert_eq!(before - after, 1_000_000_000 + fee);
    ground.end().await;
    chain.running.shutdown().await;
}

/// The transaction is gone from the chain and the pool, and our client without a node.
async fn lose(chain: &Chain, ground: &Ground) {
    ground.waiting(1).await;
    chain.node.endpoint().refuse(Refusal::Close);
    chain.node.endpoint().drop_connections();
    down(&ground.client).await;
    chain.node.new_block().unwrap();
    chain.node.reorg(1, true).unwrap();
    ground.waiting(0).await;
}

async fn send(ground: &Ground, until: Until) -> Result<Inclusion, ChainError> {
    ground.client.submit(&call(), &key(MINER), until, PATIENCE).await
}

fn call() -> Call {
    Call::ServeAxon { netuid: NETUID, axon: wanted("10.0.0.9", 4711).axon }
}

/// It took effect, where it was said, and only once.
async fn once(mut chain: Chain, ground: Ground, sent: Result<Inclusion, ChainError>) {
    let inclusion = sent.unwrap();
    let block = ground.client.at_number(inclusion.block).await.unwrap();
    assert_eq!(block.head().hash, inclusion.hash);
    let axon = block.axon(NETUID, &account(MINER)).await.unwrap().unwrap();
    assert_eq!((axon.block, axon.axon.port), (inclusion.block, 4711));
    for _ in 0..3 {
        ground.block().await;
    }
    assert_eq!(ground.next_nonce(MINER).await, 1);
    let later = ground.client.at_best().unwrap().axon(NETUID, &account(MINER)).await.unwrap().unwrap();
    assert_eq!(later.block, inclusion.block);
    ground.end().await;
    chain.running.shutdown().await;
}
