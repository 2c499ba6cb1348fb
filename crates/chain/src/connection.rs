//! One connection to one node, checked to be of the right chain.

use std::sync::Arc;
use std::time::Duration;

use subxt::backend::LegacyBackend;
use subxt::config::{RpcConfigFor, SubstrateConfig};
use subxt::ext::jsonrpsee::client_transport::ws::WsHandshakeError;
use subxt::ext::jsonrpsee::core::client::{Client as Socket, Error as SocketError};
use subxt::ext::jsonrpsee::ws_client::{PingConfig, WsClientBuilder};
use subxt::rpcs::{LegacyRpcMethods, RpcClient};
use subxt::{OnlineClient, OnlineClientAtBlock};

use crate::error::{ChainError, EndpointError, of_at_block, of_rpc, shortened};
use crate::head::{BlockHash, Head};
use crate::network::Endpoint;

/// Longest wait for one answer.
pub(crate) const REQUEST: Duration = Duration::from_secs(20);
/// A node that does not even answer a ping is gone: pings go out this often,
const PING: Duration = Duration::from_secs(5);
/// and this long may nothing come back.
const SILENCE: Duration = Duration::from_secs(10);
/// Longer answers are not taken. Metadata is under a megabyte, a metagraph too; both double as hex.
const LONGEST_ANSWER: u32 = 16 << 20;
/// Questions in flight.
const MOST_REQUESTS: usize = 64;
/// Heads that wait to be looked at; then the subscription ends and the node is connected to anew.
const MOST_WAITING: usize = 256;

/// The questions a node answers.
pub(crate) type Methods = LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>;
/// The library's view of one block.
pub(crate) type AtBlock = OnlineClientAtBlock<SubstrateConfig>;

/// A connection. It closes when the last user lets go of it.
pub(crate) struct Connection {
    pub(crate) endpoint: Endpoint,
    pub(crate) genesis: BlockHash,
    pub(crate) methods: Methods,
    pub(crate) api: OnlineClient<SubstrateConfig>,
    socket: Arc<Socket>,
}

impl Connection {
    /// Dials, and compares the first block. What was cached of other connections is not used: a node can be a liar.
    pub(crate) async fn open(
        endpoint: &Endpoint,
        pin: Option<BlockHash>,
        limit: Duration,
    ) -> Result<Self, EndpointError> {
        let timed_out = |_| EndpointError::TimedOut { endpoint: endpoint.clone(), after: limit };
        tokio::time::timeout(limit, Self::dial(endpoint, pin, limit)).await.map_err(timed_out)?
    }

    async fn dial(endpoint: &Endpoint, pin: Option<BlockHash>, limit: Duration) -> Result<Self, EndpointError> {
        let ping = PingConfig::new().ping_interval(PING).inactive_limit(SILENCE).max_failures(1);
        let socket = WsClientBuilder::new()
            .connection_timeout(limit)
            .request_timeout(REQUEST)
            .max_response_size(LONGEST_ANSWER)
            .max_concurrent_requests(MOST_REQUESTS)
            .max_buffer_capacity_per_subscription(MOST_WAITING)
            // One try, and so no redirection: it could lead to an unencrypted node, or to one inside our own network.
            .max_redirections(1)
            .enable_ws_ping(ping)
            .build(endpoint.url())
            .await
            .map_err(|error| of_handshake(endpoint, &error))?;
        let socket = Arc::new(socket);
        let rpc = RpcClient::new(Arc::clone(&socket));
        let methods = Methods::new(rpc.clone());
        let genesis = methods.genesis_hash().await;
        let genesis =
            genesis.map_err(|error| EndpointError::of(endpoint, &of_rpc(&error, "the first block's hash", &0)))?;
        let genesis = BlockHash::from(genesis);
        if let Some(expected) = pin.filter(|pin| *pin != genesis) {
            return Err(EndpointError::WrongGenesis { endpoint: endpoint.clone(), expected, found: genesis });
        }
        let config = SubstrateConfig::builder().set_genesis_hash(genesis.h256()).build();
        let backend = Arc::new(LegacyBackend::builder().build(rpc));
        let api = OnlineClient::from_backend_with_config(config, backend).await;
        let api = api.map_err(|error| EndpointError::Implausible {
            endpoint: endpoint.clone(),
            what: shortened(&error.to_string()),
        })?;
        Ok(Self { endpoint: endpoint.clone(), genesis, methods, api, socket })
    }

    /// Waits until the connection has ended.
    pub(crate) async fn ended(&self) {
        self.socket.on_disconnect().await;
    }

    /// Prepares reading at a block: asks for the runtime's version and, when it is new, for its description.
    pub(crate) async fn at(&self, head: &Head) -> Result<AtBlock, ChainError> {
        let at = self.api.at_block_hash_and_number(head.hash.h256(), head.number).await;
        at.map_err(|error| {
            // The library forgets the cause of some errors; that the connection is gone is cause enough.
            if self.socket.is_connected() {
                of_at_block(&error, "the runtime's version and description", &head.number)
            } else {
                ChainError::Disconnected
            }
        })
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({})", self.endpoint)
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum, of which one variant counts")]
fn of_handshake(endpoint: &Endpoint, error: &SocketError) -> EndpointError {
    let endpoint = endpoint.clone();
    let handshake = match error {
        SocketError::Transport(source) => source.downcast_ref::<WsHandshakeError>(),
        _ => None,
    };
    match handshake {
        Some(WsHandshakeError::Rejected { status_code: 429 }) => EndpointError::RateLimited { endpoint },
        Some(WsHandshakeError::Rejected { status_code } | WsHandshakeError::Redirected { status_code, .. }) => {
            EndpointError::Rejected { endpoint, status: *status_code }
        }
        Some(WsHandshakeError::Timeout(after)) => EndpointError::TimedOut { endpoint, after: *after },
        Some(
            WsHandshakeError::CertificateStore(_)
            | WsHandshakeError::Url(_)
            | WsHandshakeError::Io(_)
            | WsHandshakeError::Transport(_)
            | WsHandshakeError::ResolutionFailed(_)
            | WsHandshakeError::NoAddressFound(_),
        )
        | None => EndpointError::Unreachable { endpoint, problem: shortened(&error.to_string()) },
    }
}
