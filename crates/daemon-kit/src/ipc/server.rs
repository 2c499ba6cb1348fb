//! Serves calls: accepts connections of allowed users, and on stop lets the calls in flight finish.

mod call;
mod connection;
mod table;

use std::sync::Arc;
use std::time::Duration;

use common::ipc::Reply;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::events::EventSender;
use super::listener::Listener;
use crate::workers::Workers;

/// What a daemon answers.
pub trait Service: Send + Sync + 'static {
    /// The closed enum of its calls.
    type Call: DeserializeOwned + Send + 'static;

    /// Answers one call. The future is dropped when the caller cancels or hangs up, and at the deadline.
    fn handle(&self, call: Self::Call, context: CallContext) -> impl Future<Output = Reply> + Send;
}

/// What a call comes with.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// When the caller stops waiting.
    pub deadline: Instant,
    /// Cancelled when nobody waits for the reply any more: for work that outlives the call's future.
    pub cancelled: CancellationToken,
    /// Sends pieces of a streamed reply.
    pub events: EventSender,
    /// The user of the calling process, as the kernel says.
    pub peer_uid: u32,
}

/// How much is served at once; the rest is refused, or waits to be accepted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) connections: usize,
    pub(super) calls: usize,
    pub(super) calls_per_connection: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 64, calls: 4096, calls_per_connection: 2048 }
    }
}

/// What all connections of a server share.
struct Server<S> {
    name: &'static str,
    service: Arc<S>,
    workers: Workers,
    limits: Limits,
    calls: Arc<Semaphore>,
}

/// Serves until the workers stop, and then until the calls in flight have their replies. `name` is the service's name,
/// which clients check.
pub async fn serve<S: Service>(listener: Listener, name: &'static str, service: Arc<S>, workers: Workers) {
    serve_within(Limits::default(), listener, name, service, workers).await;
}

pub(super) async fn serve_within<S: Service>(
    limits: Limits,
    listener: Listener,
    name: &'static str,
    service: Arc<S>,
    workers: Workers,
) {
    let calls = Arc::new(Semaphore::new(limits.calls));
    let server = Arc::new(Server { name, service, workers: workers.clone(), limits, calls });
    let connections = TaskTracker::new();
    workers.token().run_until_cancelled(accept(&listener, &server, &connections)).await;
    // Nobody new can connect from here on.
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn accept<S: Service>(listener: &Listener, server: &Arc<Server<S>>, connections: &TaskTracker) {
    let places = Arc::new(Semaphore::new(server.limits.connections));
    // The semaphore is never closed.
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, uid)) => {
                let connection = connection::run(stream, uid, Arc::clone(server));
                let connection = connections.track_future(async move {
                    connection.await;
                    drop(place);
                });
                server.workers.spawn("ipc-connection", connection);
            }
            Err(error) => {
                // Out of file descriptors, most likely: others may be given back.
                tracing::error!(socket = %listener.path().display(), %error, "Cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
