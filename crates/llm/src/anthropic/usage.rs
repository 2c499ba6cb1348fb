//! The vendor's token counts, made into buckets that never overlap.

use common::usage::TokenUsage;
use serde_json::Value;

use crate::usage::count;

/// Reads `usage`. `None` if the vendor did not say what it used, or not in whole numbers: absent is not zero. The three input
/// counts stand beside each other; thinking is part of the output.
pub(crate) fn read(usage: &Value) -> Option<TokenUsage> {
    Some(TokenUsage {
        input_uncached: usage.get("input_tokens")?.as_u64()?,
        input_cache_read: count(usage, "cache_read_input_tokens")?,
        input_cache_write: count(usage, "cache_creation_input_tokens")?,
        output: usage.get("output_tokens")?.as_u64()?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn p9_the_input_is_the_sum_of_three() {
        let usage = json!({
            "input_tokens": 50,
            "cache_creation_input_tokens": 248,
            "cache_read_input_tokens": 1800,
            "output_tokens": 503,
            "output_tokens_details": { "thinking_tokens": 400 },
            "service_tier": "standard",
        });

        let expected = TokenUsage { input_uncached: 50, input_cache_read: 1800, input_cache_write: 248, output: 503 };
        assert_eq!(read(&usage), Some(expected));
    }

    #[test]
    fn what_is_not_said_is_unknown() {
        for usage in [
            json!(null),
            json!({ "input_tokens": 7 }),
            json!({ "output_tokens": 7 }),
            json!({ "input_tokens": -7, "output_tokens": 7 }),
            json!({ "input_tokens": 7, "output_tokens": "7" }),
            json!({ "input_tokens": 7, "output_tokens": 7, "cache_read_input_tokens": -1 }),
        ] {
            assert_eq!(read(&usage), None, "{usage}");
        }
    }
}
