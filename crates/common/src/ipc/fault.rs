//! Faults: a closed set of codes that say what the caller should do.

use serde::{Deserialize, Serialize};

/// Why a call has no reply. Callers branch on the code, never on the message.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, thiserror::Error)]
#[serde(deny_unknown_fields)]
#[error("{}: {message}", code.name())]
pub struct Fault {
    /// What the caller should do about it.
    pub code: FaultCode,
    /// For people: what failed, why, and what to do.
    pub message: String,
}

impl Fault {
    /// Makes a fault.
    pub fn new(code: FaultCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultCode {
    /// The call is not one the service knows, or its content makes no sense.
    Invalid,
    /// The caller may not do this.
    Denied,
    /// Too many calls are in flight: nothing was done.
    Overloaded,
    /// The call never left, because the service is not there or is stopping.
    Unavailable,
    /// The remaining time ran out: the work may have been done.
    Timeout,
    /// The service failed, or the connection broke with the call in flight: the work may have been done.
    Internal,
}

impl FaultCode {
    /// Whether the same call may be sent again without an idempotency id.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        match self {
            Self::Overloaded | Self::Unavailable => true,
            // The work may have been done and billed: only an idempotent call may be sent again.
            Self::Timeout | Self::Invalid | Self::Denied | Self::Internal => false,
        }
    }

    /// Returns the code's name as it stands on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Denied => "denied",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Internal => "internal",
        }
    }
}
