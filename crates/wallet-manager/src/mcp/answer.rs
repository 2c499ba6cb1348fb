//! What a tool answers: JSON, whether it worked or not, so that an agent can act on it.

use common::ipc::Fault;
use rmcp::model::CallToolResult;
use serde::Serialize;
use serde_json::{Value, json};

/// A tool's own failure, in words for the agent.
#[derive(Debug)]
pub(super) struct Failure {
    code: &'static str,
    message: String,
}

impl Failure {
    /// The call makes no sense: the agent must change it.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self { code: "invalid", message: message.into() }
    }

    /// The reason in words.
    pub(super) fn into_message(self) -> String {
        self.message
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self { code: fault.code.name(), message: fault.message }
    }
}

/// Turns what came of a tool into its answer.
pub(super) fn answer<T: Serialize>(result: Result<T, Failure>) -> CallToolResult {
    let value = result.and_then(|output| {
        serde_json::to_value(output)
            .map_err(|_| Failure { code: "internal", message: "the answer cannot be written as JSON".into() })
    });
    match value {
        // The protocol wants an object.
        Ok(value @ Value::Object(_)) => CallToolResult::structured(value),
        Ok(value) => CallToolResult::structured(json!({ "result": value })),
        Err(Failure { code, message }) => {
            CallToolResult::structured_error(json!({ "error": { "code": code, "message": message } }))
        }
    }
}
