//! What a successful call returns.

use std::fmt;

use common::usage::TokenUsage;

use crate::rate_limit::RateLimits;

/// A model's answer.
#[derive(Clone, Eq, PartialEq)]
pub struct Completion {
    /// The text; never empty.
    pub text: String,
    /// The tokens used; `None` if the vendor did not say, which is not the same as zero.
    pub usage: Option<TokenUsage>,
    /// What is left of the vendor's rate limits.
    pub limits: RateLimits,
}

/// Shows the size of the text only: answers do not belong in logs.
impl fmt::Debug for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completion").field("text_bytes", &self.text.len()).field("usage", &self.usage).finish()
    }
}
