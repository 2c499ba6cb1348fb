//! An answer that comes in pieces. Only a finish reason shows that it is whole; counts may come after it.

use common::usage::TokenUsage;
use serde_json::Value;

use super::answer;
use crate::answer::Answer;
use crate::call_error::CallError;
use crate::completion::Completion;
use crate::streaming::{Step, cut};

/// Puts the pieces together.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    answer: Answer,
}

impl Reader {
    /// Takes an event's data.
    pub(crate) fn take(&mut self, data: &[u8]) -> Result<Step, CallError> {
        let Ok(piece) = serde_json::from_slice::<Value>(data) else {
            return Err(self.answer.malformed("has an event that is no JSON"));
        };
        let text = answer::add(&mut self.answer, &piece)?;
        Ok(if text.is_empty() { Step::Nothing } else { Step::Text(text) })
    }

    /// Whether the vendor has said that this is all.
    pub(crate) fn is_whole(&self) -> bool {
        self.answer.finish.is_some()
    }

    /// What the vendor has counted up to now.
    pub(crate) fn seen(&self) -> Option<TokenUsage> {
        self.answer.usage
    }

    /// Decides whether the pieces are an answer.
    pub(crate) fn end(mut self) -> Result<Completion, CallError> {
        if self.is_whole() {
            return self.answer.judge();
        }
        // The counts so far are of a part only.
        self.answer.usage = None;
        Err(cut(&self.answer))
    }
}

#[cfg(test)]
mod tests {
    use common::outcome::VendorFailure;

    use super::*;
    use crate::call_error::{Billing, Cause};

    const FIRST: &str = r#"{"candidates": [{"content": {"role": "model", "parts": [{"text": "Par"}]}, "index": 0}],
        "usageMetadata": {"promptTokenCount": 8, "candidatesTokenCount": 1, "totalTokenCount": 9}}"#;
    const LAST: &str =
        r#"{"candidates": [{"content": {"parts": [{"text": "is."}]}, "finishReason": "STOP", "index": 0}]}"#;
    const COUNTS: &str = r#"{"usageMetadata": {"promptTokenCount": 8, "candidatesTokenCount": 2, "thoughtsTokenCount": 5, "totalTokenCount": 15}}"#;

    #[test]
    fn the_last_counts_hold_even_after_the_end() {
        let completion = read(&[FIRST, LAST, COUNTS]).unwrap();

        let used = TokenUsage { input_uncached: 8, output: 7, ..TokenUsage::default() };
        assert_eq!((completion.text.as_str(), completion.usage), ("Paris.", Some(used)));
    }

    #[test]
    fn without_a_finish_reason_it_is_no_answer_and_may_cost_anything() {
        let error = read(&[FIRST]).unwrap_err();

        assert_eq!((error.failure, error.billing), (VendorFailure::Disconnected, Billing::Unknown));
        assert_eq!(error.cause, Cause::Cut);
    }

    #[test]
    fn an_error_on_the_way_is_that_error() {
        let overloaded = r#"{"error": {"code": 503, "status": "UNAVAILABLE"}}"#;

        assert_eq!(read(&[FIRST, overloaded]).unwrap_err().failure, VendorFailure::Overloaded);
    }

    fn read(events: &[&str]) -> Result<Completion, CallError> {
        let mut reader = Reader::default();
        for event in events {
            reader.take(event.as_bytes())?;
        }
        reader.end()
    }
}
