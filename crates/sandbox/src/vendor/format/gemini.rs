//! Google's Gemini API.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ask, Said, Target, event, talk};
use crate::vendor::error::{Trouble, VendorError};

/// A request; what the simulation has no use for is ignored.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    contents: Vec<Content>,
    #[serde(default)]
    system_instruction: Option<Content>,
    #[serde(default)]
    generation_config: GenerationConfig,
}

#[derive(Debug, Deserialize)]
struct Content {
    #[serde(default)]
    role: String,
    parts: Vec<Part>,
}

#[derive(Debug, Deserialize)]
struct Part {
    text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig {
    #[serde(default)]
    max_output_tokens: Option<u64>,
}

/// What stands below the version in the path.
pub(super) fn target(rest: &str) -> Option<Target> {
    let (model, verb) = rest.strip_prefix("models/")?.split_once(':')?;
    let streamed = match verb {
        "generateContent" => false,
        "streamGenerateContent" => true,
        _ => return None,
    };
    Some(Target::Completion(Some((model.to_owned(), streamed))))
}

pub(super) fn parse(target: Option<(String, bool)>, body: &[u8]) -> Result<Ask, VendorError> {
    let (model, streamed) = target.unwrap_or_default();
    let request: Request = serde_json::from_slice(body).map_err(|error| VendorError::invalid(&error.to_string()))?;
    if request.contents.is_empty() {
        return Err(VendorError::invalid("contents must not be empty"));
    }
    let text = |content: &Content| content.parts.iter().map(|part| part.text.as_str()).collect::<String>();
    let above: Vec<_> = request.system_instruction.iter().map(text).collect();
    let below: Vec<_> = request.contents.iter().map(|content| (content.role != "model", text(content))).collect();
    let above: Vec<_> = above.iter().map(String::as_str).collect();
    let below: Vec<_> = below.iter().map(|(by_user, text)| (*by_user, text.as_str())).collect();
    let (system, prompt, prompt_tokens) = talk(&above, &below);
    let cap = request.generation_config.max_output_tokens;
    Ok(Ask { model, system, prompt, prompt_tokens, cap, streamed, usage_in_stream: true })
}

pub(super) fn body(said: &Said) -> Value {
    reply(said, &said.text, Some(finish(said)), said.output_tokens)
}

/// What stands before the pieces, an event for each, and what stands after them.
pub(super) fn events(said: &Said, pieces: &[&str]) -> (Vec<String>, Vec<String>, Vec<String>) {
    let mut so_far = 0;
    let mut piece = |text: &&str| {
        so_far += text.len().div_ceil(4) as u64;
        event(&reply(said, text, None, so_far.min(said.output_tokens)))
    };
    let each = pieces.iter().map(&mut piece).collect();
    (Vec::new(), each, vec![event(&reply(said, "", Some(finish(said)), said.output_tokens))])
}

fn reply(said: &Said, text: &str, finish: Option<&str>, output_tokens: u64) -> Value {
    let content = json!({ "role": "model", "parts": [{ "text": text }] });
    let candidate = match finish {
        Some(finish) => json!({ "content": content, "finishReason": finish, "index": 0 }),
        None => json!({ "content": content, "index": 0 }),
    };
    json!({
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": said.prompt_tokens,
            "candidatesTokenCount": output_tokens,
            "totalTokenCount": said.prompt_tokens + output_tokens,
        },
        "modelVersion": said.model,
        "responseId": format!("sandbox-{}", said.call),
    })
}

fn finish(said: &Said) -> &'static str {
    if said.capped { "MAX_TOKENS" } else { "STOP" }
}

pub(super) fn models<N: AsRef<str>>(names: impl Iterator<Item = N>) -> Value {
    let entry = |name: N| json!({ "name": format!("models/{}", name.as_ref()), "displayName": name.as_ref() });
    json!({ "models": names.map(entry).collect::<Vec<_>>() })
}

/// There is no header that says how long to wait: it stands in the details.
pub(super) fn error(error: &VendorError) -> Value {
    let status = match error.trouble {
        Trouble::Invalid => "INVALID_ARGUMENT",
        Trouble::InvalidKey => "UNAUTHENTICATED",
        Trouble::UnknownModel | Trouble::UnknownUrl => "NOT_FOUND",
        Trouble::RateLimited => "RESOURCE_EXHAUSTED",
        Trouble::Overloaded => "UNAVAILABLE",
        Trouble::Failed => "INTERNAL",
    };
    let details: Vec<_> = error.retry_after_s().into_iter().map(|seconds| {
        json!({ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{seconds}s") })
    }).collect();
    json!({ "error": { "code": error.status(), "message": error.message, "status": status, "details": details } })
}
