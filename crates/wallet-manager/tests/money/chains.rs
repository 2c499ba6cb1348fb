//! The chains that operations are done on: the embedded one, and a client of either to hold receipts against.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bittensor::ss58;
use chain::{Account, Block, Client, Endpoint, Settings, Timing};
use common::config::chain::Network;
use common::id::Ss58;
use sandbox_chain::{Account as Holder, Genesis, Neuron, Node, NodeConfig, Pace, Subnet};
use tokio::task::JoinSet;

use crate::desk::{NETUID, PATIENCE, a_moment, hotkey, key};

/// A TAO or an alpha.
pub(crate) const ONE: u64 = 1_000_000_000;
/// From block to block where blocks come by themselves.
const BLOCK: Duration = Duration::from_millis(100);

/// The embedded chain.
pub(crate) struct Embedded {
    pub(crate) node: Node,
    pub(crate) eyes: Eyes,
    _running: JoinSet<()>,
}

/// Looks at a chain, independently of the process under test.
pub(crate) struct Eyes {
    pub(crate) client: Client,
    _driver: JoinSet<()>,
}

impl Embedded {
    /// Its blocks come by themselves.
    pub(crate) async fn start() -> Self {
        Self::with(Pace::Every(BLOCK), |_| {}).await
    }

    pub(crate) async fn with(pace: Pace, change: impl FnOnce(&mut Genesis)) -> Self {
        let mut genesis = genesis();
        change(&mut genesis);
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let config = NodeConfig { genesis, pace, finality_lag: 1, history: 512, state_file: None, listen };
        let node = Node::start(&config).unwrap();
        let mut running = JoinSet::new();
        running.spawn(node.run());
        let eyes = Eyes::on(&node.url()).await;
        Self { node, eyes, _running: running }
    }

    pub(crate) fn url(&self) -> String {
        self.node.url()
    }

    /// Whether a hotkey has a place.
    pub(crate) fn uid(&self, address: &Ss58) -> Option<u16> {
        self.node.uid(NETUID, &account(address))
    }

    /// Waits until so many transactions wait for a block.
    pub(crate) async fn waiting(&self, count: usize) {
        let waiting = async {
            while self.node.pending() != count {
                a_moment().await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap();
    }
}

fn genesis() -> Genesis {
    let subnet = |netuid| Subnet {
        netuid,
        tempo: 20,
        max_validators: 1,
        weights_rate_limit: 0,
        immunity_period: 5,
        burn_half_life: 65_535,
        ..Subnet::default()
    };
    let neuron = |uri: &str, stake, validator_permit| Neuron {
        netuid: NETUID,
        hotkey: key(uri).public(),
        coldkey: key("//Alice").public(),
        stake,
        validator_permit,
    };
    Genesis {
        seed: 3,
        accounts: ["//Alice", "//Eve"].map(|uri| Holder { key: key(uri).public(), rao: 1_000 * ONE }).to_vec(),
        subnets: vec![subnet(NETUID), subnet(3)],
        neurons: vec![neuron("//Alice//hot", 1_000 * ONE, true), neuron("//Charlie//hot", 0, false)],
        ..Genesis::default()
    }
}

impl Eyes {
    pub(crate) async fn on(url: &str) -> Self {
        let settings = Settings {
            network: Network::Sandbox,
            endpoints: vec![Endpoint::parse(Network::Sandbox, url).unwrap()],
            genesis: None,
            timing: Timing::of(Network::Sandbox),
        };
        let (client, driver) = chain::connect(settings);
        let mut driving = JoinSet::new();
        driving.spawn(driver.run(std::future::pending()));
        client.connected(PATIENCE).await.unwrap();
        Self { client, _driver: driving }
    }

    pub(crate) async fn at(&self, number: u64) -> Block {
        let mut best = self.client.connected(PATIENCE).await.unwrap();
        while best.number() < number {
            best = self.client.after(Some(best.head().hash), PATIENCE).await.unwrap();
        }
        best.at_number(number).await.unwrap()
    }

    /// How a balance changed in a block.
    pub(crate) async fn balance_change(&self, of: &Ss58, block: u64) -> i128 {
        let (before, after) = (self.at(block - 1).await, self.at(block).await);
        let free = async |block: &Block| i128::from(block.balance(&account(of)).await.unwrap().free);
        free(&after).await - free(&before).await
    }

    /// How a stake changed in a block.
    pub(crate) async fn stake_change(&self, of: &Ss58, hotkey: &Ss58, netuid: u16, block: u64) -> i128 {
        let (before, after) = (self.at(block - 1).await, self.at(block).await);
        let stake =
            async |block: &Block| i128::from(block.stake(&account(of), &account(hotkey), netuid).await.unwrap());
        stake(&after).await - stake(&before).await
    }

    pub(crate) async fn free(&self, of: &Ss58) -> u64 {
        let block = self.client.connected(PATIENCE).await.unwrap();
        block.balance(&account(of)).await.unwrap().free
    }

    pub(crate) async fn registered(&self, block: u64) -> Option<u16> {
        self.at(block).await.uids(&[NETUID], &account(&hotkey())).await.unwrap()[0]
    }
}

pub(crate) fn account(address: &Ss58) -> Account {
    ss58::decode(address.as_str()).unwrap()
}
