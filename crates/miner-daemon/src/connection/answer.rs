//! Carries an answer's body out, and its receipt to the exchange.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use super::stream::SharedExchange;
use crate::delivery::Receipt;
use crate::request::{Cut, Pieces};

/// An answer in one piece, or in many. Its receipt goes to the exchange when hyper has taken all of it, and is dropped if it
/// never does.
pub(super) struct AnswerBody {
    content: Content,
    exchange: SharedExchange,
}

#[expect(clippy::large_enum_variant, reason = "nearly all answers are whole, and there are few of them")]
enum Content {
    Whole {
        bytes: Bytes,
        receipt: Option<Receipt>,
    },
    Pieces(Box<Pieces>),
    /// hyper has all of it, or will never get it.
    Gone,
}

impl AnswerBody {
    pub(super) fn whole(bytes: Vec<u8>, receipt: Option<Receipt>, exchange: SharedExchange) -> Self {
        exchange.lock().answer_began(Instant::now());
        Self { content: Content::Whole { bytes: bytes.into(), receipt }, exchange }
    }

    pub(super) fn pieces(pieces: Pieces, exchange: SharedExchange) -> Self {
        exchange.lock().stream_began(Instant::now());
        Self { content: Content::Pieces(Box::new(pieces)), exchange }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if let Content::Pieces(pieces) = &mut self.content {
            let piece = match ready!(pieces.poll_next(context)) {
                Some(Ok(piece)) => piece,
                Some(Err(cut)) => {
                    // hyper throws away what it has not written yet when a body fails.
                    if self.exchange.lock().awaits_flush() {
                        return Poll::Pending;
                    }
                    return Poll::Ready(Some(Err(cut)));
                }
                None => {
                    let receipt = pieces.receipt();
                    self.content = Content::Gone;
                    self.exchange.lock().answer_handed(receipt);
                    return Poll::Ready(None);
                }
            };
            self.exchange.lock().piece_handed(Instant::now());
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        match std::mem::replace(&mut self.content, Content::Gone) {
            Content::Whole { bytes, receipt } if !bytes.is_empty() => {
                self.exchange.lock().answer_handed(receipt);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Content::Whole { .. } | Content::Pieces(_) | Content::Gone => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Whole { bytes, .. } => bytes.is_empty(),
            // Only hyper's next look tells, and its last look carries the receipt.
            Content::Pieces(_) => false,
            Content::Gone => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole { bytes, .. } => SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            Content::Pieces(_) => SizeHint::default(),
            Content::Gone => SizeHint::with_exact(0),
        }
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        // hyper leaves the body out where there must be none: the head is all of the answer then.
        if let Content::Whole { bytes, .. } = &self.content
            && !bytes.is_empty()
        {
            self.exchange.lock().answer_handed(None);
        }
    }
}
