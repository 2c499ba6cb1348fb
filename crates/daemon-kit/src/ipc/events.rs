//! Pieces of a streamed reply, on their way to the caller.

use common::ipc::{Event, ServerFrame};
use serde::Serialize;
use tokio::sync::mpsc;

use super::codec::{self, FrameError};

/// Sends the events of one call.
#[derive(Clone, Debug)]
pub struct EventSender {
    id: u64,
    frames: mpsc::Sender<Vec<u8>>,
}

/// Why an event was not sent.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The caller has hung up.
    #[error("the caller has hung up")]
    Closed,
    /// It is no JSON, or too large.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

impl EventSender {
    pub(super) fn new(id: u64, frames: mpsc::Sender<Vec<u8>>) -> Self {
        Self { id, frames }
    }

    /// Sends an event; waits while the caller is slow.
    ///
    /// # Errors
    /// The caller has hung up, or the event does not fit into a frame.
    pub async fn send<T: Serialize + Sync>(&self, event: &T) -> Result<(), EventError> {
        let event = serde_json::value::to_raw_value(event).map_err(|_| FrameError::Unwritable)?;
        let frame = codec::encode(&ServerFrame::Event(Event { id: self.id, event }))?;
        self.frames.send(frame).await.map_err(|_| EventError::Closed)
    }
}
