//! `chain` in miner-config.json: which network is mined on, over which endpoints, and where validators reach the miner.

use std::net::IpAddr;
use std::num::NonZeroU16;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `chain` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ChainConfig {
    /// The network.
    pub network: Network,
    /// WebSocket addresses of nodes, best first; the network's public ones if empty.
    #[serde(default)]
    pub endpoints: Vec<String>,
    /// The hash of the network's first block, `0x` and 64 hex digits; a node with another is refused. `finney` and `test`
    /// have theirs built in, the others take the first endpoint's word if it is absent.
    #[serde(default)]
    pub genesis: Option<String>,
    /// What is published as the axon: where validators reach the miner.
    #[serde(default)]
    pub axon: Axon,
}

/// A network of Bittensor.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// The main network: everything costs real TAO.
    Finney,
    /// The public test network.
    Test,
    /// A node of your own.
    Local,
    /// The chain of this suite's sandbox.
    Sandbox,
}

/// `chain.axon` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Axon {
    /// Whether the axon is published; false leaves what stands on the chain as it is.
    pub publish: bool,
    /// The IP address that validators dial; `address_services` are asked if absent.
    pub address: Option<IpAddr>,
    /// The port that validators dial, if it is another than the listener's, as behind a port mapping.
    pub port: Option<NonZeroU16>,
    /// URLs that answer with the caller's public IP address as plain text, tried in order.
    pub address_services: Vec<String>,
}

impl Default for Axon {
    fn default() -> Self {
        Self { publish: true, address: None, port: None, address_services: Vec::new() }
    }
}
