//! An answer that comes in pieces. Only `[DONE]` shows that it is whole.

use common::usage::TokenUsage;
use serde_json::Value;

use super::answer::{finish, is_refusal};
use super::{refusal, usage};
use crate::answer::{Answer, Ending, Finish};
use crate::call_error::CallError;
use crate::completion::Completion;
use crate::refusal::is_error;
use crate::streaming::{Step, cut};

/// Puts the pieces together.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    answer: Answer,
    refused: bool,
    done: bool,
}

impl Reader {
    /// Takes an event's data.
    pub(crate) fn take(&mut self, data: &[u8]) -> Result<Step, CallError> {
        if data.trim_ascii() == b"[DONE]" {
            self.done = true;
            return Ok(Step::Last);
        }
        let Ok(chunk) = serde_json::from_slice::<Value>(data) else {
            return Err(self.answer.malformed("has an event that is no JSON"));
        };
        if let Some(usage) = chunk.get("usage").and_then(usage::read) {
            self.answer.usage = Some(usage);
        }
        if is_error(&chunk) {
            return Err(CallError { billing: self.answer.billing(), ..refusal::of(200, &chunk, None) });
        }
        let Some(choice) = chunk.get("choices").and_then(|choices| choices.get(0)) else {
            return Ok(Step::Nothing);
        };
        if let Some(word) = choice.get("finish_reason").and_then(Value::as_str) {
            self.answer.finish = Some(finish(word));
        }
        let delta = choice.get("delta").unwrap_or(&Value::Null);
        self.refused |= is_refusal(delta);
        match delta.get("content") {
            Some(Value::String(text)) if !text.is_empty() => {
                self.answer.add(text)?;
                Ok(Step::Text(text.clone()))
            }
            Some(Value::String(_) | Value::Null) | None => Ok(Step::Nothing),
            Some(_) => Err(self.answer.malformed("has content that is no text")),
        }
    }

    /// Whether the vendor has said that this is all.
    pub(crate) fn is_whole(&self) -> bool {
        self.done
    }

    /// What the vendor has counted up to now.
    pub(crate) fn seen(&self) -> Option<TokenUsage> {
        self.answer.usage
    }

    /// Decides whether the pieces are an answer.
    pub(crate) fn end(mut self) -> Result<Completion, CallError> {
        if !self.done {
            return Err(cut(&self.answer));
        }
        if self.refused {
            self.answer.finish = Some(Finish::new(Ending::Filtered, "refusal"));
        }
        self.answer.judge()
    }
}
