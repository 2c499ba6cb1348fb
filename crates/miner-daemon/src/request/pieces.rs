//! An answer that goes out in pieces while the model still writes it.
//!
//! It is the response's body, and it holds the call: when the validator hangs up, hyper drops the body, and with it the call
//! to task-handler, which stops the vendor and settles what was spent.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use common::call::task::AnswerPiece;
use common::outcome::{TaskAnswer, TaskFailure};
use common::record::DeliveryOutcome;
use common::usage::TokenUsage;
use serde_json::value::RawValue;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::verified::NoAnswer;
use crate::adapter::Framing;
use crate::delivery::{Receipt, Underway};

/// The call to task-handler.
pub(super) type Call = Pin<Box<dyn Future<Output = Result<TaskAnswer, NoAnswer>> + Send>>;
/// The pieces of its answer.
pub(super) type Events = mpsc::Receiver<Box<RawValue>>;

/// The answer broke off: the connection is cut, so that the validator takes it for nothing whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the answer broke off")]
pub(crate) struct Cut;

/// The body of an answer in pieces.
pub(crate) struct Pieces {
    /// None once the call has ended.
    call: Option<Call>,
    events: Events,
    framing: Box<dyn Framing>,
    /// Bytes of the answer's text that were framed.
    written: usize,
    ready: VecDeque<Bytes>,
    state: State,
    /// Held while the request is in work.
    _place: OwnedSemaphorePermit,
}

enum State {
    Open(Underway),
    /// With the answer's end in `ready`.
    Whole(Receipt),
    /// With the framing's last word in `ready`.
    Broken,
    Done,
}

impl fmt::Debug for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pieces").field("written", &self.written).finish_non_exhaustive()
    }
}

impl Pieces {
    /// The first piece has come, and the call goes on.
    pub(super) fn begin(
        first: &RawValue,
        call: Call,
        events: Events,
        framing: Box<dyn Framing>,
        underway: Underway,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let (call, state) = (Some(call), State::Open(underway));
        let mut pieces = Self { call, events, framing, written: 0, ready: VecDeque::new(), state, _place: place };
        let beginning = pieces.framing.begin();
        pieces.push(beginning);
        pieces.take(first);
        pieces
    }

    /// The whole answer has come at once.
    pub(super) fn of_whole(
        text: &str,
        usage: TokenUsage,
        mut framing: Box<dyn Framing>,
        underway: Underway,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let (_, events) = mpsc::channel(1);
        let frames = [framing.begin(), framing.piece(text), framing.end(usage)];
        let state = State::Whole(underway.answer(DeliveryOutcome::Answered, 200));
        let mut pieces =
            Self { call: None, events, framing, written: text.len(), ready: VecDeque::new(), state, _place: place };
        frames.into_iter().for_each(|frame| pieces.push(frame));
        pieces
    }

    /// Returns what goes out next; none when the answer is whole.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(piece)));
            }
            match self.state {
                State::Open(_) => {}
                State::Whole(_) | State::Done => return Poll::Ready(None),
                State::Broken => return Poll::Ready(Some(Err(Cut))),
            }
            if let Poll::Ready(Some(event)) = self.events.poll_recv(context) {
                self.take(&event);
                continue;
            }
            let Some(call) = &mut self.call else { return Poll::Ready(None) };
            match call.as_mut().poll(context) {
                Poll::Ready(ended) => {
                    self.call = None;
                    self.finish(ended);
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Returns the open record of an answer that is whole.
    pub(crate) fn receipt(&mut self) -> Option<Receipt> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Whole(receipt) => Some(receipt),
            State::Open(_) | State::Broken | State::Done => None,
        }
    }

    fn take(&mut self, event: &RawValue) {
        match serde_json::from_str(event.get()) {
            Ok(AnswerPiece { text }) => self.write(&text),
            Err(error) => tracing::warn!(%error, "A piece of an answer cannot be read"),
        }
    }

    fn write(&mut self, text: &str) {
        self.written += text.len();
        let frame = self.framing.piece(text);
        self.push(frame);
    }

    /// Empty frames would end a chunked body.
    fn push(&mut self, frame: String) {
        if !frame.is_empty() {
            self.ready.push_back(frame.into());
        }
    }

    fn finish(&mut self, ended: Result<TaskAnswer, NoAnswer>) {
        // What was sent before the end stands before it in the queue.
        while let Ok(event) = self.events.try_recv() {
            self.take(&event);
        }
        let State::Open(underway) = std::mem::replace(&mut self.state, State::Done) else { return };
        match ended {
            Ok(TaskAnswer::Answered(answered)) => {
                let rest = answered.value.as_str().and_then(|whole| whole.get(self.written..));
                if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
                    self.write(rest);
                }
                let end = self.framing.end(answered.usage);
                self.push(end);
                self.state = State::Whole(underway.answer(DeliveryOutcome::Answered, 200));
            }
            // Nothing else can come after a piece, but the validator must not take it for whole in any case.
            Ok(TaskAnswer::Declined(reason)) => self.break_off(underway, DeliveryOutcome::Declined(reason)),
            Ok(TaskAnswer::Failed(failure)) => self.break_off(underway, DeliveryOutcome::Failed(failure)),
            Err(reason) => self.break_off(underway, reason.outcome()),
        }
    }

    fn break_off(&mut self, underway: Underway, outcome: DeliveryOutcome) {
        let last_word = self.framing.fail();
        self.push(last_word);
        self.state = State::Broken;
        drop(underway.answer(outcome, 200));
    }
}

impl NoAnswer {
    /// What is recorded.
    pub(super) fn outcome(self) -> DeliveryOutcome {
        match self {
            Self::Declined(reason) => DeliveryOutcome::Declined(reason),
            Self::Failed(failure) => DeliveryOutcome::Failed(failure),
            Self::Unavailable => DeliveryOutcome::Unavailable,
        }
    }

    /// The hotkey has lost its place: no answer can earn anything any more.
    pub(super) fn cancelled() -> Self {
        Self::Failed(TaskFailure::Cancelled)
    }
}
