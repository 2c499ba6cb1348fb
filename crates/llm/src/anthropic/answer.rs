//! A reply that says it is an answer.

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
    answer.usage = body.get("usage").and_then(usage::read);
    if is_error(&body) {
        return Err(CallError { billing: answer.billing(), ..refusal::of(reply.status, &body, reply.retry_after) });
    }
    let Some(blocks) = body.get("content").and_then(Value::as_array) else {
        return Err(answer.malformed("has no content"));
    };
    for block in blocks.iter().filter(|block| is_text(block)) {
        match block.get("text").and_then(Value::as_str) {
            Some(text) => answer.add(text)?,
            None => return Err(answer.malformed("has a block of text without text")),
        }
    }
    answer.finish = body.get("stop_reason").and_then(Value::as_str).map(finish);
    answer.judge()
}

/// Whether a block is what the model says, not what it thinks or does.
pub(crate) fn is_text(block: &Value) -> bool {
    block.get("type").and_then(Value::as_str) == Some("text")
}

/// What `stop_reason` means.
pub(crate) fn finish(word: &str) -> Finish {
    let ending = match word {
        "end_turn" | "stop_sequence" => Ending::Complete,
        "max_tokens" | "model_context_window_exceeded" => Ending::Capped,
        "refusal" => Ending::Filtered,
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
    fn the_text_is_all_blocks_of_text_and_no_thought() {
        let content = json!([
            { "type": "thinking", "thinking": "France, so…", "signature": "x" },
            { "type": "text", "text": "Par" },
            { "type": "redacted_thinking", "data": "x" },
            { "type": "text", "text": "is." },
        ]);

        let completion = read(&reply("end_turn", &content)).unwrap();

        assert_eq!((completion.text.as_str(), completion.usage), ("Paris.", Some(USED)));
    }

    #[test]
    fn what_is_no_answer_is_billed_as_stated() {
        let text = |text: &str| json!([{ "type": "text", "text": text }]);
        for (stop, content, failure) in [
            ("max_tokens", text("Par"), VendorFailure::Truncated),
            ("max_tokens", json!([{ "type": "thinking", "thinking": "so…" }]), VendorFailure::Empty),
            ("model_context_window_exceeded", text("Par"), VendorFailure::Truncated),
            ("refusal", json!([]), VendorFailure::Filtered),
            ("end_turn", json!([]), VendorFailure::Empty),
            ("tool_use", text("Paris."), VendorFailure::Malformed),
            ("pause_turn", text("Paris."), VendorFailure::Malformed),
            ("something new", text("Paris."), VendorFailure::Malformed),
            ("end_turn", json!("Paris."), VendorFailure::Malformed),
            ("end_turn", json!([{ "type": "text", "text": 7 }]), VendorFailure::Malformed),
        ] {
            let error = read(&reply(stop, &content)).unwrap_err();

            assert_eq!((error.failure, error.billing), (failure, Billing::Known(USED)), "{stop} {content}");
        }
    }

    #[test]
    fn what_is_no_message_is_malformed() {
        for body in ["", "null", "[]", "{}", "<html>", r#"{"content": []}"#] {
            let error = read(&Reply { status: 200, retry_after: None, body: body.into() }).unwrap_err();

            assert_eq!((error.failure, error.billing), (VendorFailure::Malformed, Billing::Unknown), "{body}");
        }
    }

    fn reply(stop: &str, content: &Value) -> Reply {
        let body = json!({
            "id": "msg_013Zva2CMHLNnXjNJJKqJ2EF",
            "type": "message",
            "role": "assistant",
            "model": "claude-haiku-5-5",
            "content": content,
            "stop_reason": stop,
            "stop_sequence": null,
            "usage": { "input_tokens": 19, "output_tokens": 10, "service_tier": "standard" },
        });
        Reply { status: 200, retry_after: None, body: body.to_string().into_bytes() }
    }
}
