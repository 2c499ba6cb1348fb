//! What the client makes of nodes that fail, on the embedded chain.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chain::serving::Served;
use chain::{Call, Capabilities, ChainError, Client, ConnectionState, EndpointError, Purpose, Settings, Timing, Until};
use common::config::chain::Network;
use sandbox_chain::runtime::upgrade::{Runtime as Upgrade, Shape};
use sandbox_chain::{Pace, Refusal};

use crate::embedded::{Chain, genesis};
use crate::ground::{Ground, NETUID, PATIENCE, account, key, settings};
use crate::steps::wanted;

const MINER: &str = "//Dave//hk";
/// Time from block to block where blocks are made by the clock.
const BLOCK: Duration = Duration::from_millis(100);
/// The longest that a change of nodes may last.
const FAILOVER: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn dropped_sockets_are_replaced_and_none_is_left_behind() {
    let (mut chain, ground) = ground(Pace::Every(BLOCK), |_| {}).await;

    for _ in 0..5 {
        let before = ground.client.at_best().unwrap().head().hash;
        let cut = Instant::now();
        chain.node.endpoint().drop_connections();
        down(&ground.client).await;
        ground.client.after(Some(before), PATIENCE).await.unwrap();
        assert!(cut.elapsed() < FAILOVER, "{:?}", cut.elapsed());
    }

    assert_eq!(chain.node.endpoint().connections(), 1);
    ground.end().await;
    chain.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_node_takes_over_from_the_first() {
    let (mut chain, side) = start(Pace::Every(BLOCK), |_| {});
    let second = chain.endpoint();
    let ground = Ground::on(settings(&[chain.node.url(), second.url()]), &side).await;
    assert_eq!(second.connections(), 0);

    let before = ground.client.at_best().unwrap().head().hash;
    let cut = Instant::now();
    chain.node.endpoint().refuse(Refusal::Close);
    chain.node.endpoint().drop_connections();
    down(&ground.client).await;
    ground.client.after(Some(before), PATIENCE).await.unwrap();

    assert!(cut.elapsed() < FAILOVER, "{:?}", cut.elapsed());
    let ConnectionState::Up { endpoint, last, .. } = ground.client.connection().borrow().clone() else { panic!("up") };
    assert_eq!(endpoint.to_string(), second.url());
    assert!(matches!(last, Some(EndpointError::Dropped { .. })), "{last:?}");
    assert_eq!((chain.node.endpoint().connections(), second.connections()), (0, 1));
    ground.end().await;
    chain.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stands_still_is_left_for_one_that_goes_on_and_not_taken_again_while_it_is_behind() {
    let (mut chain, side) = start(Pace::Every(BLOCK), |_| {});
    let second = chain.endpoint();
    let ground = Ground::on(impatient(&[chain.node.url(), second.url()]), &side).await;

    chain.node.endpoint().freeze(true);
    let left = wait(&ground.client, |state| up_at(state, &second.url())).await;
    assert!(matches!(left.last_error(), Some(EndpointError::Stalled { .. })), "{left:?}");

    // The first is frozen in the past.
    let now = ground.client.connected(PATIENCE).await.unwrap().number();
    ground.block_at(now + 12).await;
    let another = Ground::on(impatient(&[second.url(), chain.node.url()]), &side).await;
    second.refuse(Refusal::Close);
    second.drop_connections();
    let refused =
        wait(&another.client, |state| matches!(state.last_error(), Some(EndpointError::Lagging { .. }))).await;
    assert!(!refused.is_up(), "{refused:?}");
    another.end().await;
    ground.end().await;
    chain.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_stalls_is_told_and_goes_on() {
    let (mut chain, side) = start(Pace::Every(BLOCK), |_| {});
    let ground = Ground::on(impatient(&[chain.node.url()]), &side).await;
    let last = *ground.client.best().borrow();

    chain.node.stall(true);
    let stalled = wait(&ground.client, |state| !state.is_up()).await;
    chain.node.stall(false);

    assert!(matches!(stalled.last_error(), Some(EndpointError::Stalled { .. })), "{stalled:?}");
    // What was known stays known.
    assert!(ground.client.best().borrow().unwrap().number >= last.unwrap().number);
    assert!(matches!(ground.client.at_best(), Err(ChainError::NotConnected(Some(EndpointError::Stalled { .. })))));
    ground.end().await;
    chain.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_wants_fewer_requests_is_not_asked_again_soon() {
    let (mut chain, side) = start(Pace::Every(BLOCK), |_| {});
    let second = chain.endpoint();
    chain.node.endpoint().refuse(Refusal::TooManyRequests);

    let ground = Ground::on(settings(&[chain.node.url(), second.url()]), &side).await;

    let state = ground.client.connection().borrow().clone();
    assert!(up_at(&state, &second.url()));
    assert!(matches!(state.last_error(), Some(EndpointError::RateLimited { .. })), "{state:?}");

    // Even when the second fails, the first is left alone for half a minute.
    chain.node.endpoint().refuse(Refusal::None);
    second.drop_connections();
    down(&ground.client).await;
    ground.client.connected(PATIENCE).await.unwrap();
    assert!(up_at(&ground.client.connection().borrow().clone(), &second.url()));
    ground.end().await;
    chain.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_says_nothing_is_given_up() {
    let (mut chain, side) = start(Pace::Every(BLOCK), |_| {});
    let second = chain.endpoint();
    chain.node.endpoint().refuse(Refusal::Silence);

    let ground = Ground::on(impatient(&[chain.node.url(), second.url()]), &side).await;

    let state = ground.client.connection().borrow().clone();
    assert!(matches!(state.last_error(), Some(EndpointError::TimedOut { .. })), "{state:?}");
    ground.end().await;
    chain.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_another_chain_is_refused() {
    let (mut chain, side) = start(Pace::Every(BLOCK), |_| {});
    let (mut stranger, _) = start(Pace::Every(BLOCK), |config| config.genesis = genesis(7));

    // Pinned: the stranger comes first and is passed over.
    let pin = format!("{:?}", chain.node.genesis_hash()).parse().unwrap();
    let pinned = Settings { genesis: Some(pin), ..settings(&[stranger.node.url(), chain.node.url()]) };
    let ground = Ground::on(pinned, &side).await;
    let state = ground.client.connection().borrow().clone();
    assert!(up_at(&state, &chain.node.url()));
    let Some(EndpointError::WrongGenesis { expected, .. }) = state.last_error() else { panic!("{state:?}") };
    assert_eq!(*expected, pin);

    // Not pinned: the first one's word holds.
    let unpinned = Ground::on(settings(&[chain.node.url(), stranger.node.url()]), &side).await;
    chain.node.endpoint().refuse(Refusal::Close);
    chain.node.endpoint().drop_connections();
    wait(&unpinned.client, |state| matches!(state.last_error(), Some(EndpointError::WrongGenesis { .. }))).await;
    unpinned.end().await;
    ground.end().await;
    chain.running.shutdown().await;
    stranger.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replaced_blocks_are_replaced_here() {
    let (mut chain, ground) = ground(Pace::Manual, |config| config.finality_lag = 5).await;
    ground.block_at(6).await;
    let old = ground.client.at_number(6).await.unwrap();

    let replaced = chain.node.reorg(3, false).unwrap();
    let new = ground.client.after(Some(old.head().hash), PATIENCE).await.unwrap();

    assert_eq!(new.head().hash.0, replaced.hash.0);
    assert_ne!(ground.client.at_number(6).await.unwrap().head().hash, old.head().hash);
    // What was read at the old block can still be read.
    assert_eq!(old.uids(&[NETUID], &account(MINER)).await.unwrap(), [Some(2)]);
    ground.end().await;
    chain.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_runtime_of_the_same_shape_is_served_on() {
    let (mut chain, ground) = ground(Pace::Every(BLOCK), |_| {}).await;

    let found = upgraded(&chain, &ground, 425, Shape::Spec424).await;

    assert_eq!(found.compatibility.differences, []);
    let served = ground.client.serve(NETUID, &key(MINER), &wanted("10.0.0.9", 1), Network::Sandbox, PATIENCE).await;
    assert!(matches!(served, Ok(Served::Now(_))), "{served:?}");
    ground.end().await;
    chain.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_runtime_of_another_shape_pauses_what_depends_on_it() {
    let (mut chain, ground) = ground(Pace::Every(BLOCK), |_| {}).await;

    let found = upgraded(&chain, &ground, 425, Shape::ServeAxonWithWidePort).await;
    let difference = found.compatibility.forbids(Purpose::Serving).unwrap();
    assert!(
        difference.to_string().contains("serve_axon") && difference.to_string().contains("port: u32"),
        "{difference}"
    );
    assert!(found.compatibility.forbids(Purpose::Money).is_none());
    let served = ground.client.serve(NETUID, &key(MINER), &wanted("10.0.0.9", 1), Network::Sandbox, PATIENCE).await;
    assert!(matches!(served, Err(ChainError::ShapeDiffers(_))), "{served:?}");

    let found = upgraded(&chain, &ground, 426, Shape::BurnedRegisterWithLimit).await;
    assert!(found.compatibility.forbids(Purpose::Serving).is_none());
    let call = Call::BurnedRegister { netuid: NETUID, hotkey: account("//New//hk") };
    let paused = ground.client.submit(&call, &key("//Dave"), Until::Best, PATIENCE).await;
    assert!(matches!(paused, Err(ChainError::ShapeDiffers(_))), "{paused:?}");

    let found = upgraded(&chain, &ground, 427, Shape::WithoutRegisterLimit).await;
    assert_eq!(found.compatibility.differences, []);
    assert_eq!(found.capabilities, Capabilities { register_limit: false, ..found.capabilities });
    let call = Call::RegisterLimit { netuid: NETUID, hotkey: account("//New//hk"), limit_price: 1 };
    let unsupported = ground.client.submit(&call, &key("//Dave"), Until::Best, PATIENCE).await;
    assert!(matches!(unsupported, Err(ChainError::Unsupported { what: "register_limit", .. })), "{unsupported:?}");
    ground.end().await;
    chain.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_node_has_forgotten_is_told_as_that() {
    let (mut chain, ground) = ground(Pace::Manual, |config| {
        config.history = 60;
        config.genesis.subnets[0].tempo = 10;
    })
    .await;
    let first = ground.client.at_best().unwrap().next_epoch(NETUID).await.unwrap().unwrap();
    let block = ground.block_at(first + 80).await;

    let old = ground.client.at_number(first).await;
    let missed = block.missed_epochs(NETUID, first - 1, 100).await.unwrap();

    assert!(old.as_ref().is_err_and(ChainError::is_forgotten), "{old:?}");
    let lost = missed.lost_before.unwrap();
    assert!(missed.epochs.len() > 2 && missed.epochs[0] == lost && lost > first, "{missed:?}");
    ground.end().await;
    chain.running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_place_is_seen_with_the_next_block() {
    let (mut chain, ground) = ground(Pace::Manual, |_| {}).await;

    chain.node.deregister(NETUID, 2);
    let block = ground.block().await;

    assert_eq!(block.uids(&[NETUID], &account(MINER)).await.unwrap(), [None]);
    let facts = block.epoch_facts(NETUID, &account(MINER)).await;
    assert!(matches!(facts, Err(ChainError::NotRegistered { .. })), "{facts:?}");
    ground.end().await;
    chain.running.shutdown().await;
}

async fn upgraded(chain: &Chain, ground: &Ground, spec_version: u32, shape: Shape) -> Arc<chain::Runtime> {
    chain.node.upgrade(Upgrade { spec_version, shape });
    let mut block = ground.client.connected(PATIENCE).await.unwrap();
    while block.spec_version() != spec_version {
        block = ground.client.after(Some(block.head().hash), PATIENCE).await.unwrap();
    }
    let found = ground.client.runtime().borrow().clone().unwrap();
    assert_eq!(found.spec_version, spec_version);
    assert_eq!(*found, *block.runtime());
    found
}

/// A chain, and the address of an endpoint that has no faults.
pub(crate) fn start(pace: Pace, change: impl FnOnce(&mut sandbox_chain::NodeConfig)) -> (Chain, String) {
    let mut chain = Chain::new(pace, change);
    let side = chain.endpoint().url();
    (chain, side)
}

pub(crate) async fn ground(pace: Pace, change: impl FnOnce(&mut sandbox_chain::NodeConfig)) -> (Chain, Ground) {
    let (chain, side) = start(pace, change);
    let ground = Ground::on(settings(&[chain.node.url()]), &side).await;
    (chain, ground)
}

/// Waits until the connection is lost.
pub(crate) async fn down(client: &Client) {
    wait(client, |state| !state.is_up()).await;
}

pub(crate) async fn wait(client: &Client, is: impl Fn(&ConnectionState) -> bool) -> ConnectionState {
    let mut state = client.connection();
    let reached = state.wait_for(|state| is(state));
    tokio::time::timeout(PATIENCE, reached).await.expect("it comes to that").unwrap().clone()
}

fn up_at(state: &ConnectionState, url: &str) -> bool {
    matches!(state, ConnectionState::Up { endpoint, .. } if endpoint.to_string() == url)
}

/// For chains whose blocks come every tenth of a second.
fn impatient(urls: &[String]) -> Settings {
    let timing = Timing { block: BLOCK, connect: Duration::from_millis(500), ..Timing::of(Network::Sandbox) };
    Settings { timing, ..settings(urls) }
}
