//! OpenAI's chat completions.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ask, Said, event, talk};
use crate::vendor::error::{Trouble, VendorError};

/// A request; what the simulation has no use for is ignored, as vendors do.
#[derive(Debug, Deserialize)]
struct Request {
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    max_completion_tokens: Option<u64>,
    #[serde(default)]
    max_tokens: Option<u64>,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    stream_options: StreamOptions,
}

#[derive(Debug, Default, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    content: String,
}

pub(super) fn parse(body: &[u8]) -> Result<Ask, VendorError> {
    let request: Request = serde_json::from_slice(body).map_err(|error| VendorError::invalid(&error.to_string()))?;
    if request.messages.is_empty() {
        return Err(VendorError::invalid("messages must not be empty"));
    }
    let is_system = |message: &Message| matches!(message.role.as_str(), "system" | "developer");
    let (above, below): (Vec<_>, Vec<_>) = request.messages.iter().partition(|message| is_system(message));
    let above: Vec<_> = above.into_iter().map(|message| message.content.as_str()).collect();
    let below = below.into_iter().map(|message| (message.role == "user", message.content.as_str()));
    let below: Vec<_> = below.collect();
    let (system, prompt, prompt_tokens) = talk(&above, &below);
    Ok(Ask {
        model: request.model,
        system,
        prompt,
        prompt_tokens,
        cap: request.max_completion_tokens.or(request.max_tokens),
        streamed: request.stream,
        usage_in_stream: request.stream_options.include_usage,
    })
}

pub(super) fn body(said: &Said) -> Value {
    json!({
        "id": format!("chatcmpl-sandbox-{}", said.call),
        "object": "chat.completion",
        "created": said.unix_s,
        "model": said.model,
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": said.text, "refusal": null },
            "finish_reason": finish(said),
        }],
        "usage": usage(said),
    })
}

/// What stands before the pieces, an event for each, and what stands after them.
pub(super) fn events(said: &Said, pieces: &[&str]) -> (Vec<String>, Vec<String>, Vec<String>) {
    let chunk = |choices: Value, usage: Value| {
        event(&json!({
            "id": format!("chatcmpl-sandbox-{}", said.call),
            "object": "chat.completion.chunk",
            "created": said.unix_s,
            "model": said.model,
            "choices": choices,
            "usage": usage,
        }))
    };
    let choice = |delta: Value, finish: Value| json!([{ "index": 0, "delta": delta, "finish_reason": finish }]);
    let before = chunk(choice(json!({ "role": "assistant", "content": "" }), Value::Null), Value::Null);
    let each = pieces.iter().map(|piece| chunk(choice(json!({ "content": piece }), Value::Null), Value::Null));
    let mut after = vec![chunk(choice(json!({}), finish(said).into()), Value::Null)];
    if said.usage_in_stream {
        after.push(chunk(json!([]), usage(said)));
    }
    after.push("data: [DONE]\n\n".into());
    (vec![before], each.collect(), after)
}

fn finish(said: &Said) -> &'static str {
    if said.capped { "length" } else { "stop" }
}

fn usage(said: &Said) -> Value {
    json!({
        "prompt_tokens": said.prompt_tokens,
        "completion_tokens": said.output_tokens,
        "total_tokens": said.total_tokens(),
        "prompt_tokens_details": { "cached_tokens": 0 },
        "completion_tokens_details": { "reasoning_tokens": 0 },
    })
}

pub(super) fn models<N: AsRef<str>>(names: impl Iterator<Item = N>) -> Value {
    let entry = |name: N| json!({ "id": name.as_ref(), "object": "model", "created": 0, "owned_by": "sandbox" });
    json!({ "object": "list", "data": names.map(entry).collect::<Vec<_>>() })
}

pub(super) fn error(error: &VendorError) -> Value {
    let (kind, code) = match error.trouble {
        Trouble::Invalid => ("invalid_request_error", None),
        Trouble::InvalidKey => ("invalid_request_error", Some("invalid_api_key")),
        Trouble::UnknownModel => ("invalid_request_error", Some("model_not_found")),
        Trouble::UnknownUrl => ("invalid_request_error", Some("unknown_url")),
        Trouble::RateLimited => ("rate_limit_error", Some("rate_limit_exceeded")),
        Trouble::Overloaded => ("service_unavailable_error", Some("server_is_overloaded")),
        Trouble::Failed => ("server_error", None),
    };
    json!({ "error": { "message": error.message, "type": kind, "param": null, "code": code } })
}
