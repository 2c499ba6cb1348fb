//! One interface to every protocol that validators speak: who calls, and that the request is meant for this miner and new.
//!
//! A request goes through [`claim`], which reads the head; `verify` of the claim, which checks the signature, over the
//! body where the protocol signs it; and [`Verified::spend`], which uses the nonce up. What fails on the way is a
//! [`Refused`]. All of it is pure: time and what was seen are arguments, and nothing is ever signed for a caller who is
//! not verified.

mod asked;
mod btauth;
mod claim;
mod document;
mod epistula;
mod header;
mod nonce;
mod refused;
pub(crate) mod response;
mod signing;
mod verified;

use common::config::subnet::Protocol;
use common::id::Ss58;
use http::HeaderMap;

pub use asked::{Asked, SetError};
pub use claim::{BodyClaim, Claim, HeadClaim, MAX_AGE};
pub use document::Document;
pub use nonce::{NonceBound, NonceWindow};
pub use refused::Refused;
pub use response::Response;
pub use signing::AnswerSigner;
pub use verified::{Signed, Verified};

pub(crate) use claim::{Sealed, is_plain_id, signature_of};
pub(crate) use header::{digits, hotkey};

/// How far ahead of our clock a validator's may be.
pub const FUTURE_ALLOWANCE: std::time::Duration = std::time::Duration::from_secs(2);

/// A request's head, as signatures cover it.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The method.
    pub method: &'a str,
    /// Path and query, exactly as they were sent.
    pub target: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
}

/// Returns the protocol that a request shows by its headers, if it shows any.
#[must_use]
pub fn shown(headers: &HeaderMap) -> Option<Protocol> {
    // Whoever leaves one header out is told which by its own protocol.
    let shows = |names: &[&str]| names.iter().any(|name| headers.contains_key(*name));
    if shows(&btauth::HEADERS) {
        Some(Protocol::Btauth)
    } else if shows(&epistula::HEADERS) {
        Some(Protocol::Epistula)
    } else if shows(&["bt_header_dendrite_hotkey", "bt_header_dendrite_nonce", "computed_body_hash"]) {
        Some(Protocol::Synapse)
    } else {
        None
    }
}

/// Reads what a head claims, and refuses what needs no signature to be refused: what is malformed, addressed to somebody
/// else, too old or from the future.
///
/// # Errors
/// The refusal, in the protocol's own status.
pub fn claim(protocol: Protocol, head: Head<'_>, own: &Ss58, now_ns: u64) -> Result<Claim, Refused> {
    match protocol {
        Protocol::Synapse => crate::synapse::claim(head.headers, own, now_ns).map(Claim::OfHead),
        Protocol::Btauth => btauth::claim(head, own, now_ns).map(Claim::OfBody),
        Protocol::Epistula => epistula::claim(head.headers, own, now_ns).map(Claim::OfBody),
    }
}
