//! The classic protocol of axon and dendrite, SDK 6 to 10: who calls, what is asked, how it is answered.

use std::time::Duration;

use common::config::subnet::Route;
use common::id::{RouteName, Ss58};
use common::record::RefusalReason;
use http::HeaderMap;

use crate::python::Mismatch;

/// A route's fields and types, ready to read requests.
#[derive(Clone, Debug)]
pub struct Schema {}

/// Something in a route's configuration that no request could be read with.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct SchemaError {
    /// The path of the key inside the subnet's profile, such as `routes.Dummy.hash_fields[0]`.
    pub key: String,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

impl Schema {
    /// Checks a route's configuration.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile(_name: &RouteName, _route: &Route) -> Result<Self, Vec<SchemaError>> {
        Ok(Self {})
    }
}

/// The nonces that were used and could be used again.
#[derive(Debug)]
pub struct NonceWindow {}

impl NonceWindow {
    /// Remembers at most `capacity` nonces, and refuses every nonce at or under `floor_ns`.
    #[must_use]
    pub fn new(_capacity: usize, _floor_ns: u64) -> Self {
        Self {}
    }
}

/// A request whose headers are the claimed hotkey's, made for this miner, and new.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signed {
    /// The validator's hotkey, verified.
    pub caller: Ss58,
    /// The nonce: when the validator signed, in nanoseconds since 1970.
    pub nonce_ns: u64,
    /// The validator's client.
    pub uuid: String,
    /// How long the validator waits for the answer, as it says; not signed.
    pub timeout: Option<Duration>,
}

/// Checks a request by its headers, before its body is read.
///
/// # Errors
/// A refusal, if anything is missing, malformed, too old, used before or not signed by the claimed hotkey.
pub fn authenticate(
    _headers: &HeaderMap,
    own: &Ss58,
    _now_ns: u64,
    _nonces: &mut NonceWindow,
) -> Result<Signed, Refused> {
    Err(Refused {
        reason: RefusalReason::Unsigned,
        status: 401,
        message: "Not Verified with error: Missing Signature".to_owned(),
        claimed: Some(own.clone()),
    })
}

/// A verified request and, field by field, its answer.
#[derive(Clone, Debug)]
pub struct Synapse {}

impl Synapse {
    /// Reads a body and checks it against the schema and the signed hash.
    ///
    /// # Errors
    /// A refusal, if it is no JSON, does not fit, or has another hash.
    pub fn parse(_schema: &Schema, _signed: &Signed, _body: &[u8]) -> Result<Self, Refused> {
        Ok(Self {})
    }

    /// Returns a field of the subnet's own.
    #[must_use]
    pub fn field(&self, _name: &str) -> Option<&serde_json::Value> {
        None
    }

    /// Sets a field of the subnet's own.
    ///
    /// # Errors
    /// If there is no such field, or the value does not fit its type.
    pub fn set(&mut self, name: &str, _value: serde_json::Value) -> Result<(), SetError> {
        Err(SetError::UnknownField { field: name.to_owned() })
    }

    /// Makes the response that carries the answer.
    #[must_use]
    pub fn into_response(self, _process_time: Duration) -> Response {
        Response { status: 200, headers: HeaderMap::new(), body: Vec::new() }
    }

    /// Makes the response that says that there is no answer, and why.
    #[must_use]
    pub fn into_refusal(self, status: u16, _message: &str, _process_time: Duration) -> Response {
        Response { status, headers: HeaderMap::new(), body: Vec::new() }
    }
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

/// A request that is turned away.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// Why.
    pub reason: RefusalReason,
    /// The HTTP status.
    pub status: u16,
    /// What the validator is told.
    pub message: String,
    /// The hotkey that the request claims, if it is an address at all.
    pub claimed: Option<Ss58>,
}

impl Refused {
    /// Makes the response to a request with these headers.
    #[must_use]
    pub fn into_response(self, _headers: &HeaderMap) -> Response {
        Response { status: self.status, headers: HeaderMap::new(), body: Vec::new() }
    }
}

/// A whole HTTP response.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, without `content-length`.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}
