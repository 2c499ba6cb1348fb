//! What the client is connected to, and what that chain's runtime is.

use std::time::Instant;

use crate::capabilities::Capabilities;
use crate::error::EndpointError;
use crate::network::Endpoint;
use crate::shapes::Compatibility;

/// The connection to the chain. What was read before it broke is stale, but stays what it was.
#[derive(Clone, Debug)]
pub enum ConnectionState {
    /// Not connected; the driver is trying.
    Down {
        /// Since when.
        since: Instant,
        /// What went wrong last.
        last: Option<EndpointError>,
    },
    /// Connected, and blocks come.
    Up {
        /// To which node.
        endpoint: Endpoint,
        /// Since when.
        since: Instant,
        /// Why the node before is not used any more.
        last: Option<EndpointError>,
    },
}

impl ConnectionState {
    /// Whether there is a connection.
    #[must_use]
    pub fn is_up(&self) -> bool {
        match self {
            Self::Up { .. } => true,
            Self::Down { .. } => false,
        }
    }

    /// Returns the last failure.
    #[must_use]
    pub fn last_error(&self) -> Option<&EndpointError> {
        match self {
            Self::Up { last, .. } | Self::Down { last, .. } => last.as_ref(),
        }
    }
}

/// The runtime that the chain runs now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Runtime {
    /// Its version; it rises with every upgrade.
    pub spec_version: u32,
    /// The version of the form of transactions.
    pub transaction_version: u32,
    /// What it can do that others cannot.
    pub capabilities: Capabilities,
    /// What of it is not as this version knows it.
    pub compatibility: Compatibility,
}
