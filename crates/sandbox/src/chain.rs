//! The sandbox's chain: its first block, where validators find the miner, and the weights they set.

mod genesis;
mod opinion;
mod weigh;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bittensor::keys::Keypair;
use bittensor::ss58;
use daemon_kit::{Home, Workers};
use sandbox_chain::{Node, NodeConfig, Pace};

use crate::home::{self, OpenError};
use crate::settings::{Chain, Settings};
pub use opinion::Opinions;
pub use weigh::weigh;

/// The subnet.
pub(crate) const NETUID: u16 = 1;

/// What the miner publishes. The chain takes no loopback address, so this one stands for it; nothing ever dials it.
pub(crate) const ADVERTISED: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 9);

/// A running chain, and the miner on it.
#[derive(Clone)]
pub struct SandboxChain {
    node: Node,
    miner: [u8; 32],
}

/// The chain cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The miner's public keys are not to be had.
    #[error(transparent)]
    Home(#[from] OpenError),
    /// They are no keys.
    #[error("the miner's address is none")]
    Address(#[from] ss58::Ss58Error),
    /// A name in the settings makes no key.
    #[error("a name in sandbox.json makes no key")]
    Key(#[from] bittensor::keys::KeyError),
    /// The node.
    #[error("the chain cannot be started")]
    Start(#[from] sandbox_chain::StartError),
}

impl SandboxChain {
    /// Starts the chain of a home where it stopped, or at its first block.
    ///
    /// # Errors
    /// If its port is in use, or what is kept is of another chain.
    pub fn start(home: &Home, settings: &Settings, chain: &Chain, workers: &Workers) -> Result<Self, ChainError> {
        let miner = ss58::decode(home::miner_hotkey(home)?.as_str())?;
        let owner = ss58::decode(home::miner_coldkey(home)?.as_str())?;
        let node = Node::start(&NodeConfig {
            genesis: genesis::genesis(settings, chain, miner, owner)?,
            pace: Pace::Every(chain.block()),
            finality_lag: 2,
            history: 512,
            state_file: Some(home.state_dir().join("sandbox-chain")),
            listen: chain.address,
        })?;
        let (run, stopping) = (node.run(), workers.token());
        workers.spawn("chain", async move {
            stopping.run_until_cancelled(run).await;
        });
        Ok(Self { node, miner })
    }

    /// Where the miner says that it is reached, in terms of this machine.
    #[must_use]
    pub fn whereabouts(&self) -> Option<SocketAddr> {
        self.node.axon(NETUID, &self.miner).map(local)
    }

    /// A neuron's place, if it has one.
    fn uid_of(&self, key: &Keypair) -> Option<u16> {
        self.node.uid(NETUID, &key.public())
    }
}

fn local(advertised: SocketAddr) -> SocketAddr {
    if advertised.ip() == IpAddr::V4(ADVERTISED) {
        SocketAddr::from((Ipv4Addr::LOCALHOST, advertised.port()))
    } else {
        advertised
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advertised_address_is_never_dialled() {
        let mapped = ["10.0.0.9:8091", "127.0.0.1:5"].map(|address| local(address.parse().unwrap()).to_string());

        assert_eq!(mapped, ["127.0.0.1:8091", "127.0.0.1:5"]);
    }
}
