//! Whole responses, and the two forms of a short word about a failure.

use std::fmt;

use http::{HeaderMap, HeaderValue, header};
use serde_json::json;

/// A whole HTTP response.
#[derive(Clone, Eq, PartialEq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, without `content-length`.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// Prompts and answers are not for logs.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(crate) const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

impl Response {
    /// A JSON body.
    pub(crate) fn json(status: u16, body: Vec<u8>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, JSON);
        Self { status, headers, body }
    }

    /// The head of a body that follows in pieces.
    pub(crate) fn stream_head(is_events: bool) -> Self {
        let content_type = if is_events { EVENTS } else { TEXT };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, content_type);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        Self { status: 200, headers, body: Vec::new() }
    }

    /// A failure as FastAPI servers tell it, and as clients of OpenAI read it.
    pub(crate) fn detail(status: u16, message: &str) -> Self {
        let kind = if status < 500 { "invalid_request_error" } else { "server_error" };
        let error = json!({ "message": message, "type": kind, "code": null });
        Self::json(status, json!({ "detail": message, "error": error }).to_string().into_bytes())
    }
}
