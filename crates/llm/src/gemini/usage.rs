//! The vendor's token counts, made into buckets that never overlap.

use common::usage::TokenUsage;
use serde_json::Value;

use crate::usage::count;

/// Reads `usageMetadata`. `None` if the vendor did not say what it used, or not in whole numbers: absent is not zero.
///
/// Cached tokens are part of the prompt; what tools put into it stands beside it; thoughts stand beside the candidates. What
/// the total has more than all that was generated.
pub(crate) fn read(usage: &Value) -> Option<TokenUsage> {
    let prompt = usage.get("promptTokenCount")?.as_u64()?;
    usage.get("candidatesTokenCount").or(usage.get("totalTokenCount"))?;
    let cached = count(usage, "cachedContentTokenCount")?;
    let input = prompt.saturating_add(count(usage, "toolUsePromptTokenCount")?);
    let generated = count(usage, "candidatesTokenCount")?.saturating_add(count(usage, "thoughtsTokenCount")?);
    Some(TokenUsage {
        input_uncached: input.checked_sub(cached).unwrap_or(input),
        input_cache_read: cached,
        input_cache_write: 0,
        output: generated.max(count(usage, "totalTokenCount")?.saturating_sub(input)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn p9_thoughts_are_output_and_cached_tokens_part_of_the_prompt() {
        let usage = json!({
            "promptTokenCount": 2000,
            "cachedContentTokenCount": 1800,
            "toolUsePromptTokenCount": 10,
            "candidatesTokenCount": 100,
            "thoughtsTokenCount": 400,
            "totalTokenCount": 2510,
        });

        let expected = TokenUsage { input_uncached: 210, input_cache_read: 1800, input_cache_write: 0, output: 500 };
        assert_eq!(read(&usage), Some(expected));
    }

    #[test]
    fn what_the_total_has_more_was_generated() {
        let usage = json!({ "promptTokenCount": 20, "totalTokenCount": 120 });

        assert_eq!(read(&usage), Some(TokenUsage { input_uncached: 20, output: 100, ..TokenUsage::default() }));
    }

    #[test]
    fn what_is_not_said_is_unknown() {
        for usage in [
            json!(null),
            json!({ "promptTokenCount": 7 }),
            json!({ "candidatesTokenCount": 7 }),
            json!({ "promptTokenCount": -7, "candidatesTokenCount": 7 }),
            json!({ "promptTokenCount": 7, "candidatesTokenCount": -7 }),
            json!({ "promptTokenCount": 7, "candidatesTokenCount": 7, "thoughtsTokenCount": "many" }),
        ] {
            assert_eq!(read(&usage), None, "{usage}");
        }
    }
}
