//! Why a node is not used.

use std::time::Duration;

use super::ChainError;
use crate::head::BlockHash;
use crate::network::Endpoint;

/// Why a node is not used for now.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EndpointError {
    /// No connection came about.
    #[error("{endpoint} cannot be reached: {problem}")]
    Unreachable {
        /// The node.
        endpoint: Endpoint,
        /// The system's words.
        problem: String,
    },
    /// Too many requests.
    #[error("{endpoint} wants fewer requests (HTTP 429)")]
    RateLimited {
        /// The node.
        endpoint: Endpoint,
    },
    /// The server there does not want us, or is none.
    #[error("{endpoint} refused the connection with HTTP status {status}")]
    Rejected {
        /// The node.
        endpoint: Endpoint,
        /// The server's status.
        status: u16,
    },
    /// It is reachable but silent.
    #[error("{endpoint} did not answer within {} s", .after.as_secs_f32())]
    TimedOut {
        /// The node.
        endpoint: Endpoint,
        /// How long was waited.
        after: Duration,
    },
    /// It serves another chain.
    #[error(
        "{endpoint} serves another chain: its first block is {found}, not {expected}; check chain.network, chain.endpoints and chain.genesis"
    )]
    WrongGenesis {
        /// The node.
        endpoint: Endpoint,
        /// The pinned hash.
        expected: BlockHash,
        /// The node's.
        found: BlockHash,
    },
    /// The connection ended.
    #[error("{endpoint} closed the connection")]
    Dropped {
        /// The node.
        endpoint: Endpoint,
    },
    /// It sends no new blocks.
    #[error("{endpoint} has had no new block for {} s", .silent.as_secs_f32())]
    Stalled {
        /// The node.
        endpoint: Endpoint,
        /// How long.
        silent: Duration,
    },
    /// It is behind other nodes.
    #[error("{endpoint} is {behind} blocks behind")]
    Lagging {
        /// The node.
        endpoint: Endpoint,
        /// How far.
        behind: u64,
    },
    /// It says what cannot be.
    #[error("{endpoint} says what cannot be: {what}")]
    Implausible {
        /// The node.
        endpoint: Endpoint,
        /// What it said.
        what: String,
    },
}

impl EndpointError {
    /// Why a node is not used that answered a question so.
    pub(crate) fn of(endpoint: &Endpoint, error: &ChainError) -> Self {
        let endpoint = endpoint.clone();
        match error {
            ChainError::Disconnected | ChainError::NotConnected(_) => Self::Dropped { endpoint },
            ChainError::RateLimited => Self::RateLimited { endpoint },
            ChainError::TimedOut { after, .. } => Self::TimedOut { endpoint, after: *after },
            ChainError::StatePruned { .. }
            | ChainError::UnknownBlock { .. }
            | ChainError::Node { .. }
            | ChainError::Malformed { .. }
            | ChainError::ShapeDiffers(_)
            | ChainError::Unsupported { .. }
            | ChainError::UnknownSubnet(_)
            | ChainError::NotRegistered { .. }
            | ChainError::Refused(_)
            | ChainError::Expired { .. }
            | ChainError::Superseded { .. }
            | ChainError::FateUnknown { .. }
            | ChainError::Unencodable { .. } => Self::Implausible { endpoint, what: error.to_string() },
        }
    }
}
