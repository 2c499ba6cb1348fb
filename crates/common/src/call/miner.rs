//! Calls of miner-daemon.

pub mod chain;
pub mod refusals;

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use self::chain::ChainStatus;
use self::refusals::{ExplainRefusals, RefusalReport};
use super::calls;
use super::status::ProcessStatus;
use crate::id::{Netuid, RouteName, Ss58};
use crate::record::TaskCounts;

calls! {
    /// Everything miner-daemon can be asked.
    MinerCall {
        /// See [`MinerStatusQuery`].
        MinerStatusQuery => MinerStatus,
        /// See [`ExplainRefusals`].
        ExplainRefusals => RefusalReport,
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
    /// The validators that were answered lately, the latest first; at most 64.
    pub callers: Vec<CallerStatus>,
    /// The chain; absent if none is configured.
    pub chain: Option<ChainStatus>,
}

/// A validator that was answered lately.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CallerStatus {
    /// Its hotkey.
    pub caller: Ss58,
    /// Verified requests since the daemon started.
    pub requests: u64,
    /// How far its clock is ahead of ours, in milliseconds; the way of a request counts against it.
    pub clock_ahead_ms: i64,
    /// When it came last, in milliseconds since 1970.
    pub last_unix_ms: u64,
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
