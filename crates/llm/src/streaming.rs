//! Follows a stream to its end: pieces of text go out as they come, and what was used is known at the end.

use common::config::miner::Dialect;
use common::outcome::VendorFailure;
use common::usage::TokenUsage;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::answer::Answer;
use crate::call_error::{Billing, CallError, Cause};
use crate::completion::Completion;
use crate::exchange::Events;
use crate::over_cap::Meter;
use crate::{anthropic, gemini, openai_chat};

/// What an event adds.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// A piece of the text, which is not empty.
    Text(String),
    /// Nothing for the reader of the answer.
    Nothing,
    /// The vendor's word that there is no more.
    Last,
}

/// Puts a stream's pieces together.
#[derive(Debug)]
pub(crate) enum Reader {
    OpenaiChat(openai_chat::Reader),
    Anthropic(anthropic::Reader),
    Gemini(gemini::Reader),
}

impl Reader {
    pub(crate) fn new(dialect: Dialect) -> Self {
        match dialect {
            Dialect::OpenaiChat => Self::OpenaiChat(openai_chat::Reader::default()),
            Dialect::Anthropic => Self::Anthropic(anthropic::Reader::default()),
            Dialect::Gemini => Self::Gemini(gemini::Reader::default()),
        }
    }

    /// Takes an event's data.
    pub(crate) fn take(&mut self, data: &[u8]) -> Result<Step, CallError> {
        match self {
            Self::OpenaiChat(reader) => reader.take(data),
            Self::Anthropic(reader) => reader.take(data),
            Self::Gemini(reader) => reader.take(data),
        }
    }

    /// Whether the vendor has said that the answer is whole.
    fn is_whole(&self) -> bool {
        match self {
            Self::OpenaiChat(reader) => reader.is_whole(),
            Self::Anthropic(reader) => reader.is_whole(),
            Self::Gemini(reader) => reader.is_whole(),
        }
    }

    /// What the vendor has counted up to now: no less will be billed.
    fn seen(&self) -> Option<TokenUsage> {
        match self {
            Self::OpenaiChat(reader) => reader.seen(),
            Self::Anthropic(reader) => reader.seen(),
            Self::Gemini(reader) => reader.seen(),
        }
    }

    /// Decides whether the pieces are an answer.
    pub(crate) fn end(self) -> Result<Completion, CallError> {
        match self {
            Self::OpenaiChat(reader) => reader.end(),
            Self::Anthropic(reader) => reader.end(),
            Self::Gemini(reader) => reader.end(),
        }
    }
}

/// The stream ended without the vendor's word that the answer did.
pub(crate) fn cut(answer: &Answer) -> CallError {
    CallError::new(VendorFailure::Disconnected, answer.billing(), Cause::Cut)
}

/// Follows a stream until the vendor says that it is whole. `cap` is the output cap that was sent. Whoever takes the pieces
/// may stop taking them: the rest is read all the same, because only its end says what it costs.
pub(crate) async fn follow(
    mut events: Box<Events>,
    mut reader: Reader,
    cap: u32,
    deltas: &mpsc::Sender<String>,
    deadline: Instant,
) -> Result<Completion, CallError> {
    match pass_on(&mut events, &mut reader, cap, deltas, deadline).await {
        Ok(()) if reader.is_whole() => reader.end(),
        Ok(()) => {
            let seen = reader.seen();
            reader.end().map_err(|error| error.after(seen))
        }
        Err(error) => Err(error.after(reader.seen())),
    }
}

/// Passes the pieces on until the stream ends.
async fn pass_on(
    events: &mut Events,
    reader: &mut Reader,
    cap: u32,
    deltas: &mpsc::Sender<String>,
    deadline: Instant,
) -> Result<(), CallError> {
    let mut meter = Meter::new(cap);
    loop {
        let step = match events.next().await {
            Ok(Some(data)) => reader.take(&data)?,
            Ok(None) => return Ok(()),
            // Nothing was missing but the end of the connection.
            Err(_) if reader.is_whole() => return Ok(()),
            Err(error) => return Err(error),
        };
        match step {
            Step::Text(text) => {
                meter.count(&text)?;
                let late = |_| CallError::new(VendorFailure::Timeout, Billing::Unknown, Cause::Deadline);
                // Nobody may be taking the pieces any more.
                drop(timeout_at(deadline, deltas.send(text)).await.map_err(late)?);
            }
            Step::Nothing => {}
            Step::Last => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Events of all formats, good and bad. The first of each format is its last word.
    const EVENTS: [(Dialect, &[&str]); 3] = [
        (
            Dialect::OpenaiChat,
            &[
                "[DONE]",
                r#"{"choices": [{"delta": {"content": "Be"}}]}"#,
                r#"{"choices": [{"delta": {"content": "cause."}, "finish_reason": "stop"}]}"#,
                r#"{"choices": [{"delta": {}, "finish_reason": "length"}]}"#,
                r#"{"choices": [{"delta": {"refusal": "no"}}]}"#,
                r#"{"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 5}}"#,
                r#"{"choices": [{"delta": 7}], "usage": {"prompt_tokens": -9}}"#,
                r#"{"error": {"code": "server_is_overloaded"}}"#,
            ],
        ),
        (
            Dialect::Anthropic,
            &[
                r#"{"type": "message_stop"}"#,
                r#"{"type": "message_start", "message": {"usage": {"input_tokens": 9, "output_tokens": 1}}}"#,
                r#"{"type": "content_block_start", "content_block": {"type": "text", "text": "So"}}"#,
                r#"{"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Because."}}"#,
                r#"{"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "so"}}"#,
                r#"{"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}}"#,
                r#"{"type": "message_delta", "delta": {"stop_reason": 7}, "usage": {"output_tokens": -5}}"#,
                r#"{"type": "error", "error": {"type": "overloaded_error"}}"#,
            ],
        ),
        (
            Dialect::Gemini,
            &[
                r#"{"candidates": [{"content": {"parts": [{"text": "Yes."}]}, "finishReason": "STOP"}]}"#,
                r#"{"candidates": [{"content": {"parts": [{"text": "Because."}]}}]}"#,
                r#"{"candidates": [{"content": {"parts": [{"text": "so", "thought": true}]}}]}"#,
                r#"{"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 5}}"#,
                r#"{"usageMetadata": {"promptTokenCount": "nine", "candidatesTokenCount": -5}}"#,
                r#"{"candidates": [{"content": 7}], "usageMetadata": 7}"#,
                r#"{"candidates": []}"#,
                r#"{"error": {"code": 503, "status": "UNAVAILABLE"}}"#,
            ],
        ),
    ];

    proptest! {
        #[test]
        fn only_with_its_last_word_is_a_stream_an_answer_and_its_pieces_are_the_text(
            (dialect, picked) in (0_usize..3, proptest::collection::vec(0_usize..8, 0..12)),
        ) {
            let (dialect, events) = EVENTS[dialect];
            let mut reader = Reader::new(dialect);
            let (mut pieces, mut was_last) = (String::new(), false);

            for event in picked.iter().map(|place| events[*place]) {
                was_last |= event == events[0];
                match reader.take(event.as_bytes()) {
                    Ok(Step::Text(piece)) => pieces.push_str(&piece),
                    Ok(Step::Nothing) => {}
                    Ok(Step::Last) => break,
                    Err(_) => return Ok(()),
                }
            }

            if let Ok(completion) = reader.end() {
                prop_assert!(was_last);
                prop_assert_eq!(completion.text, pieces);
            }
        }

        #[test]
        fn no_bytes_make_a_reader_panic(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            for (dialect, _) in EVENTS {
                let mut reader = Reader::new(dialect);
                let _ = (reader.take(&data), reader.end());
            }
        }
    }
}
