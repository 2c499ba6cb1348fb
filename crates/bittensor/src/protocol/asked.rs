//! What a verified validator asks, field by field, and the response to it.

use std::time::Duration;

use common::config::subnet::Protocol;
use serde_json::Value;

use super::{Document, Refused, Response, Signed};
use crate::python::Mismatch;
use crate::synapse::{Schema, Synapse};

/// A verified request and, field by field, its answer.
#[derive(Clone, Debug)]
pub enum Asked {
    /// A synapse, which is sent back whole.
    Synapse(Box<Synapse>),
    /// A JSON object; the response is another.
    Document(Document),
}

/// A field cannot be set.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SetError {
    /// The route has no such field.
    #[error("the route has no field {field:?}: add it to the route's fields, or name another")]
    UnknownField {
        /// The field.
        field: String,
    },
    /// The value does not fit the field's type.
    #[error("the field {field:?} cannot hold the value")]
    Mismatch {
        /// The field.
        field: String,
        /// Why not.
        source: Mismatch,
    },
}

impl Asked {
    /// Reads a body and checks it against the route's fields, and against the signed hash where there is one.
    ///
    /// # Errors
    /// A refusal, if it is no JSON, does not fit, or has another hash.
    pub fn parse(schema: &Schema, signed: &Signed, body: &[u8]) -> Result<Self, Refused> {
        match signed.protocol {
            Protocol::Synapse => Synapse::parse(schema, signed, body).map(Box::new).map(Self::Synapse),
            Protocol::Btauth | Protocol::Epistula => Document::parse(schema, signed, body).map(Self::Document),
        }
    }

    /// Returns a field of the request.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Synapse(synapse) => synapse.field(name),
            Self::Document(document) => document.field(name),
        }
    }

    /// Sets a field of the response.
    ///
    /// # Errors
    /// If there is no such field, or the value does not fit its type.
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), SetError> {
        match self {
            Self::Synapse(synapse) => synapse.set(name, value),
            Self::Document(document) => document.set(name, value),
        }
    }

    /// Makes the response that carries the answer.
    #[must_use]
    pub fn into_response(self, process_time: Duration) -> Response {
        match self {
            Self::Synapse(synapse) => synapse.into_response(process_time),
            Self::Document(document) => document.into_response(),
        }
    }

    /// Makes the response that says that there is no answer, and why.
    #[must_use]
    pub fn into_refusal(self, status: u16, message: &str, process_time: Duration) -> Response {
        match self {
            Self::Synapse(synapse) => synapse.into_refusal(status, message, process_time),
            Self::Document(_) => Response::detail(status, message),
        }
    }

    /// Makes the head of a response whose body follows in pieces. A dendrite is told of server-sent events even where the
    /// pieces are plain text, as its reference does.
    #[must_use]
    pub fn into_stream_head(self, is_events: bool, process_time: Duration) -> Response {
        match self {
            Self::Synapse(synapse) => synapse.into_stream_head(process_time),
            Self::Document(_) => Response::stream_head(is_events),
        }
    }
}
