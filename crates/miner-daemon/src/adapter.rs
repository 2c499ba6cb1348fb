//! Between a subnet's requests and tasks: what a request asks of a model, and what the model's answer is made into.
//!
//! Most subnets need nothing but the mapping of their profile. What no mapping can say is an adapter of its own, named
//! after the subnet or the public schema it follows. All of them are pure.

pub mod conversation_genome;
mod mapped;
mod openai_chat;

use std::fmt;

use common::config::subnet::{AdapterAction, AdapterName, Route};
use common::id::TaskId;
use common::usage::TokenUsage;
use serde_json::Value;

use crate::mapping::{Fields, TaskParts, Unmappable};
use conversation_genome::ConversationGenome;
pub(crate) use mapped::Mapped;
use openai_chat::OpenaiChat;

/// Maps the requests of a route.
pub(crate) trait Adapter: fmt::Debug + Send + Sync {
    /// What keeps the adapter from serving a route, if anything does.
    fn misfit(&self, _route: &Route, _has_class: bool) -> Option<String> {
        None
    }

    /// Reads the task out of a request's fields.
    ///
    /// # Errors
    /// Says what keeps the request from being a task.
    fn task(&self, fields: Fields<'_>) -> Result<TaskParts, Unmappable>;

    /// Makes the response's fields of a model's answer.
    ///
    /// # Errors
    /// The answer is not fit to leave.
    fn answer(&self, fields: Fields<'_>, answer: ModelAnswer) -> Result<Vec<(String, Value)>, Misfit>;

    /// How an answer is framed that goes out in pieces. Plain text, if nothing else is said.
    fn framing(&self, _fields: Fields<'_>, _task: TaskId, _unix_ms: u64) -> Box<dyn Framing> {
        Box::new(PlainText)
    }
}

/// What a model has answered.
#[derive(Clone, Debug)]
pub(crate) struct ModelAnswer {
    /// The task.
    pub(crate) task: TaskId,
    /// When it ended, in milliseconds since 1970.
    pub(crate) unix_ms: u64,
    /// The answer in its form.
    pub(crate) value: Value,
    /// The tokens that it took.
    pub(crate) usage: TokenUsage,
}

/// An answer that is not fit to leave. Never holds the answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Misfit {
    /// There is nothing in it.
    #[error("the answer is empty")]
    Empty,
    /// It does not fit the profile's schema.
    #[error("the answer does not fit answer.schema at {path:?}")]
    Schema {
        /// Where, as a JSON pointer.
        path: String,
    },
}

/// Frames the pieces of an answer.
pub(crate) trait Framing: Send {
    /// Whether the frames are server-sent events.
    fn is_events(&self) -> bool;

    /// What goes out before the first piece.
    fn begin(&mut self) -> String;

    /// A piece of the answer's text.
    fn piece(&mut self, text: &str) -> String;

    /// What says that the answer is whole.
    fn end(&mut self, usage: TokenUsage) -> String;

    /// What says that it is not, if the framing can say so; the connection is cut in any case.
    fn fail(&mut self) -> String;
}

/// Nothing but the text, as most streaming synapses have it.
#[derive(Debug)]
struct PlainText;

impl Framing for PlainText {
    fn is_events(&self) -> bool {
        false
    }

    fn begin(&mut self) -> String {
        String::new()
    }

    fn piece(&mut self, text: &str) -> String {
        text.to_owned()
    }

    fn end(&mut self, _: TokenUsage) -> String {
        String::new()
    }

    fn fail(&mut self) -> String {
        String::new()
    }
}

/// Returns the adapter that a profile names.
pub(crate) fn named(action: &AdapterAction) -> Box<dyn Adapter> {
    match action.name {
        AdapterName::OpenaiChat => Box::new(OpenaiChat::new(action)),
        AdapterName::ConversationGenome => Box::new(ConversationGenome::new(action)),
    }
}

/// Whether there is nothing in an answer.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
