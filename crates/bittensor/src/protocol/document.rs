//! A request whose body is a plain JSON object, and the JSON object that answers it.

use std::fmt;

use common::record::RefusalReason;
use serde_json::{Map, Value};

use super::{Refused, Response, SetError, Signed};
use crate::python;
use crate::synapse::Schema;

/// A verified request and, key by key, its answer.
#[derive(Clone)]
pub struct Document {
    schema: Schema,
    asked: Map<String, Value>,
    answer: Map<String, Value>,
}

/// Prompts and answers are not for logs.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("keys", &self.asked.len()).finish_non_exhaustive()
    }
}

impl Document {
    /// Reads a body: a JSON object whose fields, as far as the route declares any, have the declared types.
    ///
    /// Unlike Python's, this JSON has neither NaN nor lone surrogates, and is nested at most 128 deep.
    ///
    /// # Errors
    /// A refusal, if it is anything else.
    pub fn parse(schema: &Schema, signed: &Signed, body: &[u8]) -> Result<Self, Refused> {
        let bad = |message: String| Refused {
            reason: RefusalReason::BadBody,
            status: 422,
            message,
            claimed: Some(signed.caller.clone()),
        };
        let mut asked: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| bad("Body is not a JSON object".to_owned()))?;
        for (name, field) in schema.own_fields() {
            let value = match (asked.get(name), &field.default) {
                (Some(sent), _) => python::coerce(&field.python_type, schema.models(), sent)
                    .map(|value| Value::from(&value))
                    .map_err(|error| bad(format!("Body does not fit the route: {name}: {error}")))?,
                (None, Some(default)) => default.clone(),
                (None, None) => return Err(bad(format!("Body does not fit the route: {name} is missing"))),
            };
            asked.insert(name.clone(), value);
        }
        Ok(Self { schema: schema.clone(), asked, answer: Map::new() })
    }

    /// Returns a key of the request.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.asked.get(name)
    }

    /// Sets a key of the response. Where the route declares the key, the value must have its type.
    ///
    /// # Errors
    /// If it has not.
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), SetError> {
        let value = match self.schema.field_type(name) {
            None => value,
            Some(python_type) => {
                let coerced = python::coerce(python_type, self.schema.models(), value);
                let coerced = coerced.map_err(|source| SetError::Mismatch { field: name.to_owned(), source })?;
                Value::from(&coerced)
            }
        };
        self.answer.insert(name.to_owned(), value);
        Ok(())
    }

    /// Makes the response: what was set, and nothing of the request.
    #[must_use]
    pub fn into_response(self) -> Response {
        Response::json(200, Value::Object(self.answer).to_string().into_bytes())
    }
}
