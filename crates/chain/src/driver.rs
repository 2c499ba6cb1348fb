//! Keeps the client connected: one node at a time, the next one when it fails; tells what the heads and the runtime are.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use futures_util::{FutureExt, Stream, StreamExt};
use subxt::config::SubstrateConfig;
use subxt::ext::codec::Encode;
use tokio::sync::watch;

use crate::block::Block;
use crate::capabilities::Capabilities;
use crate::connection::{AtBlock, Connection, REQUEST};
use crate::endpoints::{Choice, Endpoints};
use crate::error::{EndpointError, of_rpc};
use crate::head::{BlockHash, Head};
use crate::network::{Endpoint, Settings};
use crate::shapes;
use crate::state::{ConnectionState, Runtime};

/// A header as nodes send it.
type Header = <SubstrateConfig as subxt::Config>::Header;

/// What the driver tells the client.
pub(crate) struct Channels {
    pub(crate) state: watch::Sender<ConnectionState>,
    pub(crate) best: watch::Sender<Option<Head>>,
    pub(crate) finalized: watch::Sender<Option<Head>>,
    pub(crate) runtime: watch::Sender<Option<Arc<Runtime>>>,
    /// The best head, ready for reading; none while there is no connection.
    pub(crate) current: watch::Sender<Option<Block>>,
}

/// So many different failures are told of in one outage: a node can make up more.
const MOST_TOLD: usize = 32;

/// Keeps a [`Client`](crate::Client) connected for as long as it runs.
pub struct Driver {
    settings: Settings,
    endpoints: Endpoints,
    channels: Channels,
    /// The first block's hash, once it is known.
    pin: Option<BlockHash>,
    last: Option<EndpointError>,
    /// What was told of nodes since the last connection.
    told: HashSet<String>,
}

impl Driver {
    pub(crate) fn new(settings: Settings, channels: Channels) -> Self {
        let endpoints = Endpoints::new(&settings);
        let pin = settings.genesis;
        Self { settings, endpoints, channels, pin, last: None, told: HashSet::new() }
    }

    /// Runs until `stopping` resolves. The client's questions are answered only while this runs.
    pub async fn run(mut self, stopping: impl Future<Output = ()> + Send) {
        tokio::select! {
            () = stopping => {}
            () = self.supervise() => {}
        }
        self.down();
    }

    async fn supervise(&mut self) {
        loop {
            let index = match self.endpoints.choose(Instant::now()) {
                Choice::Use(index) => index,
                Choice::Wait(until) => {
                    tokio::time::sleep_until(until.into()).await;
                    continue;
                }
            };
            let Some(endpoint) = self.endpoints.endpoint(index).cloned() else { return };
            let error = match self.session(index, &endpoint).await {
                Ok(never) => match never {},
                Err(error) => error,
            };
            self.endpoints.failed(index, &error, Instant::now(), rand::random());
            // The same is told once in an outage: hours of one warning would bury everything else.
            if self.told.len() < MOST_TOLD && self.told.insert(error.to_string()) {
                tracing::warn!(%error, "Lost a node of the chain");
            } else {
                tracing::debug!(%error, "No node of the chain yet");
            }
            self.last = Some(error);
            self.down();
        }
    }

    fn down(&self) {
        self.channels.current.send_replace(None);
        let down = ConnectionState::Down { since: Instant::now(), last: self.last.clone() };
        self.channels.state.send_if_modified(|state| match state {
            ConnectionState::Up { .. } => {
                *state = down;
                true
            }
            ConnectionState::Down { last, .. } => {
                last.clone_from(&self.last);
                true
            }
        });
    }

    /// Uses one node until it fails.
    async fn session(&mut self, index: usize, endpoint: &Endpoint) -> Result<std::convert::Infallible, EndpointError> {
        let connection = Connection::open(endpoint, self.pin, self.settings.timing.connect).await?;
        self.pin.get_or_insert(connection.genesis);
        let connection = Arc::new(connection);
        let refused =
            |error: subxt::rpcs::Error| EndpointError::of(endpoint, &of_rpc(&error, "its heads", &"at the head"));
        let methods = connection.methods.clone();
        let mut heads = methods.chain_subscribe_new_heads().await.map_err(refused)?;
        let mut finals = methods.chain_subscribe_finalized_heads().await.map_err(refused)?;
        // Some nodes send the present heads at once, others the next ones only.
        if let Some(header) = methods.chain_get_header(None).await.map_err(refused)? {
            self.best(index, &connection, &header).await?;
        }
        let finalized = methods.chain_get_finalized_head().await.map_err(refused)?;
        if let Some(header) = methods.chain_get_header(Some(finalized)).await.map_err(refused)? {
            self.finalized(&header);
        }

        let dropped = || EndpointError::Dropped { endpoint: endpoint.clone() };
        let mut news = Instant::now();
        loop {
            let stalled = news + self.settings.timing.stalled_after();
            tokio::select! {
                biased;
                () = connection.ended() => return Err(dropped()),
                head = heads.next() => {
                    let header = latest(head, &mut heads).ok_or_else(dropped)?.map_err(refused)?;
                    if self.best(index, &connection, &header).await? {
                        news = Instant::now();
                    }
                }
                head = finals.next() => {
                    let header = latest(head, &mut finals).ok_or_else(dropped)?.map_err(refused)?;
                    self.finalized(&header);
                }
                () = tokio::time::sleep_until(stalled.into()) => {
                    return Err(EndpointError::Stalled { endpoint: endpoint.clone(), silent: news.elapsed() });
                }
            }
        }
    }

    /// Takes up a best head; false if it is the one there was.
    async fn best(
        &mut self,
        index: usize,
        connection: &Arc<Connection>,
        header: &Header,
    ) -> Result<bool, EndpointError> {
        let mut head = named(header);
        let endpoint = &connection.endpoint;
        self.endpoints.head(index, &head)?;
        if self.channels.current.borrow().as_ref().is_some_and(|block| block.head().hash == head.hash) {
            return Ok(false);
        }
        let prepared = tokio::time::timeout(REQUEST, connection.at(&head)).await;
        let at = match prepared {
            Ok(Ok(at)) => at,
            Ok(Err(error)) => return Err(EndpointError::of(endpoint, &error)),
            Err(_) => return Err(EndpointError::TimedOut { endpoint: endpoint.clone(), after: REQUEST }),
        };
        let runtime = self.learn(connection, &at);
        let block = Block::new(Arc::clone(connection), at, head, Arc::clone(&runtime));
        head.time_ms = block.time_ms().await.ok();
        let block = block.with(head);
        self.channels.state.send_if_modified(|state| {
            let new = !state.is_up();
            if new {
                let (since, last) = (Instant::now(), self.last.take());
                *state = ConnectionState::Up { endpoint: endpoint.clone(), since, last };
                self.told.clear();
                tracing::info!(%endpoint, block = head.number, "Connected to the chain");
            }
            new
        });
        self.channels.runtime.send_if_modified(|known| {
            let new = known.as_ref() != Some(&runtime);
            if new {
                *known = Some(runtime);
            }
            new
        });
        // Last what readers wait for, so that they find the rest as new as it is.
        self.channels.best.send_replace(Some(head));
        self.channels.current.send_replace(Some(block));
        Ok(true)
    }

    fn finalized(&self, header: &Header) {
        let head = named(header);
        self.channels.finalized.send_if_modified(|finalized| {
            let new = finalized.is_none_or(|old| old.hash != head.hash);
            if new {
                *finalized = Some(head);
            }
            new
        });
    }

    /// Looks at the runtime when it is another one, or described by another connection: the same version may be another
    /// thing there.
    fn learn(&self, connection: &Arc<Connection>, at: &AtBlock) -> Arc<Runtime> {
        let (spec_version, transaction_version) = (at.spec_version(), at.transaction_version());
        let metadata = at.metadata_ref();
        let same = self.channels.current.borrow().as_ref().and_then(|block| {
            let runtime = Arc::clone(block.shared_runtime());
            let known = Arc::ptr_eq(&block.connection, connection) && runtime.spec_version == spec_version;
            known.then_some(runtime)
        });
        if let Some(runtime) = same {
            return runtime;
        }
        let capabilities = Capabilities::of(metadata);
        let compatibility = shapes::check(metadata);
        let runtime = Runtime { spec_version, transaction_version, capabilities, compatibility };
        if let Some(known) = self.channels.runtime.borrow().as_ref().filter(|known| ***known == runtime) {
            return Arc::clone(known);
        }
        tracing::info!(spec_version, "The chain's runtime is new here");
        for difference in &runtime.compatibility.differences {
            tracing::warn!(%difference, spec_version, "The chain's runtime is not as expected");
        }
        Arc::new(runtime)
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The newest of what has arrived: only the last head counts.
fn latest<S: Stream + Unpin>(first: Option<S::Item>, stream: &mut S) -> Option<S::Item> {
    let mut newest = first?;
    while let Some(Some(next)) = stream.next().now_or_never() {
        newest = next;
    }
    Some(newest)
}

/// Names a header. The hash is made here: nodes do not send it along.
fn named(header: &Header) -> Head {
    Head {
        number: header.number,
        hash: BlockHash(crate::hashing::blake2_256(&header.encode())),
        parent: header.parent_hash.into(),
        time_ms: None,
        seen: Instant::now(),
    }
}
