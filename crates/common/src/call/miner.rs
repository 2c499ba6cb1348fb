//! Calls of miner-daemon.

pub mod chain;

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use self::chain::ChainStatus;
use super::calls;
use super::status::ProcessStatus;
use crate::id::{Netuid, RouteName, Ss58};
use crate::record::TaskCounts;

calls! {
    /// Everything miner-daemon can be asked.
    MinerCall {
        /// See [`MinerStatusQuery`].
        MinerStatusQuery => MinerStatus,
    }
}

/// Asks for miner-daemon's state.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MinerStatusQuery {}

/// miner-daemon's state.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MinerStatus {
    /// The shared part.
    pub process: ProcessStatus,
    /// The hotkey that validators address.
    pub hotkey: Ss58,
    /// What is listened on.
    pub listeners: Vec<Listener>,
    /// Open validator connections.
    pub connections: u32,
    /// Tasks in work now.
    pub in_flight: u32,
    /// What came since the daemon started.
    pub since_start: TaskCounts,
    /// The chain; absent if none is configured.
    pub chain: Option<ChainStatus>,
}

/// One address that validators can reach.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// The bound address.
    pub address: SocketAddr,
    /// The subnets served on it.
    pub subnets: Vec<ServedSubnet>,
}

/// A subnet and its routes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ServedSubnet {
    /// The subnet's number.
    pub netuid: Netuid,
    /// The routes served.
    pub routes: Vec<RouteName>,
}
