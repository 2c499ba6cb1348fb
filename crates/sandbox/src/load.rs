//! Sends many signed requests and measures how they are answered.
//!
//! Requests are signed by a thread of their own, just before they are due: signing is not measured, and nonces are fresh.
//! With a fixed rate a latency counts from the moment at which the request was due, so that a miner that stalls cannot hide it
//! by slowing the load down.

mod report;
mod signer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use daemon_kit::Workers;
use tokio::sync::{Mutex, mpsc};
use uuid::Uuid;

use crate::connections::Connections;
use crate::dendrite::{self, Dendrite, Query, Reply, Target};
pub use report::Report;
use report::Sample;
use signer::{Due, Signer};

/// More requests than are ever useful at once.
const MAX_CONNECTIONS: usize = 1_024;

/// How long the last answers may take to be put away.
const END: Duration = Duration::from_secs(5);

/// How much is sent, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// `None`: whenever a connection is free.
    interval: Option<Duration>,
    requests: u64,
    connections: usize,
}

/// Why nothing is sent.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no sense in these numbers.
    #[error("{0}")]
    Numbers(&'static str),
    /// The URI makes no key.
    #[error("the requests cannot be signed")]
    Key(#[from] bittensor::keys::KeyError),
    /// A bug.
    #[error("the load generator did not end well")]
    Workers(#[from] daemon_kit::WorkersError),
    /// A bug.
    #[error("the signer did not end well")]
    Signer(#[from] tokio::task::JoinError),
}

impl Load {
    /// A fixed number of requests a second, whatever the answers do.
    ///
    /// # Errors
    /// If a number is too small or too large to be meant.
    pub fn open(per_second: f64, seconds: f64, connections: usize) -> Result<Self, LoadError> {
        if !(0.1..=100_000.0).contains(&per_second) || !(0.1..=86_400.0).contains(&seconds) {
            return Err(LoadError::Numbers("--rate must be from 0.1 to 100000, --seconds from 0.1 to 86400"));
        }
        let interval = Some(Duration::from_secs_f64(1.0 / per_second));
        Self { interval, requests: (per_second * seconds).ceil() as u64, connections }.checked()
    }

    /// So many requests under way until all are sent.
    ///
    /// # Errors
    /// If a number is too small or too large to be meant.
    pub fn closed(connections: usize, requests: u64) -> Result<Self, LoadError> {
        Self { interval: None, requests, connections }.checked()
    }

    fn checked(self) -> Result<Self, LoadError> {
        if (1..=MAX_CONNECTIONS).contains(&self.connections) && (1..=10_000_000).contains(&self.requests) {
            Ok(self)
        } else {
            Err(LoadError::Numbers("there must be from 1 to 1024 connections and from 1 to 10000000 requests"))
        }
    }
}

/// Sends the load and waits for all answers.
///
/// # Errors
/// If nothing can be signed.
pub async fn run(load: Load, target: &Target, key_uri: &str, timeout: Duration) -> Result<Report, LoadError> {
    let dendrite = Dendrite::new(key_uri, Uuid::from_u128(rand::random()))?;
    let signer = Signer { dendrite, target: target.clone(), timeout };
    let workers = Workers::new();
    // Closed: what is signed ahead waits for no more than one answer.
    let (due, queue) = mpsc::channel(load.connections);
    let (samples, mut measured) = mpsc::channel(load.connections);
    let queue = Arc::new(Mutex::new(queue));
    let start = Instant::now();
    let signing = tokio::task::spawn_blocking(move || signer.run(load.requests, load.interval, start, &due));
    for _ in 0..load.connections {
        let connections = Connections::new(target.address, workers.clone());
        workers.spawn("load", send(Arc::clone(&queue), connections, timeout, samples.clone()));
    }
    drop(samples);
    let mut report = report::Builder::default();
    while let Some(sample) = measured.recv().await {
        report.add(sample);
    }
    let elapsed = start.elapsed();
    signing.await?;
    workers.stop();
    workers.wait(END).await?;
    Ok(report.finish(elapsed))
}

/// One connection: takes what is due, until nothing more will be.
async fn send(
    queue: Arc<Mutex<mpsc::Receiver<Due>>>,
    connections: Connections,
    timeout: Duration,
    samples: mpsc::Sender<Sample>,
) {
    loop {
        let next = queue.lock().await.recv().await;
        let Some(Due { request, query, intended }) = next else { return };
        let intended = intended.unwrap_or_else(Instant::now);
        let exchange = tokio::time::timeout(timeout, connections.exchange(request)).await;
        let latency = intended.elapsed();
        let end = match exchange {
            Ok(Ok(response)) => match read(&query, &response) {
                Reply::Answered(_) => Ok(()),
                Reply::Refused { status, .. } | Reply::Broken { status, .. } => Err(status),
            },
            Ok(Err(_)) => Err(503),
            Err(_) => Err(408),
        };
        if samples.send(Sample { latency, end }).await.is_err() {
            return;
        }
    }
}

fn read(query: &Query, response: &http::Response<bytes::Bytes>) -> Reply {
    dendrite::read(query, response.status(), response.headers(), response.body())
}
