//! Frames: what follows a `u32` big-endian length, as UTF-8 JSON.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Fault, FaultCode};

/// The version of the envelope and of all calls; both sides must have the same.
pub const PROTOCOL: u32 = 1;

/// The longest frame in bytes, checked against the length before anything is allocated.
pub const FRAME_LIMIT: u32 = 4 * 1024 * 1024;

/// What a client sends.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientFrame<C> {
    /// Starts a call.
    Request(Request<C>),
    /// Ends interest in a call; no response follows.
    Cancel(Cancel),
}

/// A call with what the envelope adds to it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Request<C> {
    /// Chosen by the client, unique among the connection's calls in flight.
    pub id: u64,
    /// Milliseconds the caller will still wait, counted from receipt.
    pub remaining_ms: u64,
    /// One variant of the service's closed enum.
    pub call: C,
}

/// Names the call that nobody waits for any more.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    /// The request's id.
    pub id: u64,
}

/// What a server sends.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerFrame {
    /// The first frame of every connection.
    Hello(Hello),
    /// Ends a call.
    Response(Response),
    /// A piece of a streamed reply, before its response.
    Event(Event),
}

/// Says who is listening.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// [`PROTOCOL`] of the server.
    pub protocol: u32,
    /// The service's name, such as `task-handler`.
    pub service: String,
    /// The server's version, for people.
    pub version: String,
}

/// The end of a call.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// The request's id.
    pub id: u64,
    /// What came of it.
    pub reply: Reply,
}

/// A piece of a streamed reply.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The request's id.
    pub id: u64,
    /// As the call defines.
    pub event: Box<RawValue>,
}

/// A call's output, still as JSON, or a fault.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The call's output.
    Ok(Box<RawValue>),
    /// Why there is none.
    Fault(Fault),
}

impl Reply {
    /// Makes the reply to a call of type `C`.
    pub fn of<C: Call>(result: Result<C::Output, Fault>) -> Self {
        match result.map(|output| serde_json::value::to_raw_value(&output)) {
            Ok(Ok(output)) => Self::Ok(output),
            Ok(Err(error)) => {
                Self::Fault(Fault::new(FaultCode::Internal, format!("the reply could not be written as JSON: {error}")))
            }
            Err(fault) => Self::Fault(fault),
        }
    }

    /// Reads the reply to a call of type `C`.
    ///
    /// # Errors
    /// The fault that came back, or `internal` if the output is not of the call's type.
    pub fn into_output<C: Call>(self) -> Result<C::Output, Fault> {
        match self {
            Self::Ok(output) => serde_json::from_str(output.get())
                .map_err(|error| Fault::new(FaultCode::Internal, format!("the reply is of another type: {error}"))),
            Self::Fault(fault) => Err(fault),
        }
    }
}

/// A question to a service and the type of its answer.
pub trait Call: Into<Self::Service> {
    /// The closed enum of the service's calls.
    type Service: Serialize + DeserializeOwned + Send + 'static;
    /// What the service answers.
    type Output: Serialize + DeserializeOwned + Send + 'static;
}
