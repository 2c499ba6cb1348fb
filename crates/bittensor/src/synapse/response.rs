//! Responses that every dendrite since SDK 6 can read.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, header};

use super::Synapse;
use super::header::put;
use crate::protocol::Response;
use crate::protocol::response::{EVENTS, JSON};
use crate::python::Value;

/// The answered synapse: every field, because a dendrite takes over them all.
pub(super) fn answer(synapse: &Synapse) -> Response {
    let fields = synapse.fields.iter().map(|(name, slot)| (name, &slot.value));
    let mut headers = synapse_headers(synapse);
    let mut body = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut body);
    match serde::Serializer::collect_map(&mut serializer, fields) {
        Ok(()) => {
            headers.insert(header::CONTENT_TYPE, JSON);
            Response { status: 200, headers, body }
        }
        // Cannot happen: every value is JSON, and memory does not refuse.
        Err(_) => message(500, "Internal Server Error"),
    }
}

/// The head of an answer that follows in pieces.
pub(super) fn stream_head(synapse: &Synapse) -> Response {
    let mut headers = synapse_headers(synapse);
    headers.insert(header::CONTENT_TYPE, EVENTS);
    Response { status: 200, headers, body: Vec::new() }
}

/// A verified request that gets no answer.
pub(super) fn refusal(synapse: &Synapse, status: u16, text: &str) -> Response {
    let mut response = message(status, text);
    response.headers.extend(synapse_headers(synapse));
    response
}

/// A JSON object with a message, which is all that a dendrite reads of a failure.
pub(super) fn message(status: u16, message: &str) -> Response {
    let mut response = Response::json(status, serde_json::json!({ "message": message }).to_string().into_bytes());
    put(&mut response.headers, "bt_header_axon_status_code", &status.to_string());
    put(&mut response.headers, "bt_header_axon_status_message", message);
    response
}

/// About as many as a synapse has.
const HEADERS: usize = 32;

/// The headers that the SDK's `to_headers` makes of a synapse, in its order.
fn synapse_headers(synapse: &Synapse) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(HEADERS);
    let value = |name: &str| synapse.fields.get(name).map(|slot| &slot.value).filter(|value| **value != Value::None);
    let text = |value: &Value| synapse.unicode.str(value);

    for name in ["name", "timeout"] {
        if let Some(value) = value(name) {
            put(&mut headers, name, &text(value));
        }
    }
    for terminal in ["axon", "dendrite"] {
        if let Some(Value::Dict(entries)) = value(terminal) {
            for (name, value) in entries.iter().filter(|(_, value)| **value != Value::None) {
                put(&mut headers, &format!("bt_header_{terminal}_{name}"), &text(value));
            }
        }
    }
    for (name, field) in &synapse.schema.0.fields {
        let required = field.default.is_none() && !headers.contains_key(name);
        if let Some(value) = value(name).filter(|_| required) {
            put(&mut headers, &format!("bt_header_input_obj_{name}"), &BASE64_STANDARD.encode(empty_instance(value)));
        }
    }
    for name in ["header_size", "total_size"] {
        put(&mut headers, name, &value(name).map_or_else(|| "0".to_owned(), text));
    }
    put(&mut headers, "computed_body_hash", &hex::encode(synapse.body_hash(synapse.unicode)));
    headers
}

/// The JSON of an empty instance of the value's Python type, which is all that the SDK sends of it.
fn empty_instance(value: &Value) -> &'static str {
    match value {
        Value::None => "null",
        Value::Bool(_) => "false",
        Value::Int(_) => "0",
        Value::Float(_) => "0.0",
        Value::Str(_) => "\"\"",
        Value::List(_) => "[]",
        Value::Dict(_) => "{}",
    }
}
