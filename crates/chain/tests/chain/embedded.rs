//! The steps on the embedded chain, and the faults that only it can have.

use std::net::SocketAddr;
use std::time::Duration;

use sandbox_chain::runtime::Runtime;
use sandbox_chain::runtime::number::NetUid;
use sandbox_chain::{Account, Genesis, Neuron, Node, NodeConfig, Pace, Subnet, pallet};
use tokio::task::JoinSet;

use crate::ground::{Ground, NETUID, PATIENCE, account, key};
use crate::steps;

/// Time from block to block where blocks are made by the clock.
const BLOCK: Duration = Duration::from_millis(100);

/// An embedded chain that runs.
pub(crate) struct Chain {
    pub(crate) node: Node,
    pub(crate) running: JoinSet<()>,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_chain_is_read_as_it_is() {
    let (chain, ground) = prepared(BLOCK).await;

    steps::heads_are_followed(&ground).await;
    steps::places_are_found_on_several_subnets_at_once(&ground).await;
    steps::the_metagraph_is_what_the_storage_says(&ground).await;
    steps::an_unknown_subnet_is_told(&ground).await;
    end(chain, ground).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_chain_publishes_an_axon_once() {
    let (chain, ground) = prepared(BLOCK).await;

    steps::an_axon_is_published_once_and_again_when_it_changes(&ground).await;
    steps::a_tls_key_is_published_beside_the_axon(&ground).await;
    steps::what_the_chain_refuses_is_told_by_its_cause(&ground).await;
    chain.node.intervene(|| pallet::ServingRateLimit::<Runtime>::insert(NetUid(NETUID), 1000));
    ground.reach(chain.node.new_block().unwrap().number.into()).await;
    steps::a_change_waits_for_the_serving_rate_limit(&ground).await;
    end(chain, ground).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_chains_epochs_are_known_and_told() {
    let (chain, ground) = prepared(BLOCK).await;

    steps::the_next_epoch_is_where_it_was_expected(&ground).await;
    steps::weights_are_told_with_the_epoch_they_led_to(&ground).await;
    steps::missed_epochs_are_found_again(&ground).await;
    end(chain, ground).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_chain_reveals_weights_later() {
    let (chain, ground) = prepared(BLOCK).await;

    chain.node.intervene(|| pallet::CommitRevealWeightsEnabled::<Runtime>::insert(NetUid(NETUID), true));
    ground.reach(chain.node.new_block().unwrap().number.into()).await;
    steps::committed_weights_are_pending_until_they_are_revealed(&ground).await;
    end(chain, ground).await;
}

/// A chain and a client, in the state that the steps expect.
async fn prepared(block: Duration) -> (Chain, Ground) {
    let chain = Chain::new(Pace::Every(block), |_| {});
    let ground = Ground::new(&[chain.node.url()]).await;
    let axon = steps::wanted("1.2.3.4", 8091);
    let network = common::config::chain::Network::Sandbox;
    ground.client.serve(NETUID, &key("//Dave//hk"), &axon, network, PATIENCE).await.unwrap();
    (chain, ground)
}

async fn end(chain: Chain, ground: Ground) {
    ground.end().await;
    let mut running = chain.running;
    running.shutdown().await;
}

impl Chain {
    /// Starts a chain. It has no blocks but the first where they are made by hand.
    pub(crate) fn new(pace: Pace, change: impl FnOnce(&mut NodeConfig)) -> Self {
        let mut config = NodeConfig { pace, ..NodeConfig::manual(genesis(0)) };
        change(&mut config);
        let node = Node::start(&config).unwrap();
        let mut running = JoinSet::new();
        running.spawn(node.run());
        Self { node, running }
    }

    /// Another way to the same chain.
    pub(crate) fn endpoint(&mut self) -> sandbox_chain::Endpoint {
        let endpoint = self.node.another_endpoint(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        self.running.spawn(endpoint.run());
        endpoint
    }
}

/// Subnet 2 with an owner, a validator and a miner.
pub(crate) fn genesis(seed: u64) -> Genesis {
    let neuron = |who: &str, stake, validator_permit| Neuron {
        netuid: NETUID,
        hotkey: account(&format!("//{who}//hk")),
        coldkey: account(&format!("//{who}")),
        stake,
        validator_permit,
    };
    let subnet = Subnet {
        netuid: NETUID,
        owner: [account("//Alice"), account("//Alice//hk")],
        tempo: 50,
        serving_rate_limit: 0,
        weights_rate_limit: 0,
        max_validators: 2,
        ..Subnet::default()
    };
    Genesis {
        seed,
        time_ms: 1_790_000_000_000,
        accounts: ["//Alice", "//Bob", "//Dave"]
            .map(|who| Account { key: account(who), rao: 1_000_000_000_000 })
            .into(),
        subnets: vec![subnet],
        neurons: vec![
            neuron("Alice", 100_000_000_000, true),
            neuron("Bob", 1_000_000_000_000, true),
            neuron("Dave", 0, false),
        ],
    }
}
