//! Tokens used by one vendor call, in buckets that never overlap.

use serde::{Deserialize, Serialize};

/// Tokens by what they are billed as; no token is in two buckets.
///
/// Vendors count differently (OpenAI and Gemini have cached tokens inside the prompt, Anthropic beside it): the `llm`
/// crate makes these buckets of each vendor's numbers.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TokenUsage {
    /// Prompt tokens billed at the full input price.
    pub input_uncached: u64,
    /// Prompt tokens read from the vendor's cache.
    pub input_cache_read: u64,
    /// Prompt tokens written to the vendor's cache.
    pub input_cache_write: u64,
    /// Generated tokens, thinking included.
    pub output: u64,
}

impl TokenUsage {
    /// Returns the tokens of all buckets.
    #[must_use]
    pub fn total(self) -> u64 {
        self.input_uncached
            .saturating_add(self.input_cache_read)
            .saturating_add(self.input_cache_write)
            .saturating_add(self.output)
    }
}
