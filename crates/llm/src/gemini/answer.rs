//! A reply that says it is an answer, or a piece of one: both have the same form.

use serde_json::Value;

use super::{refusal, usage};
use crate::answer::{Answer, Ending, Finish};
use crate::call_error::CallError;
use crate::completion::Completion;
use crate::exchange::Reply;
use crate::refusal::is_error;

/// Reads the answer.
pub(crate) fn read(reply: &Reply) -> Result<Completion, CallError> {
    let mut answer = Answer::default();
    let Ok(body) = serde_json::from_slice::<Value>(&reply.body) else {
        return Err(answer.malformed("is no JSON"));
    };
    if body.get("candidates").is_none() && body.get("promptFeedback").is_none() && !is_error(&body) {
        return Err(answer.malformed("has no candidates"));
    }
    add(&mut answer, &body)?;
    answer.judge()
}

/// Adds what a reply or a piece of one has; returns the text that is new.
pub(crate) fn add(answer: &mut Answer, body: &Value) -> Result<String, CallError> {
    // Counts are cumulative: the last ones hold.
    if let Some(counts) = body.get("usageMetadata") {
        answer.usage = usage::read(counts);
    }
    if is_error(body) {
        return Err(CallError { billing: answer.billing(), ..refusal::of(200, body, None) });
    }
    if let Some(reason) = body.get("promptFeedback").and_then(|feedback| feedback.get("blockReason")?.as_str()) {
        answer.finish = Some(Finish::new(Ending::Filtered, reason));
    }
    let Some(candidate) = body.get("candidates").and_then(|candidates| candidates.get(0)) else {
        return Ok(String::new());
    };
    if let Some(word) = candidate.get("finishReason").and_then(Value::as_str) {
        answer.finish = Some(finish(word));
    }
    let parts = candidate.get("content").and_then(|content| content.get("parts")?.as_array());
    let is_said = |part: &&Value| part.get("thought").and_then(Value::as_bool) != Some(true);
    let mut added = String::new();
    for part in parts.into_iter().flatten().filter(is_said) {
        match part.get("text") {
            Some(Value::String(text)) => {
                answer.add(text)?;
                added.push_str(text);
            }
            Some(_) => return Err(answer.malformed("has text that is no text")),
            // A call of a tool, say.
            None => {}
        }
    }
    Ok(added)
}

/// What `finishReason` means.
fn finish(word: &str) -> Finish {
    let ending = match word {
        "STOP" => Ending::Complete,
        // Going on after CONTINUATION would be another call, and another bill.
        "MAX_TOKENS" | "CONTINUATION" => Ending::Capped,
        "SAFETY" | "RECITATION" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "ESCALATION"
        | "MODEL_ARMOR" => Ending::Filtered,
        _ => Ending::Other,
    };
    Finish::new(ending, word)
}

#[cfg(test)]
mod tests {
    use common::outcome::VendorFailure;
    use common::usage::TokenUsage;
    use serde_json::json;

    use super::*;
    use crate::call_error::Billing;

    const USED: TokenUsage = TokenUsage { input_uncached: 19, input_cache_read: 0, input_cache_write: 0, output: 10 };

    #[test]
    fn the_text_is_all_parts_but_thoughts() {
        let parts = json!([{ "text": "France, so…", "thought": true }, { "text": "Par" }, { "text": "is." }]);

        let completion = read(&reply("STOP", &parts)).unwrap();

        assert_eq!((completion.text.as_str(), completion.usage), ("Paris.", Some(USED)));
    }

    #[test]
    fn what_is_no_answer_is_billed_as_stated() {
        let text = json!([{ "text": "Par" }]);
        for (reason, parts, failure) in [
            ("MAX_TOKENS", &text, VendorFailure::Truncated),
            ("MAX_TOKENS", &json!([{ "text": "so…", "thought": true }]), VendorFailure::Empty),
            ("CONTINUATION", &text, VendorFailure::Truncated),
            ("SAFETY", &json!([]), VendorFailure::Filtered),
            ("RECITATION", &text, VendorFailure::Filtered),
            ("PROHIBITED_CONTENT", &json!(null), VendorFailure::Filtered),
            ("STOP", &json!([]), VendorFailure::Empty),
            ("OTHER", &text, VendorFailure::Malformed),
            ("SOMETHING_NEW", &text, VendorFailure::Malformed),
            ("STOP", &json!([{ "text": 7 }]), VendorFailure::Malformed),
        ] {
            let error = read(&reply(reason, parts)).unwrap_err();

            assert_eq!((error.failure, error.billing), (failure, Billing::Known(USED)), "{reason} {parts}");
        }
    }

    #[test]
    fn a_blocked_prompt_is_filtered() {
        let body = json!({
            "promptFeedback": { "blockReason": "PROHIBITED_CONTENT" },
            "usageMetadata": { "promptTokenCount": 5, "totalTokenCount": 5 },
        });

        let error = read(&Reply { status: 200, retry_after: None, body: body.to_string().into() }).unwrap_err();

        let used = TokenUsage { input_uncached: 5, ..TokenUsage::default() };
        assert_eq!((error.failure, error.billing), (VendorFailure::Filtered, Billing::Known(used)));
    }

    #[test]
    fn what_is_no_reply_is_malformed() {
        for body in ["", "null", "[]", "{}", "<html>", r#"{"candidates": []}"#, r#"{"candidates": [{}]}"#] {
            let error = read(&Reply { status: 200, retry_after: None, body: body.into() }).unwrap_err();

            assert_eq!((error.failure, error.billing), (VendorFailure::Malformed, Billing::Unknown), "{body}");
        }
    }

    fn reply(reason: &str, parts: &Value) -> Reply {
        let body = json!({
            "candidates": [{ "content": { "role": "model", "parts": parts }, "finishReason": reason, "index": 0 }],
            "usageMetadata": { "promptTokenCount": 19, "candidatesTokenCount": 4, "thoughtsTokenCount": 6, "totalTokenCount": 29 },
            "modelVersion": "gemini-4-argon",
        });
        Reply { status: 200, retry_after: None, body: body.to_string().into_bytes() }
    }
}
