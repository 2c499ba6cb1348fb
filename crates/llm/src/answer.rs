//! What a reply of any protocol came to, plain or streamed, and whether that is an answer.

use common::outcome::VendorFailure;
use common::usage::TokenUsage;

use crate::call_error::{Billing, CallError, Cause, VendorCode};
use crate::completion::Completion;
use crate::rate_limit::RateLimits;
use crate::usage::credible;

/// More than the longest answer of any model.
const MAX_TEXT_BYTES: usize = 4 * 1024 * 1024;

/// What was read of a reply.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    text: String,
    /// How it ended; `None` until the vendor has said so.
    pub(crate) finish: Option<Finish>,
    /// The tokens used, as far as the vendor has said all of it.
    pub(crate) usage: Option<TokenUsage>,
}

/// How an answer ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Finish {
    pub(crate) ending: Ending,
    /// The vendor's own word for it.
    pub(crate) word: Option<VendorCode>,
}

/// What the vendor's word means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    /// The model had said all.
    Complete,
    /// The output cap or the context was full.
    Capped,
    /// A policy stopped it, or the model refused.
    Filtered,
    /// Something else, or a word that is not known: only a known one shows that an answer is whole.
    Other,
}

impl Finish {
    pub(crate) fn new(ending: Ending, word: &str) -> Self {
        Self { ending, word: VendorCode::read(word) }
    }
}

impl Answer {
    /// Adds to the text.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), CallError> {
        if self.text.len() + text.len() > MAX_TEXT_BYTES {
            let cause = Cause::TooLarge { limit: MAX_TEXT_BYTES };
            return Err(CallError::new(VendorFailure::Malformed, self.billing(), cause));
        }
        self.text.push_str(text);
        Ok(())
    }

    /// What is billed, as far as it is known now.
    pub(crate) fn billing(&self) -> Billing {
        credible(self.usage, &self.text).map_or(Billing::Unknown, Billing::Known)
    }

    /// An error of what was read so far.
    pub(crate) fn malformed(&self, problem: &'static str) -> CallError {
        CallError::new(VendorFailure::Malformed, self.billing(), Cause::Protocol(problem))
    }

    /// Decides whether it is an answer. Whatever is wrong with it, the usage it states is what will be billed.
    pub(crate) fn judge(self) -> Result<Completion, CallError> {
        let ended = |failure, cause| Err(CallError::new(failure, self.billing(), cause));
        let Some(finish) = &self.finish else {
            return Err(self.malformed("does not say how it ended"));
        };
        let is_blank = self.text.trim().is_empty();
        match finish.ending {
            Ending::Complete if is_blank => ended(VendorFailure::Empty, Cause::Protocol("has no text")),
            Ending::Complete => {
                let usage = credible(self.usage, &self.text);
                Ok(Completion { text: self.text, usage, limits: RateLimits::default() })
            }
            Ending::Capped if is_blank => ended(VendorFailure::Empty, Cause::OnlyThought),
            Ending::Capped => ended(VendorFailure::Truncated, Cause::Finish(finish.word.clone())),
            Ending::Filtered => ended(VendorFailure::Filtered, Cause::Finish(finish.word.clone())),
            Ending::Other => ended(VendorFailure::Malformed, Cause::Finish(finish.word.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USED: TokenUsage = TokenUsage { input_uncached: 9, input_cache_read: 0, input_cache_write: 0, output: 5 };

    #[test]
    fn only_a_known_word_makes_an_answer() {
        for (ending, text, failure) in [
            (Ending::Complete, "Paris.", None),
            (Ending::Complete, " \n", Some(VendorFailure::Empty)),
            (Ending::Capped, "Par", Some(VendorFailure::Truncated)),
            (Ending::Capped, "", Some(VendorFailure::Empty)),
            (Ending::Filtered, "Par", Some(VendorFailure::Filtered)),
            (Ending::Other, "Paris.", Some(VendorFailure::Malformed)),
        ] {
            let judged = answer(ending, text).judge();

            assert_eq!(judged.err().map(|error| error.failure), failure, "{ending:?} {text:?}");
        }
    }

    #[test]
    fn a_billed_answer_of_nothing_but_thoughts_says_what_to_do() {
        let error = answer(Ending::Capped, "").judge().unwrap_err();

        assert_eq!(error.billing, Billing::Known(USED));
        assert!(error.to_string().contains("max_tokens_per_task"), "{error}");
    }

    #[test]
    fn text_has_a_limit() {
        let mut answer = answer(Ending::Complete, "");
        answer.add(&"x".repeat(MAX_TEXT_BYTES)).unwrap();

        assert_eq!(answer.add("x").unwrap_err().cause, Cause::TooLarge { limit: MAX_TEXT_BYTES });
    }

    fn answer(ending: Ending, text: &str) -> Answer {
        Answer { text: text.into(), finish: Some(Finish::new(ending, "word")), usage: Some(USED) }
    }
}
