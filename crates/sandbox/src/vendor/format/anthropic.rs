//! Anthropic's messages.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ask, Said, talk};
use crate::vendor::error::{Trouble, VendorError};

/// A request; what the simulation has no use for is ignored.
#[derive(Debug, Deserialize)]
struct Request {
    model: String,
    max_tokens: u64,
    #[serde(default)]
    system: String,
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    /// The API refuses it even at its default.
    #[serde(default)]
    temperature: Option<Value>,
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
    if request.temperature.is_some() {
        return Err(VendorError::invalid("temperature: Extra inputs are not permitted"));
    }
    let above: Vec<_> = Some(request.system.as_str()).filter(|system| !system.is_empty()).into_iter().collect();
    let below = request.messages.iter().map(|message| (message.role == "user", message.content.as_str()));
    let below: Vec<_> = below.collect();
    let (system, prompt, prompt_tokens) = talk(&above, &below);
    Ok(Ask {
        model: request.model,
        system,
        prompt,
        prompt_tokens,
        cap: Some(request.max_tokens),
        streamed: request.stream,
        usage_in_stream: true,
    })
}

pub(super) fn body(said: &Said) -> Value {
    message(said, &json!([{ "type": "text", "text": said.text }]), Some(stop(said)), said.output_tokens)
}

fn message(said: &Said, content: &Value, stop: Option<&str>, output_tokens: u64) -> Value {
    json!({
        "id": format!("msg_sandbox_{}", said.call),
        "type": "message",
        "role": "assistant",
        "model": said.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": null,
        "usage": {
            "input_tokens": said.prompt_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": output_tokens,
            "service_tier": "standard",
        },
    })
}

/// What stands before the pieces, an event for each, and what stands after them.
pub(super) fn events(said: &Said, pieces: &[&str]) -> (Vec<String>, Vec<String>, Vec<String>) {
    // The count of output is only a beginning here.
    let message = message(said, &json!([]), None, 1);
    let before = vec![
        event(&json!({ "type": "message_start", "message": message })),
        event(&json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } })),
        event(&json!({ "type": "ping" })),
    ];
    let piece = |text: &&str| {
        event(&json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": text } }))
    };
    let after = vec![
        event(&json!({ "type": "content_block_stop", "index": 0 })),
        event(&json!({
            "type": "message_delta",
            "delta": { "stop_reason": stop(said), "stop_sequence": null },
            "usage": { "output_tokens": said.output_tokens },
        })),
        event(&json!({ "type": "message_stop" })),
    ];
    (before, pieces.iter().map(piece).collect(), after)
}

/// An event of this format is named as its type is.
fn event(data: &Value) -> String {
    let name = data.get("type").and_then(Value::as_str).unwrap_or_default();
    format!("event: {name}\n{}", super::event(data))
}

fn stop(said: &Said) -> &'static str {
    if said.capped { "max_tokens" } else { "end_turn" }
}

pub(super) fn models<N: AsRef<str>>(names: impl Iterator<Item = N>) -> Value {
    let entry =
        |name: N| json!({ "type": "model", "id": name.as_ref(), "display_name": name.as_ref(), "lifecycle": "active" });
    json!({ "data": names.map(entry).collect::<Vec<_>>(), "has_more": false })
}

pub(super) fn error(error: &VendorError) -> Value {
    let kind = match error.trouble {
        Trouble::Invalid => "invalid_request_error",
        Trouble::InvalidKey => "authentication_error",
        Trouble::UnknownModel | Trouble::UnknownUrl => "not_found_error",
        Trouble::RateLimited => "rate_limit_error",
        Trouble::Overloaded => "overloaded_error",
        Trouble::Failed => "api_error",
    };
    json!({ "type": "error", "error": { "type": kind, "message": error.message } })
}
