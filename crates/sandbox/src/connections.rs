//! HTTP connections to one address, kept alive between requests as aiohttp keeps them.

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use daemon_kit::Workers;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// aiohttp's limit for idle connections.
const IDLE_TIME: Duration = Duration::from_secs(15);

/// The largest response that is read.
const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;

/// A pool of connections.
#[derive(Debug)]
pub struct Connections {
    address: SocketAddr,
    idle: Mutex<Vec<Idle>>,
    workers: Workers,
}

#[derive(Debug)]
struct Idle {
    sender: SendRequest<Full<Bytes>>,
    since: Instant,
}

/// No response was had.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Nobody listens there.
    #[error("no connection can be made")]
    Connect(#[source] io::Error),
    /// The connection broke, or what came was no HTTP.
    #[error("the connection broke")]
    Broken(#[source] hyper::Error),
    /// The response was cut off or too large.
    #[error("the response could not be read")]
    Response(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Connections {
    /// Makes an empty pool; nothing is connected yet.
    #[must_use]
    pub fn new(address: SocketAddr, workers: Workers) -> Self {
        Self { address, idle: Mutex::default(), workers }
    }

    /// Sends a request and reads the whole response. There is no retry: neither has a dendrite one.
    ///
    /// # Errors
    /// If there is no whole response.
    pub async fn exchange(&self, request: Request<Vec<u8>>) -> Result<Response<Bytes>, ExchangeError> {
        let mut sender = match self.reuse().await {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let response = sender.send_request(request).await.map_err(ExchangeError::Broken)?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_RESPONSE_BYTES).collect().await.map_err(ExchangeError::Response)?;
        self.keep(sender);
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    async fn reuse(&self) -> Option<SendRequest<Full<Bytes>>> {
        loop {
            let Idle { mut sender, since } = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if since.elapsed() < IDLE_TIME && !sender.is_closed() && sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, ExchangeError> {
        let stream = TcpStream::connect(self.address).await.map_err(ExchangeError::Connect)?;
        stream.set_nodelay(true).map_err(ExchangeError::Connect)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(ExchangeError::Broken)?;
        let stop = self.workers.token();
        self.workers.spawn("connection", async move {
            // How it ends is told to the one who sends.
            tokio::select! {
                () = stop.cancelled() => {}
                end = connection => drop(end),
            }
        });
        Ok(sender)
    }

    fn keep(&self, sender: SendRequest<Full<Bytes>>) {
        if !sender.is_closed() {
            let idle = Idle { sender, since: Instant::now() };
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
        }
    }
}
