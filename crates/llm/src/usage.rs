//! What the protocols' token counts have in common: reading a number, and not believing every one.

use common::usage::TokenUsage;
use serde_json::Value;

/// More than any call can use: ten times the largest context.
const ABSURD: u64 = 20_000_000;

/// Reads a count that may be left out, which is zero. `None` if it is there and no count: then nobody knows what the rest
/// means.
pub(crate) fn count(usage: &Value, name: &str) -> Option<u64> {
    match usage.get(name) {
        None | Some(Value::Null) => Some(0),
        Some(count) => count.as_u64(),
    }
}

/// Drops usage that cannot be: text without a generated token or without a prompt, or more tokens than any model takes. Such
/// a call is booked at its worst case. Without text zero is believed: it is what a refused call costs.
pub(crate) fn credible(usage: Option<TokenUsage>, text: &str) -> Option<TokenUsage> {
    usage.filter(|usage| {
        let said_for_nothing = !text.is_empty() && (usage.output == 0 || usage.total() == usage.output);
        !said_for_nothing && usage.total() <= ABSURD
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn p8_left_out_is_zero_but_what_is_no_count_is_unknown() {
        let usage = json!({ "zero": 0, "some": 7, "null": null, "negative": -1, "half": 0.5, "text": "7" });

        assert_eq!(["zero", "some", "null", "absent"].map(|name| count(&usage, name)), [0, 7, 0, 0].map(Some));
        assert_eq!(["negative", "half", "text"].map(|name| count(&usage, name)), [None; 3]);
    }

    #[test]
    fn text_for_nothing_is_not_believed() {
        for (input, output) in [(0, 0), (0, 5), (9, 0)] {
            assert_eq!(credible(Some(used(input, output)), "Paris."), None, "{input} {output}");
        }
        assert_eq!(credible(Some(used(9, 5)), "Paris."), Some(used(9, 5)));
    }

    #[test]
    fn p8_without_text_zero_is_zero() {
        assert_eq!(credible(Some(used(0, 0)), ""), Some(used(0, 0)));
    }

    #[test]
    fn absurd_counts_are_not_believed() {
        assert_eq!(credible(Some(used(ABSURD, 1)), "Paris."), None);
        assert_eq!(credible(Some(used(u64::MAX, u64::MAX)), ""), None);
    }

    fn used(input_uncached: u64, output: u64) -> TokenUsage {
        TokenUsage { input_uncached, output, ..TokenUsage::default() }
    }
}
