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
        // Gateways report a vendor's failure this way.
        return Err(CallError { billing: answer.billing(), ..refusal::of(reply.status, &body, reply.retry_after) });
    }
    let Some(choice) = body.get("choices").and_then(|choices| choices.get(0)) else {
        return Err(answer.malformed("has no choices"));
    };
    let Some(message) = choice.get("message").filter(|message| message.is_object()) else {
        return Err(answer.malformed("has no message"));
    };
    match message.get("content") {
        Some(Value::String(text)) => answer.add(text)?,
        Some(Value::Null) | None => {}
        Some(_) => return Err(answer.malformed("has content that is no text")),
    }
    answer.finish = choice.get("finish_reason").and_then(Value::as_str).map(finish);
    if is_refusal(message) {
        answer.finish = Some(Finish::new(Ending::Filtered, "refusal"));
    }
    answer.judge()
}

/// What `finish_reason` means.
pub(crate) fn finish(word: &str) -> Finish {
    let ending = match word {
        "stop" => Ending::Complete,
        "length" => Ending::Capped,
        "content_filter" => Ending::Filtered,
        _ => Ending::Other,
    };
    Finish::new(ending, word)
}

/// Whether the model refused, in a whole message or a piece of one.
pub(crate) fn is_refusal(message: &Value) -> bool {
    message.get("refusal").and_then(Value::as_str).is_some_and(|refusal| !refusal.is_empty())
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
    fn a_complete_answer_is_read() {
        let completion = read(&reply(&answer("stop", &json!({ "role": "assistant", "content": "Paris." })))).unwrap();

        assert_eq!((completion.text.as_str(), completion.usage), ("Paris.", Some(USED)));
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
            ("length", json!({ "content": "" }), VendorFailure::Empty),
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
