//! Where clients reach the chain, and the faults that they meet there.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jsonrpsee::server::{Methods, ServerConfig, StopHandle, serve, stop_channel};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::connection::{Connection, Connections};
use super::engine::Head;
use super::{Shared, StartError, rpc};

/// How long a client that is to be refused may take to ask.
const PATIENCE: Duration = Duration::from_secs(5);

/// How new connections are turned away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// Not at all.
    #[default]
    None,
    /// Closed at once.
    Close,
    /// Accepted, and never answered.
    Silence,
    /// Told HTTP's 429, as public endpoints do when one asks too much.
    TooManyRequests,
}

/// Where clients reach the chain. Clones are the same endpoint.
#[derive(Clone)]
pub struct Endpoint(Arc<Inner>);

pub(crate) struct Inner {
    pub(super) shared: Arc<Shared>,
    address: SocketAddr,
    listener: Mutex<Option<TcpListener>>,
    connections: Connections,
    faults: Mutex<Faults>,
}

#[derive(Default)]
struct Faults {
    refusal: Refusal,
    frozen: Option<(Head, Head)>,
}

impl Endpoint {
    pub(super) fn bind(shared: Arc<Shared>, address: SocketAddr) -> Result<Self, StartError> {
        let failed = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self(Arc::new(Inner {
            shared,
            address,
            listener: Mutex::new(Some(listener)),
            connections: Connections::default(),
            faults: Mutex::default(),
        })))
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}", self.0.address)
    }

    /// Serves. Ends when it is dropped, and every connection with it; it can be run once.
    pub fn run(&self) -> impl Future<Output = ()> + Send + 'static {
        let inner = Arc::clone(&self.0);
        async move { Inner::run(inner).await }
    }

    /// Cuts all connections; new ones are welcome.
    pub fn drop_connections(&self) {
        self.0.connections.cut();
    }

    /// Turns new connections away from now on, or no longer.
    pub fn refuse(&self, refusal: Refusal) {
        self.0.faults().refusal = refusal;
    }

    /// Answers from now on as if there were no newer blocks, or no longer, while the chain goes on.
    pub fn freeze(&self, frozen: bool) {
        let engine = self.0.shared.engine();
        let heads = frozen.then(|| (engine.best(), engine.finalized()));
        self.0.faults().frozen = heads;
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.0.connections.count()
    }
}

impl Inner {
    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The best block as this endpoint shows it.
    pub(super) fn best(&self) -> Head {
        let frozen = self.faults().frozen;
        frozen.map_or_else(|| self.shared.engine().best(), |(best, _)| best)
    }

    /// The last final block as this endpoint shows it.
    pub(super) fn finalized(&self) -> Head {
        let frozen = self.faults().frozen;
        frozen.map_or_else(|| self.shared.engine().finalized(), |(_, finalized)| finalized)
    }

    /// Whether it hides newer blocks.
    pub(super) fn is_frozen(&self) -> bool {
        self.faults().frozen.is_some()
    }

    /// The endpoint itself, for the methods that disturb it.
    pub(super) fn handle(self: &Arc<Self>) -> Endpoint {
        Endpoint(Arc::clone(self))
    }

    async fn run(self: Arc<Self>) {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Ok(listener)) = listener.map(tokio::net::TcpListener::from_std) else {
            tracing::error!(address = %self.address, "Cannot serve twice");
            return;
        };
        let methods: Methods = match rpc::methods(Arc::clone(&self)) {
            Ok(methods) => methods.into(),
            Err(error) => {
                tracing::error!(%error, "Cannot serve");
                return;
            }
        };
        // Sockets outlive the tasks that opened them: a WebSocket belongs to its server's own task.
        let _cut = CutOnDrop(Arc::clone(&self));
        let (stop, _keep) = stop_channel();
        let mut tasks = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let inner = Arc::clone(&self);
                        tasks.spawn(inner.meet(stream, methods.clone(), stop.clone()));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "Could not accept a connection");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
                Some(_) = tasks.join_next() => {}
            }
        }
    }

    async fn meet(self: Arc<Self>, stream: TcpStream, methods: Methods, stop: StopHandle) {
        let refusal = self.faults().refusal;
        let Ok(mut connection) = self.connections.admit(stream) else {
            return;
        };
        match refusal {
            Refusal::None => {
                let config =
                    ServerConfig::builder().max_connections(u32::MAX).max_response_body_size(64 * 1024 * 1024).build();
                let service =
                    jsonrpsee::server::Server::builder().set_config(config).to_service_builder().build(methods, stop);
                if let Err(error) = serve(connection, service).await {
                    tracing::debug!(%error, "A connection ended");
                }
            }
            Refusal::Close => {}
            Refusal::Silence => {
                let mut ignored = [0; 1024];
                while matches!(connection.read(&mut ignored).await, Ok(1..)) {}
            }
            Refusal::TooManyRequests => {
                // Who does not ask in time is not told.
                let _ = tokio::time::timeout(PATIENCE, decline(&mut connection)).await;
            }
        }
    }
}

async fn decline(connection: &mut Connection) -> std::io::Result<()> {
    let mut ignored = [0; 4096];
    let _ = connection.read(&mut ignored).await?;
    connection.write_all(b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await?;
    connection.shutdown().await
}

struct CutOnDrop(Arc<Inner>);

impl Drop for CutOnDrop {
    fn drop(&mut self) {
        self.0.connections.cut();
    }
}
