//! The fields that every synapse has before a subnet adds its own.

use common::config::subnet::Field;
use common::python_type::PythonType;
use indexmap::IndexMap;
use serde_json::{Value, json};

/// The name of the model of `dendrite` and `axon`.
pub(super) const TERMINAL: &str = "TerminalInfo";

/// The base fields that a subnet cannot redeclare: the protocol itself lives in them.
pub(super) const RESERVED: [&str; 3] = ["dendrite", "axon", "computed_body_hash"];

/// The fields of the Python class `Synapse`, in its order.
pub(super) fn base(route: &str) -> IndexMap<String, Field> {
    let terminal = || optional(PythonType::Model(TERMINAL.into()));
    let blank = || Value::Object(terminal_fields().into_keys().map(|name| (name, Value::Null)).collect());
    [
        field("name", optional(PythonType::Str), json!(route)),
        field("timeout", optional(PythonType::Float), json!(12.0)),
        field("total_size", optional(PythonType::Int), json!(0)),
        field("header_size", optional(PythonType::Int), json!(0)),
        field("dendrite", terminal(), blank()),
        field("axon", terminal(), blank()),
        field("computed_body_hash", optional(PythonType::Str), json!("")),
    ]
    .into()
}

/// The fields of the Python class `TerminalInfo`, in its order.
pub(super) fn terminal_fields() -> IndexMap<String, Field> {
    [
        ("status_code", PythonType::Int),
        ("status_message", PythonType::Str),
        ("process_time", PythonType::Float),
        ("ip", PythonType::Str),
        ("port", PythonType::Int),
        ("version", PythonType::Int),
        ("nonce", PythonType::Int),
        ("uuid", PythonType::Str),
        ("hotkey", PythonType::Str),
        ("signature", PythonType::Str),
    ]
    .map(|(name, python_type)| field(name, optional(python_type), Value::Null))
    .into()
}

fn field(name: &str, python_type: PythonType, default: Value) -> (String, Field) {
    (name.to_owned(), Field { python_type, default: Some(default) })
}

fn optional(inner: PythonType) -> PythonType {
    PythonType::Optional(Box::new(inner))
}
