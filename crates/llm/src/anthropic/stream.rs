//! An answer that comes in pieces. Only `message_stop` shows that it is whole.

use common::usage::TokenUsage;
use serde_json::{Map, Value};

use super::answer::{finish, is_text};
use super::{refusal, usage};
use crate::answer::Answer;
use crate::call_error::CallError;
use crate::completion::Completion;
use crate::streaming::{Step, cut};

/// Puts the pieces together.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    answer: Answer,
    /// The latest of each count: they are cumulative, and the later events have only those that changed.
    counts: Map<String, Value>,
    done: bool,
}

impl Reader {
    /// Takes an event's data. Events and deltas of unknown types are skipped, as the vendor asks.
    pub(crate) fn take(&mut self, data: &[u8]) -> Result<Step, CallError> {
        let Ok(event) = serde_json::from_slice::<Value>(data) else {
            return Err(self.answer.malformed("has an event that is no JSON"));
        };
        match event.get("type").and_then(Value::as_str) {
            Some("message_start") => {
                self.add_counts(event.get("message").and_then(|message| message.get("usage")));
                Ok(Step::Nothing)
            }
            Some("content_block_start") => {
                let block = event.get("content_block").filter(|block| is_text(block));
                self.add(block.and_then(|block| block.get("text")))
            }
            Some("content_block_delta") => {
                let is_said = |delta: &&Value| delta.get("type").and_then(Value::as_str) == Some("text_delta");
                self.add(event.get("delta").filter(is_said).and_then(|delta| delta.get("text")))
            }
            Some("message_delta") => {
                let stop = event.get("delta").and_then(|delta| delta.get("stop_reason")?.as_str());
                self.answer.finish = stop.map(finish).or(self.answer.finish.take());
                let counts = event.get("usage");
                self.add_counts(counts);
                // Before this the output count is a beginning, not what was generated.
                if counts.is_some_and(|counts| counts.get("output_tokens").is_some()) {
                    self.answer.usage = usage::read(&Value::Object(self.counts.clone()));
                }
                Ok(Step::Nothing)
            }
            Some("message_stop") => {
                self.done = true;
                Ok(Step::Last)
            }
            Some("error") => Err(CallError { billing: self.answer.billing(), ..refusal::of(200, &event, None) }),
            Some(_) => Ok(Step::Nothing),
            None => Err(self.answer.malformed("has an event without a type")),
        }
    }

    /// Whether the vendor has said that this is all.
    pub(crate) fn is_whole(&self) -> bool {
        self.done
    }

    /// What the vendor has counted up to now; of the answer that may be only its beginning.
    pub(crate) fn seen(&self) -> Option<TokenUsage> {
        usage::read(&Value::Object(self.counts.clone()))
    }

    /// Decides whether the pieces are an answer.
    pub(crate) fn end(self) -> Result<Completion, CallError> {
        if self.done { self.answer.judge() } else { Err(cut(&self.answer)) }
    }

    fn add(&mut self, text: Option<&Value>) -> Result<Step, CallError> {
        match text.and_then(Value::as_str) {
            Some(text) if !text.is_empty() => {
                self.answer.add(text)?;
                Ok(Step::Text(text.to_owned()))
            }
            Some(_) | None => Ok(Step::Nothing),
        }
    }

    fn add_counts(&mut self, counts: Option<&Value>) {
        let counts = counts.and_then(Value::as_object).into_iter().flatten();
        // Four are read; the rest is not worth keeping.
        let counts = counts.filter(|(name, count)| name.ends_with("_tokens") && !count.is_null()).take(16);
        self.counts.extend(counts.map(|(name, count)| (name.clone(), count.clone())));
    }
}

#[cfg(test)]
mod tests {
    use common::outcome::VendorFailure;

    use super::*;
    use crate::call_error::{Billing, Cause};

    const START: &str = r#"{"type": "message_start", "message": {"usage": {"input_tokens": 25, "cache_read_input_tokens": 3,
        "output_tokens": 1}}}"#;
    const TEXT: &str =
        r#"{"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Paris."}}"#;
    const THOUGHT: &str =
        r#"{"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "so…"}}"#;
    const END: &str =
        r#"{"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 15}}"#;
    const STOP: &str = r#"{"type": "message_stop"}"#;
    const USED: TokenUsage = TokenUsage { input_uncached: 25, input_cache_read: 3, input_cache_write: 0, output: 15 };

    #[test]
    fn the_pieces_make_the_answer_and_the_latest_counts_its_usage() {
        let completion = read(&[START, r#"{"type": "ping"}"#, THOUGHT, TEXT, END, STOP]).unwrap();

        assert_eq!((completion.text.as_str(), completion.usage), ("Paris.", Some(USED)));
    }

    #[test]
    fn without_its_last_word_it_is_no_answer() {
        let before_the_end = read(&[START, TEXT]).unwrap_err();
        let at_the_end = read(&[START, TEXT, END]).unwrap_err();

        assert_eq!((before_the_end.failure, before_the_end.cause), (VendorFailure::Disconnected, Cause::Cut));
        assert_eq!(before_the_end.billing, Billing::Unknown, "the first count of output is only a beginning");
        assert_eq!((at_the_end.cause, at_the_end.billing), (Cause::Cut, Billing::Known(USED)));
    }

    #[test]
    fn an_error_on_the_way_is_that_error() {
        let overloaded = r#"{"type": "error", "error": {"type": "overloaded_error", "message": "…"}}"#;

        let error = read(&[START, TEXT, overloaded]).unwrap_err();

        assert_eq!((error.failure, error.billing), (VendorFailure::Overloaded, Billing::Unknown));
    }

    #[test]
    fn a_refusal_is_typed() {
        let refusal =
            r#"{"type": "message_delta", "delta": {"stop_reason": "refusal"}, "usage": {"output_tokens": 1}}"#;

        assert_eq!(read(&[START, refusal, STOP]).unwrap_err().failure, VendorFailure::Filtered);
    }

    fn read(events: &[&str]) -> Result<Completion, CallError> {
        let mut reader = Reader::default();
        for event in events {
            reader.take(event.as_bytes())?;
        }
        reader.end()
    }
}
