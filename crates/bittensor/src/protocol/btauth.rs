//! `btauth/1`, the signed HTTP of `bittensor` 11: method, target and body are signed for one receiver.

use std::time::Duration;

use common::config::subnet::Protocol;
use common::id::Ss58;
use common::record::RefusalReason;

use super::header::{bad, digits, hotkey, required, signature, text};
use super::{BodyClaim, Head, Refused, Sealed, Signed, signature_of};
use crate::keys::Scheme;

const PROTOCOL: Protocol = Protocol::Btauth;

/// What the SDK allows from signing to verifying.
const OLDEST: Duration = Duration::from_secs(10);

/// The headers by which a request shows the protocol.
pub(super) const HEADERS: [&str; 4] =
    ["x-bittensor-version", "x-bittensor-hotkey", "x-bittensor-nonce", "x-bittensor-signature"];

/// Reads a head. The order is the SDK's: shape, receiver, freshness.
pub(super) fn claim(head: Head<'_>, own: &Ss58, now_ns: u64) -> Result<BodyClaim, Refused> {
    let Head { method, target, headers } = head;
    if required(PROTOCOL, headers, "x-bittensor-version")? != "1" {
        return Err(bad(PROTOCOL, "X-Bittensor-Version is not 1"));
    }
    let (caller, public) = hotkey(PROTOCOL, required(PROTOCOL, headers, "x-bittensor-hotkey")?)?;
    let refused_of = |refused: Refused| refused.of(&caller);
    let nonce = required(PROTOCOL, headers, "x-bittensor-nonce").map_err(refused_of)?;
    let nonce_ns = digits(nonce).ok_or_else(|| bad(PROTOCOL, "X-Bittensor-Nonce is not a number").of(&caller))?;
    let (scheme, scheme_name) = scheme(text(PROTOCOL, headers, "x-bittensor-crypto").map_err(refused_of)?)
        .ok_or_else(|| bad(PROTOCOL, "X-Bittensor-Crypto is neither sr25519 nor ed25519").of(&caller))?;
    let signature = signature_of(signature(PROTOCOL, headers, "x-bittensor-signature").map_err(refused_of)?)
        .ok_or_else(|| bad(PROTOCOL, "X-Bittensor-Signature is not 0x and 128 hex digits").of(&caller))?;
    let receiver = text(PROTOCOL, headers, "x-bittensor-receiver").map_err(refused_of)?;
    if receiver != Some(own.as_str()) {
        let why = if receiver.is_some() { "The request is for another hotkey" } else { "Missing X-Bittensor-Receiver" };
        return Err(Refused::unverified(PROTOCOL, RefusalReason::WrongReceiver, why).of(&caller));
    }

    let before = format!("btauth/1\n{scheme_name}\n{}\n{target}\n", method.to_ascii_uppercase());
    let after = format!("\n{nonce_ns}\n{caller}\n{own}");
    let signed = Signed { protocol: PROTOCOL, caller, nonce_ns, uuid: String::new(), timeout: None, body_hash: None };
    let sealed = Sealed { signed, public, scheme, signature, now_ns };
    sealed.check_age(OLDEST)?;
    Ok(BodyClaim { sealed, before, after })
}

/// The scheme that a header names, and its name in the signed message. A signature is never tried under another.
fn scheme(named: Option<&str>) -> Option<(Scheme, &'static str)> {
    match named {
        None | Some("sr25519") => Some((Scheme::Sr25519, "sr25519")),
        Some("ed25519") => Some((Scheme::Ed25519, "ed25519")),
        Some(_) => None,
    }
}
