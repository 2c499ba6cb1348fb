//! Networks: their nodes, their first block and how fast they are; which addresses of nodes may be used.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use common::config::chain::{ChainConfig, Network};
use subxt::ext::jsonrpsee::client_transport::ws::Url;

use crate::head::BlockHash;

/// The first block of the main network.
const FINNEY: &str = "0x2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03";
/// The first block of the public test network.
const TEST: &str = "0x8f9cf856bf558a14440e75569c9e58594757048d7b3a84b5d25f6bd978263105";

/// A node's WebSocket address, checked. What could be secret in it is not shown.
#[derive(Clone, Eq, PartialEq)]
pub struct Endpoint {
    url: String,
    shown: String,
}

/// Which chain is wanted, over which nodes, and what is expected of them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The network.
    pub network: Network,
    /// Nodes, best first. Never empty.
    pub endpoints: Vec<Endpoint>,
    /// The hash of the first block; `None` takes the first node's word.
    pub genesis: Option<BlockHash>,
    /// How fast blocks come and how long things may take.
    pub timing: Timing,
}

/// How fast a chain is and how patient its client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Time from block to block.
    pub block: Duration,
    /// So many block times without a new best block mean that the node has stalled.
    pub stalled_after_blocks: u32,
    /// A node so many blocks behind the best known head is not used while there is another.
    pub max_lag_blocks: u64,
    /// Longest time from dialling to a checked connection, metadata included.
    pub connect: Duration,
}

/// The settings contradict themselves or are unsafe.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// Not a WebSocket address.
    #[error("chain.endpoints: `{0}` is not an address of the form wss://host or ws://host:port")]
    Malformed(String),
    /// Anybody on the way could change what the node says.
    #[error("chain.endpoints: {0} is not encrypted; use wss://, or ws:// to a node on this machine")]
    Unencrypted(Endpoint),
    /// Not a block hash.
    #[error("chain.genesis: `{0}` is not a block hash; 0x and 64 hex digits are expected")]
    Genesis(String),
    /// The network is known by another first block.
    #[error(
        "chain.genesis: {found} is not the first block of {network}, which is {known}; remove the key, or use `local`"
    )]
    NotTheNetwork {
        /// What was configured.
        found: BlockHash,
        /// The network's.
        known: BlockHash,
        /// The network's name.
        network: &'static str,
    },
}

impl Settings {
    /// Reads the configuration.
    ///
    /// # Errors
    /// The first key that cannot be used.
    pub fn new(config: &ChainConfig) -> Result<Self, SettingsError> {
        let network = config.network;
        let configured = config.endpoints.iter().map(String::as_str);
        let urls: Vec<&str> =
            if config.endpoints.is_empty() { default_endpoints(network).to_vec() } else { configured.collect() };
        let endpoints = urls.into_iter().map(|url| Endpoint::parse(network, url)).collect::<Result<_, _>>()?;
        let known = genesis(network);
        let configured = match &config.genesis {
            Some(text) => Some(text.parse::<BlockHash>().map_err(|_| SettingsError::Genesis(text.clone()))?),
            None => None,
        };
        if let (Some(known), Some(found)) = (known, configured)
            && known != found
        {
            return Err(SettingsError::NotTheNetwork { found, known, network: name(network) });
        }
        Ok(Self { network, endpoints, genesis: configured.or(known), timing: Timing::of(network) })
    }
}

impl Timing {
    /// What is usual on a network.
    #[must_use]
    pub fn of(network: Network) -> Self {
        let (block, stalled_after_blocks) = match network {
            Network::Finney | Network::Test => (Duration::from_secs(12), 5),
            // A development node may make blocks only when there is something to put into them.
            Network::Local => (Duration::from_secs(12), 10),
            Network::Sandbox => (Duration::from_secs(1), 10),
        };
        Self { block, stalled_after_blocks, max_lag_blocks: 10, connect: Duration::from_secs(10) }
    }

    /// How long there may be no new best block.
    #[must_use]
    pub fn stalled_after(&self) -> Duration {
        self.block.saturating_mul(self.stalled_after_blocks)
    }
}

impl Endpoint {
    /// Checks an address: `wss://`, or `ws://` to this machine; in networks of one's own `ws://` to anywhere.
    ///
    /// # Errors
    /// If it is no such address.
    pub fn parse(network: Network, text: &str) -> Result<Self, SettingsError> {
        let malformed = || SettingsError::Malformed(text.to_owned());
        let url = Url::parse(text.trim()).map_err(|_| malformed())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(malformed)?;
        let local = host == "localhost"
            || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
            || host == "[::1]";
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let shown = format!("{}://{host}{port}", url.scheme());
        let endpoint = Self { url: url.to_string(), shown };
        match (url.scheme(), network) {
            ("wss", _) | ("ws", Network::Local | Network::Sandbox) => Ok(endpoint),
            ("ws", Network::Finney | Network::Test) if local => Ok(endpoint),
            ("ws", Network::Finney | Network::Test) => Err(SettingsError::Unencrypted(endpoint)),
            _ => Err(malformed()),
        }
    }

    /// Returns the whole address, for dialling only.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.shown)
    }
}

/// Returns the public nodes of a network, best first.
#[must_use]
pub fn default_endpoints(network: Network) -> &'static [&'static str] {
    match network {
        Network::Finney => &[
            "wss://entrypoint-finney.opentensor.ai:443",
            "wss://lite.chain.opentensor.ai:443",
            "wss://lite.sub.latent.to:443",
        ],
        Network::Test => &["wss://test.finney.opentensor.ai:443"],
        Network::Local | Network::Sandbox => &["ws://127.0.0.1:9944"],
    }
}

/// Returns the first block of a network that has one for good.
#[must_use]
pub fn genesis(network: Network) -> Option<BlockHash> {
    match network {
        Network::Finney => BlockHash::from_str(FINNEY).ok(),
        Network::Test => BlockHash::from_str(TEST).ok(),
        Network::Local | Network::Sandbox => None,
    }
}

/// Whether strangers are on the network.
#[must_use]
pub fn is_public(network: Network) -> bool {
    match network {
        Network::Finney | Network::Test => true,
        Network::Local | Network::Sandbox => false,
    }
}

fn name(network: Network) -> &'static str {
    match network {
        Network::Finney => "finney",
        Network::Test => "test",
        Network::Local => "local",
        Network::Sandbox => "sandbox",
    }
}

#[cfg(test)]
mod tests {
    use common::config::chain::Axon;

    use super::*;

    #[test]
    fn every_network_has_nodes_and_the_public_ones_a_first_block() {
        for network in [Network::Finney, Network::Test, Network::Local, Network::Sandbox] {
            let settings = Settings::new(&config(network)).unwrap();

            assert!(!settings.endpoints.is_empty());
            assert_eq!(settings.genesis.is_some(), is_public(network));
        }
    }

    #[test]
    fn an_unencrypted_node_is_used_only_on_this_machine_or_in_a_network_of_ones_own() {
        for ok in ["wss://a.example", "ws://127.0.0.1:9944", "ws://localhost:9944", "ws://[::1]:9944"] {
            assert!(Endpoint::parse(Network::Finney, ok).is_ok(), "{ok}");
        }
        assert!(Endpoint::parse(Network::Sandbox, "ws://10.0.0.4:9944").is_ok());

        let refused = Endpoint::parse(Network::Test, "ws://10.0.0.4:9944").unwrap_err();

        assert!(matches!(refused, SettingsError::Unencrypted(_)));
    }

    #[test]
    fn what_is_no_websocket_address_is_refused() {
        for bad in ["", "finney", "http://a.example", "https://a.example", "wss://", "a.example:443", "file:///etc"] {
            let refused = Endpoint::parse(Network::Local, bad).unwrap_err();

            assert!(matches!(refused, SettingsError::Malformed(_)), "{bad}");
        }
    }

    #[test]
    fn the_secret_of_an_address_is_not_shown() {
        let endpoint = Endpoint::parse(Network::Finney, "wss://me:pass@a.example:1/v1/key?token=t").unwrap();

        assert_eq!(endpoint.to_string(), "wss://a.example:1");
        assert_eq!(format!("{endpoint:?}"), "Endpoint(wss://a.example:1)");
        assert!(endpoint.url().contains("token=t"));
    }

    #[test]
    fn a_first_block_that_contradicts_the_network_is_refused() {
        let mut wrong = config(Network::Finney);
        wrong.genesis = Some(TEST.into());

        assert!(matches!(Settings::new(&wrong), Err(SettingsError::NotTheNetwork { .. })));

        wrong.genesis = Some("0x12".into());

        assert!(matches!(Settings::new(&wrong), Err(SettingsError::Genesis(_))));
    }

    fn config(network: Network) -> ChainConfig {
        ChainConfig { network, endpoints: Vec::new(), genesis: None, axon: Axon::default() }
    }
}
