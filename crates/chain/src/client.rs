//! The client's side of the connection: what the heads are, and reading at them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, watch};

use crate::block::Block;
use crate::driver::{Channels, Driver};
use crate::error::ChainError;
use crate::head::{BlockHash, Head};
use crate::network::Settings;
use crate::state::{ConnectionState, Runtime};

/// Asks the chain. Cheap to clone; all clones share one connection.
#[derive(Clone, Debug)]
pub struct Client {
    state: watch::Receiver<ConnectionState>,
    best: watch::Receiver<Option<Head>>,
    finalized: watch::Receiver<Option<Head>>,
    runtime: watch::Receiver<Option<Arc<Runtime>>>,
    current: watch::Receiver<Option<Block>>,
    /// Transactions are sent one after the other, so that none takes another's number.
    pub(crate) sending: Arc<Mutex<()>>,
}

/// Makes a client and the driver that keeps it connected; the driver must be run.
#[must_use]
pub fn connect(settings: Settings) -> (Client, Driver) {
    let (state_in, state) = watch::channel(ConnectionState::Down { since: Instant::now(), last: None });
    let (best_in, best) = watch::channel(None);
    let (finalized_in, finalized) = watch::channel(None);
    let (runtime_in, runtime) = watch::channel(None);
    let (current_in, current) = watch::channel(None);
    let channels =
        Channels { state: state_in, best: best_in, finalized: finalized_in, runtime: runtime_in, current: current_in };
    let sending = Arc::default();
    (Client { state, best, finalized, runtime, current, sending }, Driver::new(settings, channels))
}

impl Client {
    /// Whether there is a connection, to which node, and what went wrong last.
    #[must_use]
    pub fn connection(&self) -> watch::Receiver<ConnectionState> {
        self.state.clone()
    }

    /// The best head: newest, but it may still be replaced by another. Stays what it was while there is no connection.
    #[must_use]
    pub fn best(&self) -> watch::Receiver<Option<Head>> {
        self.best.clone()
    }

    /// The finalized head: it stays, but is some blocks (on finney 2 to 3, about 30 s) behind the best.
    #[must_use]
    pub fn finalized(&self) -> watch::Receiver<Option<Head>> {
        self.finalized.clone()
    }

    /// The chain's runtime; changes with every upgrade.
    #[must_use]
    pub fn runtime(&self) -> watch::Receiver<Option<Arc<Runtime>>> {
        self.runtime.clone()
    }

    /// Returns the best head for reading.
    ///
    /// # Errors
    /// If there is no connection.
    pub fn at_best(&self) -> Result<Block, ChainError> {
        self.current.borrow().clone().ok_or_else(|| self.not_connected())
    }

    /// Waits for a connection, and returns the best head for reading.
    ///
    /// # Errors
    /// If there was none within `limit`.
    pub async fn connected(&self, limit: Duration) -> Result<Block, ChainError> {
        let mut current = self.current.clone();
        let there = tokio::time::timeout(limit, current.wait_for(Option::is_some)).await;
        match there {
            Ok(Ok(block)) => block.clone().ok_or_else(|| self.not_connected()),
            Ok(Err(_)) | Err(_) => Err(self.not_connected()),
        }
    }

    /// Waits for a best head other than `known`, and returns it for reading.
    ///
    /// # Errors
    /// If there was none within `limit`.
    pub async fn after(&self, known: Option<BlockHash>, limit: Duration) -> Result<Block, ChainError> {
        let mut current = self.current.clone();
        let newer = |block: &Option<Block>| block.as_ref().is_some_and(|block| Some(block.head().hash) != known);
        let there = tokio::time::timeout(limit, current.wait_for(newer)).await;
        match there {
            Ok(Ok(block)) => block.clone().ok_or_else(|| self.not_connected()),
            Ok(Err(_)) => Err(self.not_connected()),
            Err(_) if self.current.borrow().is_some() => {
                Err(ChainError::TimedOut { what: "a new block", after: limit })
            }
            Err(_) => Err(self.not_connected()),
        }
    }

    /// Returns the finalized head for reading.
    ///
    /// # Errors
    /// If there is no connection, or no answer.
    pub async fn at_finalized(&self) -> Result<Block, ChainError> {
        let head = *self.finalized.borrow();
        match head {
            Some(head) => self.at_best()?.other(head).await,
            None => Err(self.not_connected()),
        }
    }

    /// Returns a block of the best chain by its height, for reading.
    ///
    /// # Errors
    /// If there is no such block, no connection, no answer, or the node has forgotten the block's state.
    pub async fn at_number(&self, number: u64) -> Result<Block, ChainError> {
        self.at_best()?.at_number(number).await
    }

    fn not_connected(&self) -> ChainError {
        ChainError::NotConnected(self.state.borrow().last_error().cloned())
    }
}
