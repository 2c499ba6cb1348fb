//! The embedded chain with a subnet, a validator and the suite's hotkey as a miner, at some blocks a second.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bittensor::keys::{Keypair, Scheme};
use bittensor::ss58;
use e2e::eventually;
use sandbox_chain::{Genesis, Neuron, Node, NodeConfig, Pace, Subnet};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// The subnet.
pub(crate) const NETUID: u16 = 7;
/// The validator's hotkey.
pub(crate) const VALIDATOR: &str = "//Alice//hot";

const TEMPO: u16 = 10;
const BLOCK: Duration = Duration::from_millis(100);
const ALPHA: u64 = 1_000_000_000;

/// The hotkey of every suite.
const MINER: &str = "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe";

/// A running chain.
pub(crate) struct Chain {
    node: Node,
    runtime: Option<Runtime>,
}

impl Chain {
    pub(crate) fn start() -> Self {
        let key = |uri: &str| Keypair::from_uri(Scheme::Sr25519, uri).unwrap().public();
        let miner = ss58::decode(MINER).unwrap();
        let neuron = |hotkey, stake: u64, validator_permit| Neuron {
            netuid: NETUID,
            hotkey,
            coldkey: key("//Cold"),
            stake: stake * ALPHA,
            validator_permit,
        };
        let genesis = Genesis {
            seed: 1,
            subnets: vec![Subnet {
                netuid: NETUID,
                tempo: TEMPO,
                max_validators: 1,
                serving_rate_limit: 0,
                weights_rate_limit: 0,
                ..Subnet::default()
            }],
            neurons: vec![
                neuron(key(VALIDATOR), 1_000, true),
                neuron(miner, 0, false),
                neuron(key("//Charlie//hot"), 0, false),
            ],
            ..Genesis::default()
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let entered = runtime.enter();
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let config =
            NodeConfig { genesis, pace: Pace::Every(BLOCK), finality_lag: 2, history: 512, state_file: None, listen };
        let node = Node::start(&config).unwrap();
        drop(runtime.spawn(node.run()));
        drop(entered);
        Self { node, runtime: Some(runtime) }
    }

    /// `chain` in miner-config.json
    pub(crate) fn config(&self) -> Value {
        json!({ "network": "sandbox", "endpoints": [self.node.url()], "axon": { "address": "10.0.0.9" } })
    }

    pub(crate) fn axon(&self) -> Option<SocketAddr> {
        self.node.axon(NETUID, &ss58::decode(MINER).unwrap())
    }

    pub(crate) fn deregister_miner(&self) {
        let uid = self.node.uid(NETUID, &ss58::decode(MINER).unwrap()).unwrap();
        self.node.deregister(NETUID, uid);
    }

    /// Waits until so many more epochs are over, and returns the last one's block.
    pub(crate) fn await_epochs(&self, count: u64) -> u64 {
        let goal = self.node.last_epoch(NETUID) + count * u64::from(TEMPO);
        eventually("the epochs pass", || Some(self.node.last_epoch(NETUID)).filter(|last| *last >= goal))
    }

    /// The blocks of the epochs from one to another.
    pub(crate) fn epochs_between(&self, first: u64, last: u64) -> Vec<u64> {
        (first..=last).step_by(usize::from(TEMPO)).collect()
    }

    /// Stops it for good.
    pub(crate) fn end(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        self.end();
    }
}
