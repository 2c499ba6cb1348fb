//! What miner-daemon knows of the chain.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::config::chain::Network;
use crate::id::Netuid;

/// The chain as miner-daemon sees it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ChainStatus {
    /// The network.
    pub network: Network,
    /// The node that is read from now.
    pub endpoint: Option<String>,
    /// Why there is none, or what is wrong with it.
    pub problem: Option<String>,
    /// The newest block.
    pub best_block: Option<u64>,
    /// The newest block that cannot be taken back.
    pub finalized_block: Option<u64>,
    /// How long ago the newest block was seen, in milliseconds.
    pub head_age_ms: Option<u64>,
    /// The version of the chain's runtime.
    pub spec_version: Option<u32>,
    /// What the runtime has in another shape than this release knows; calls that move money pause while there is anything.
    pub differences: Vec<String>,
    /// Each subnet that is listened for.
    pub subnets: Vec<SubnetStatus>,
}

/// Our neuron in a subnet.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SubnetStatus {
    /// The subnet.
    pub netuid: Netuid,
    /// Whether the hotkey has a place in it.
    pub registration: Registration,
    /// Whether validators find the miner.
    pub axon: AxonStatus,
    /// The neurons by which callers are admitted.
    pub metagraph: Option<MetagraphStatus>,
    /// The block of the newest epoch that was reported to tracker.
    pub last_epoch_block: Option<u64>,
}

/// Whether a hotkey has a place in a subnet.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// The chain has not been read yet.
    Unknown,
    /// It has one.
    Registered {
        /// Its place.
        uid: u16,
        /// Blocks in which it cannot be replaced yet; unknown until the metagraph has been read.
        immunity_blocks_left: Option<u64>,
        /// So many registrations later it would be replaced: 1 is the next one. None if never, or unknown.
        evicted_after: Option<u32>,
    },
    /// It has none: nothing is spent for the subnet.
    NotRegistered,
}

/// What stands on the chain as our axon.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AxonStatus {
    /// The chain has not been read yet.
    Unknown,
    /// Configured not to be published.
    Off,
    /// It is where validators shall dial.
    Published {
        /// Where.
        address: SocketAddr,
    },
    /// It is not there yet.
    Pending {
        /// What is waited for.
        reason: String,
    },
    /// It cannot be published.
    Failed {
        /// Why, and what to do.
        problem: String,
    },
}

/// A snapshot of a subnet's neurons.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MetagraphStatus {
    /// The block it was read at.
    pub block: u64,
    /// All neurons.
    pub neurons: u16,
    /// Those with a validator permit.
    pub validators: u16,
    /// Whether it is older than two epochs: it is used all the same.
    pub stale: bool,
}
