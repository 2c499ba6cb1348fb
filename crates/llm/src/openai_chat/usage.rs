//! The vendor's token counts, made into buckets that never overlap.

use common::usage::TokenUsage;
use serde_json::Value;

use crate::usage::count;

/// Reads `usage`. `None` if the vendor did not say what it used, or not in whole numbers: absent is not zero.
///
/// Cached and cache-written tokens are part of the prompt, thinking is part of the completion. A server that counts
/// otherwise is read so that nothing is left out: cached tokens that do not fit into the prompt stand beside it, and what
/// the total has more than prompt and completion was generated.
pub(crate) fn read(usage: &Value) -> Option<TokenUsage> {
    let prompt = usage.get("prompt_tokens")?.as_u64()?;
    let completion = usage.get("completion_tokens")?.as_u64()?;
    let total = count(usage, "total_tokens")?;
    let details = usage.get("prompt_tokens_details").unwrap_or(&Value::Null);
    let cache_read = count(details, "cached_tokens")?;
    let cache_write = count(details, "cache_write_tokens")?;
    let uncached = cache_read.checked_add(cache_write).and_then(|cached| prompt.checked_sub(cached));
    Some(TokenUsage {
        input_uncached: uncached.unwrap_or(prompt),
        input_cache_read: cache_read,
        input_cache_write: cache_write,
        output: completion.max(total.saturating_sub(prompt)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn p9_cached_and_thinking_tokens_are_not_counted_twice() {
        let usage = json!({
            "prompt_tokens": 2006,
            "completion_tokens": 300,
            "total_tokens": 2306,
            "prompt_tokens_details": { "cached_tokens": 1920, "cache_write_tokens": 64, "audio_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": 256, "audio_tokens": 0 },
        });

        let read = read(&usage).unwrap();

        let expected = TokenUsage { input_uncached: 22, input_cache_read: 1920, input_cache_write: 64, output: 300 };
        assert_eq!(read, expected);
        assert_eq!(read.total(), 2306);
    }

    #[test]
    fn zero_is_zero() {
        let usage = json!({ "prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0 });

        assert_eq!(read(&usage), Some(TokenUsage::default()));
    }

    #[test]
    fn what_is_not_said_is_unknown() {
        let unknown = [
            json!(null),
            json!({}),
            json!([]),
            json!({ "prompt_tokens": 7 }),
            json!({ "completion_tokens": 7 }),
            json!({ "prompt_tokens": null, "completion_tokens": 7 }),
            json!({ "prompt_tokens": -1, "completion_tokens": 7 }),
            json!({ "prompt_tokens": "7", "completion_tokens": 7 }),
            json!({ "prompt_tokens": 7.5, "completion_tokens": 7 }),
            json!({ "prompt_tokens": 7, "completion_tokens": 7, "total_tokens": -14 }),
            json!({ "prompt_tokens": 7, "completion_tokens": 7, "prompt_tokens_details": { "cached_tokens": -7 } }),
        ];

        for usage in unknown {
            assert_eq!(read(&usage), None, "{usage}");
        }
    }

    #[test]
    fn details_that_are_null_are_no_details() {
        let usage = json!({ "prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": null });

        assert_eq!(read(&usage), Some(TokenUsage { input_uncached: 5, output: 2, ..TokenUsage::default() }));
    }

    #[test]
    fn cached_tokens_beside_the_prompt_are_added() {
        let details = json!({ "cached_tokens": 100 });
        let usage = json!({ "prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": details });

        let expected = TokenUsage { input_uncached: 10, input_cache_read: 100, output: 2, ..TokenUsage::default() };
        assert_eq!(read(&usage), Some(expected));
    }

    #[test]
    fn thinking_beside_the_completion_is_added() {
        let usage = json!({ "prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 112 });

        assert_eq!(read(&usage).unwrap().output, 102);
    }

    #[test]
    fn numbers_without_end_do_not_overflow() {
        let details = json!({ "cached_tokens": u64::MAX, "cache_write_tokens": u64::MAX });
        let usage =
            json!({ "prompt_tokens": u64::MAX, "completion_tokens": u64::MAX, "prompt_tokens_details": details });

        assert_eq!(read(&usage).unwrap().total(), u64::MAX);
    }
}
