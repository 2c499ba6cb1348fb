//! Requests that are turned away. Nothing is signed for their senders, and they learn nothing they did not send.

use common::config::subnet::Protocol;
use common::id::Ss58;
use common::record::RefusalReason;
use http::HeaderMap;

use super::Response;
use crate::synapse;

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
    /// A request that is not verified, with the status that the protocol's reference gives.
    pub(crate) fn unverified(protocol: Protocol, reason: RefusalReason, why: &str) -> Self {
        let (status, message) = match protocol {
            // In the words of the reference axon, for people who know them.
            Protocol::Synapse => (401, format!("Not Verified with error: {why}")),
            Protocol::Btauth => (401, why.to_owned()),
            Protocol::Epistula => (400, why.to_owned()),
        };
        Self { reason, status, message, claimed: None }
    }

    pub(crate) fn of(mut self, claimed: &Ss58) -> Self {
        self.claimed = Some(claimed.clone());
        self
    }

    /// Makes the response to a request with these headers.
    ///
    /// It is a JSON object in the protocol's own form, so that status and message reach the validator's code.
    #[must_use]
    pub fn into_response(self, protocol: Protocol, headers: &HeaderMap) -> Response {
        match protocol {
            Protocol::Synapse => synapse::refusal(self.status, &self.message, headers),
            Protocol::Btauth | Protocol::Epistula => Response::detail(self.status, &self.message),
        }
    }
}
