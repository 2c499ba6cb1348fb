//! OpenAI's chat format as a server speaks it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A request; what the simulation has no use for is ignored, as vendors do.
#[derive(Debug, Deserialize)]
pub(super) struct ChatRequest {
    pub(super) model: String,
    messages: Vec<Message>,
    #[serde(default)]
    max_completion_tokens: Option<u64>,
    #[serde(default)]
    max_tokens: Option<u64>,
    #[serde(default)]
    stream: bool,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    content: String,
}

/// A response.
#[derive(Debug, Serialize)]
pub(super) struct Completion {
    id: String,
    object: &'static str,
    created: u64,
    model: String,
    choices: [Choice; 1],
    usage: Usage,
}

#[derive(Debug, Serialize)]
struct Choice {
    index: u32,
    message: Value,
    finish_reason: &'static str,
}

#[derive(Debug, Serialize)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: Value,
    completion_tokens_details: Value,
}

/// `GET /v1/models`
#[derive(Debug, Serialize)]
pub(super) struct ModelList {
    object: &'static str,
    data: Vec<Value>,
}

/// An error.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct VendorError {
    pub(super) status: u16,
    pub(super) retry_after_s: Option<u32>,
    kind: &'static str,
    code: Option<&'static str>,
    message: String,
}

/// About as many tokens as a text has.
fn tokens(text: &str) -> u64 {
    text.len().div_ceil(4) as u64
}

/// What a message costs besides its text.
const TOKENS_PER_MESSAGE: u64 = 4;

impl ChatRequest {
    pub(super) fn parse(body: &[u8]) -> Result<Self, VendorError> {
        let request: Self = serde_json::from_slice(body).map_err(|error| VendorError::invalid(&error.to_string()))?;
        if request.messages.is_empty() {
            return Err(VendorError::invalid("messages must not be empty"));
        }
        if request.stream {
            return Err(VendorError::invalid("the simulated vendor does not stream: leave out `stream`"));
        }
        if request.cap() == Some(0) {
            return Err(VendorError::invalid("the output cap must be at least 1"));
        }
        Ok(request)
    }

    fn cap(&self) -> Option<u64> {
        self.max_completion_tokens.or(self.max_tokens)
    }

    /// Everything that stands above the conversation.
    pub(super) fn system(&self) -> String {
        let system = self.messages.iter().filter(|message| matches!(message.role.as_str(), "system" | "developer"));
        system.map(|message| message.content.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// What the user said last.
    pub(super) fn prompt(&self) -> &str {
        self.messages.iter().rev().find(|message| message.role == "user").map_or("", |message| message.content.as_str())
    }

    fn prompt_tokens(&self) -> u64 {
        self.messages.iter().map(|message| tokens(&message.content) + TOKENS_PER_MESSAGE).sum()
    }
}

impl Completion {
    /// Wraps an answer, and cuts it off at the request's cap.
    pub(super) fn new(request: &ChatRequest, mut text: String, call: u64, unix_s: u64) -> Self {
        let cap = request.cap().unwrap_or(u64::MAX);
        let finish_reason = if tokens(&text) > cap { "length" } else { "stop" };
        let kept = usize::try_from(cap.saturating_mul(4)).unwrap_or(usize::MAX);
        text.truncate(text.floor_char_boundary(kept));
        let (prompt_tokens, completion_tokens) = (request.prompt_tokens(), tokens(&text));
        let message = json!({ "role": "assistant", "content": text, "refusal": null });
        Self {
            id: format!("chatcmpl-sandbox-{call}"),
            object: "chat.completion",
            created: unix_s,
            model: request.model.clone(),
            choices: [Choice { index: 0, message, finish_reason }],
            usage: Usage {
                prompt_tokens,
                completion_tokens,
                total_tokens: prompt_tokens + completion_tokens,
                prompt_tokens_details: json!({ "cached_tokens": 0 }),
                completion_tokens_details: json!({ "reasoning_tokens": 0 }),
            },
        }
    }

    pub(super) fn output_tokens(&self) -> u64 {
        self.usage.completion_tokens
    }

    pub(super) fn total_tokens(&self) -> u64 {
        self.usage.total_tokens
    }
}

impl ModelList {
    pub(super) fn new<N: AsRef<str>>(names: impl Iterator<Item = N>) -> Self {
        let entry = |name: N| json!({ "id": name.as_ref(), "object": "model", "created": 0, "owned_by": "sandbox" });
        Self { object: "list", data: names.map(entry).collect() }
    }
}

impl VendorError {
    pub(super) fn body(&self) -> Value {
        json!({ "error": { "message": self.message, "type": self.kind, "param": null, "code": self.code } })
    }

    pub(super) fn invalid(problem: &str) -> Self {
        Self::new(400, "invalid_request_error", None, problem)
    }

    pub(super) fn invalid_key() -> Self {
        Self::new(401, "invalid_request_error", Some("invalid_api_key"), "Incorrect API key provided")
    }

    pub(super) fn unknown_model(model: &str) -> Self {
        let message = format!("The model `{model}` does not exist");
        Self::new(404, "invalid_request_error", Some("model_not_found"), &message)
    }

    pub(super) fn unknown_url() -> Self {
        Self::new(
            404,
            "invalid_request_error",
            Some("unknown_url"),
            "There is POST /v1/chat/completions and GET /v1/models",
        )
    }

    pub(super) fn rate_limited() -> Self {
        let message = "Rate limit reached for requests";
        let error = Self::new(429, "rate_limit_error", Some("rate_limit_exceeded"), message);
        Self { retry_after_s: Some(1), ..error }
    }

    pub(super) fn overloaded() -> Self {
        Self::new(503, "service_unavailable_error", Some("server_is_overloaded"), "The server is overloaded")
    }

    pub(super) fn failed() -> Self {
        Self::new(500, "server_error", None, "The server had an error while processing your request")
    }

    fn new(status: u16, kind: &'static str, code: Option<&'static str>, message: &str) -> Self {
        Self { status, retry_after_s: None, kind, code, message: message.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_counted_and_the_cap_is_kept() {
        let request = ChatRequest::parse(
            br#"{"model":"m","messages":[{"role":"user","content":"12345678"}],"max_completion_tokens":2}"#,
        )
        .unwrap();

        let completion = serde_json::to_value(Completion::new(&request, "a long answer".into(), 1, 0)).unwrap();

        assert_eq!(completion["choices"][0]["message"]["content"], "a long a");
        assert_eq!(completion["choices"][0]["finish_reason"], "length");
        assert_eq!(completion["usage"]["prompt_tokens"], 6);
        assert_eq!(completion["usage"]["completion_tokens"], 2);
        assert_eq!(completion["usage"]["total_tokens"], 8);
    }

    #[test]
    fn without_a_cap_the_answer_is_whole() {
        let request = ChatRequest::parse(br#"{"model":"m","messages":[{"role":"user","content":""}]}"#).unwrap();

        let completion = serde_json::to_value(Completion::new(&request, "whole".into(), 1, 0)).unwrap();

        assert_eq!(completion["choices"][0]["finish_reason"], "stop");
        assert_eq!(completion["usage"]["completion_tokens"], 2);
    }

    #[test]
    fn a_request_without_sense_is_refused() {
        let cases = [
            "",
            "[]",
            r#"{"model":"m"}"#,
            r#"{"model":"m","messages":[]}"#,
            r#"{"model":"m","messages":[{"role":"user","content":"q"}],"max_tokens":0}"#,
            r#"{"model":"m","messages":[{"role":"user","content":"q"}],"stream":true}"#,
        ];

        for body in cases {
            assert_eq!(ChatRequest::parse(body.as_bytes()).unwrap_err().status, 400, "{body}");
        }
    }

    #[test]
    fn the_prompt_is_what_the_user_said_last() {
        let request = ChatRequest::parse(
            br#"{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"a"},
                {"role":"assistant","content":"b"},{"role":"user","content":"c"}]}"#,
        )
        .unwrap();

        assert_eq!((request.system().as_str(), request.prompt()), ("s", "c"));
    }
}
