//! Carries an answer's body out, and its receipt to the exchange.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use super::stream::SharedExchange;
use crate::delivery::Receipt;

/// An answer in one piece. Its receipt goes to the exchange when hyper takes the piece, and is dropped if it never does.
pub(super) struct AnswerBody {
    bytes: Bytes,
    receipt: Option<Receipt>,
    exchange: SharedExchange,
}

impl AnswerBody {
    pub(super) fn new(bytes: Vec<u8>, receipt: Option<Receipt>, exchange: SharedExchange) -> Self {
        exchange.lock().answer_began(Instant::now());
        Self { bytes: bytes.into(), receipt, exchange }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if self.bytes.is_empty() {
            return Poll::Ready(None);
        }
        let receipt = self.receipt.take();
        self.exchange.lock().answer_handed(receipt);
        Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.bytes)))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.bytes.len()).unwrap_or(u64::MAX))
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        // hyper leaves the body out where there must be none: the head is all of the answer then.
        if !self.bytes.is_empty() {
            self.exchange.lock().answer_handed(None);
        }
    }
}
