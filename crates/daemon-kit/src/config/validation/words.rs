//! What a failed keyword means, in plain words.

use std::net::SocketAddr;

use common::python_type::PythonType;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

pub(super) fn is_python_type(text: &str) -> bool {
    text.parse::<PythonType>().is_ok()
}

pub(super) fn is_socket_address(text: &str) -> bool {
    text.parse::<SocketAddr>().is_ok()
}

/// `description` is what the schema says of the value.
pub(super) fn of(error: &ValidationError<'_>, description: Option<&str>) -> String {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is not exhaustive")]
    match error.kind() {
        Kind::Type { kind } => format!("must be {}, not {}", expected(kind), written(error.instance())),
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::Constant { expected_value } => format!("must be {expected_value}"),
        Kind::Format { format } => of_format(format, error.instance()),
        _ => match description {
            Some(description) => format!("must be {description}"),
            None => error.to_string(),
        },
    }
}

fn of_format(format: &str, instance: &Value) -> String {
    let text = instance.as_str().unwrap_or_default();
    match format {
        "python-type" => text.parse::<PythonType>().err().map_or_else(String::new, |error| error.to_string()),
        _ => format!("{text:?} is not an address with a port, such as 0.0.0.0:8091"),
    }
}

fn expected(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => name(*kind).to_owned(),
        TypeKind::Multiple(kinds) => {
            let kinds: Vec<_> = kinds.iter().filter(|kind| *kind != JsonType::Null).map(name).collect();
            kinds.join(" or ")
        }
    }
}

fn written(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "a list",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "text",
    }
}
