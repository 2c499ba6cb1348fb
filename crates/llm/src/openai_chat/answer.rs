//! A reply that says it is an answer.

use common::outcome::VendorFailure;
use serde_json::Value;

use super::{refusal, usage};
use crate::call_error::{Billing, CallError, Cause, VendorCode};
use crate::completion::Completion;
use crate::exchange::Reply;

/// Reads the answer. Whatever is wrong with it, the usage it states is what will be billed.
pub(crate) fn read(reply: &Reply) -> Result<Completion, CallError> {
    let malformed = |billing, problem| CallError::new(VendorFailure::Malformed, billing, Cause::Protocol(problem));
    let Ok(answer) = serde_json::from_slice::<Value>(&reply.body) else {
        return Err(malformed(Billing::Unknown, "is no JSON"));
    };
    let usage = answer.get("usage").and_then(usage::read);
    let billing = usage.map_or(Billing::Unknown, Billing::Known);
    if refusal::is_error(&answer) {
        // Gateways report a vendor's failure this way.
        return Err(CallError { billing, ..refusal::read(reply) });
    }
    let Some(choice) = answer.get("choices").and_then(|choices| choices.get(0)) else {
        return Err(malformed(billing, "has no choices"));
    };
    let Some(message) = choice.get("message").filter(|message| message.is_object()) else {
        return Err(malformed(billing, "has no message"));
    };
    let finish = choice.get("finish_reason").and_then(Value::as_str);
    let ended = |failure| Err(CallError::new(failure, billing, Cause::Finish(finish.and_then(VendorCode::read))));
    match finish {
        Some("stop") => {}
        Some("length") => return ended(VendorFailure::Truncated),
        Some("content_filter") => return ended(VendorFailure::Filtered),
        // Only the vendor's own word shows that an answer is whole.
        Some(_) => return ended(VendorFailure::Malformed),
        None => return Err(malformed(billing, "has no finish_reason")),
    }
    if message.get("refusal").and_then(Value::as_str).is_some_and(|refusal| !refusal.is_empty()) {
        let cause = Cause::Protocol("is a refusal");
        return Err(CallError::new(VendorFailure::Filtered, billing, cause));
    }
    match message.get("content") {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(Completion { text: text.clone(), usage }),
        Some(Value::String(_) | Value::Null) | None => {
            Err(CallError::new(VendorFailure::Empty, billing, Cause::Protocol("has no text")))
        }
        Some(_) => Err(malformed(billing, "has content that is no text")),
    }
}

#[cfg(test)]
mod tests {
    use common::usage::TokenUsage;
    use serde_json::json;

    use super::*;

    const USED: TokenUsage = TokenUsage { input_uncached: 19, input_cache_read: 0, input_cache_write: 0, output: 10 };

    #[test]
    fn a_complete_answer_is_read() {
        let completion = read(&reply(&answer("stop", &json!({ "role": "assistant", "content": "Paris." })))).unwrap();

        assert_eq!(completion, Completion { text: "Paris.".into(), usage: Some(USED) });
    }

    #[test]
    fn an_answer_without_usage_is_an_answer() {
        let mut body = answer("stop", &json!({ "content": "Paris." }));
        body["usage"] = Value::Null;

        assert_eq!(read(&reply(&body)).unwrap().usage, None);
    }

    #[test]
    fn the_text_is_kept_to_the_letter() {
        let text = "  Größe:\n\t\"5\" \u{1f980} ";

        let completion = read(&reply(&answer("stop", &json!({ "content": text })))).unwrap();

        assert_eq!(completion.text, text);
    }

    #[test]
    fn what_is_no_answer_is_billed_as_stated() {
        let cases = [
            ("length", json!({ "content": "Par" }), VendorFailure::Truncated),
            ("length", json!({ "content": "" }), VendorFailure::Truncated),
            ("content_filter", json!({ "content": null }), VendorFailure::Filtered),
            ("stop", json!({ "content": null, "refusal": "I cannot help with that." }), VendorFailure::Filtered),
            ("stop", json!({ "content": "" }), VendorFailure::Empty),
            ("stop", json!({ "content": " \n" }), VendorFailure::Empty),
            ("stop", json!({ "content": null }), VendorFailure::Empty),
            ("stop", json!({}), VendorFailure::Empty),
            ("stop", json!({ "content": 7 }), VendorFailure::Malformed),
            ("stop", json!("Paris."), VendorFailure::Malformed),
            ("tool_calls", json!({ "content": "Paris." }), VendorFailure::Malformed),
            ("something new", json!({ "content": "Paris." }), VendorFailure::Malformed),
        ];

        for (finish, message, failure) in cases {
            let error = read(&reply(&answer(finish, &message))).unwrap_err();

            assert_eq!((error.failure, error.billing), (failure, Billing::Known(USED)), "{finish} {message}");
        }
    }

    #[test]
    fn the_same_without_usage_may_cost_anything() {
        let mut body = answer("length", &json!({ "content": "Par" }));
        body["usage"] = Value::Null;

        assert_eq!(read(&reply(&body)).unwrap_err().billing, Billing::Unknown);
    }

    #[test]
    fn a_missing_finish_reason_is_no_end() {
        let mut body = answer("stop", &json!({ "content": "Par" }));
        body["choices"][0]["finish_reason"] = Value::Null;

        assert_eq!(read(&reply(&body)).unwrap_err().failure, VendorFailure::Malformed);
    }

    #[test]
    fn what_is_no_completion_is_malformed() {
        for body in ["", "null", "[]", "{}", "{\"choices\":[]}", "{\"choices\":{}}", "<html>", "{\"choices\":[{}"] {
            let error = read(&Reply { status: 200, retry_after: None, body: body.into() }).unwrap_err();

            assert_eq!((error.failure, error.billing), (VendorFailure::Malformed, Billing::Unknown), "{body}");
        }
    }

    #[test]
    fn an_error_in_place_of_an_answer_is_that_error() {
        let body = json!({ "error": { "message": "no money", "code": "insufficient_quota" } });

        let error = read(&reply(&body)).unwrap_err();

        assert_eq!((error.failure, error.billing), (VendorFailure::Billing, Billing::Unknown));
    }

    #[test]
    fn errors_do_not_show_the_answer() {
        let error = read(&reply(&answer("length", &json!({ "content": "the secret recipe" })))).unwrap_err();

        assert!(!format!("{error} {error:?}").contains("secret"));
    }

    fn reply(body: &Value) -> Reply {
        Reply { status: 200, retry_after: None, body: body.to_string().into_bytes() }
    }

    fn answer(finish: &str, message: &Value) -> Value {
        json!({
            "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
            "object": "chat.completion",
            "created": 1_795_000_000,
            "model": "gpt-6-luna-2026-09-02",
            "choices": [{ "index": 0, "message": message, "logprobs": null, "finish_reason": finish }],
            "usage": {
                "prompt_tokens": 19,
                "completion_tokens": 10,
                "total_tokens": 29,
                "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
                "completion_tokens_details": { "reasoning_tokens": 0, "accepted_prediction_tokens": 0 },
            },
            "service_tier": "default",
        })
    }
}
