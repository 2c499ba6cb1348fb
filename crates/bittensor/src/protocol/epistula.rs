//! Epistula, version 2: the body is signed for one receiver, in milliseconds.
//!
//! The public miners neither remember ids nor bound the future, and none checks the secret signatures. Here an id works
//! once and the clock may be two seconds ahead; the secret signatures are not looked at either.

use std::time::Duration;

use common::config::subnet::Protocol;
use common::id::Ss58;
use common::record::RefusalReason;
use http::HeaderMap;

use super::header::{bad, digits, hotkey, required, signature, text};
use super::{BodyClaim, Refused, Sealed, Signed, is_plain_id, signature_of};
use crate::keys::Scheme;

const PROTOCOL: Protocol = Protocol::Epistula;

/// What all public miners allow.
const OLDEST: Duration = Duration::from_millis(8000);

/// Nanoseconds in a millisecond.
const MS: u64 = 1_000_000;

/// The headers by which a request shows the protocol.
pub(super) const HEADERS: [&str; 4] =
    ["epistula-version", "epistula-signed-by", "epistula-timestamp", "epistula-request-signature"];

/// Reads a head.
pub(super) fn claim(headers: &HeaderMap, own: &Ss58, now_ns: u64) -> Result<BodyClaim, Refused> {
    if required(PROTOCOL, headers, "epistula-version")? != "2" {
        return Err(bad(PROTOCOL, "Epistula-Version is not 2"));
    }
    let (caller, public) = hotkey(PROTOCOL, required(PROTOCOL, headers, "epistula-signed-by")?)?;
    let refused_of = |refused: Refused| refused.of(&caller);
    let timestamp = required(PROTOCOL, headers, "epistula-timestamp").map_err(refused_of)?;
    let nonce_ns = digits(timestamp)
        .and_then(|ms| ms.checked_mul(MS))
        .ok_or_else(|| bad(PROTOCOL, "Epistula-Timestamp is not a number of milliseconds").of(&caller))?;
    let uuid = required(PROTOCOL, headers, "epistula-uuid").map_err(refused_of)?;
    if !is_plain_id(uuid) {
        return Err(bad(PROTOCOL, "Epistula-Uuid has other characters than a uuid").of(&caller));
    }
    let signature = signature_of(signature(PROTOCOL, headers, "epistula-request-signature").map_err(refused_of)?)
        .ok_or_else(|| bad(PROTOCOL, "Epistula-Request-Signature is not 0x and 128 hex digits").of(&caller))?;
    let receiver = text(PROTOCOL, headers, "epistula-signed-for").map_err(refused_of)?;
    if receiver != Some(own.as_str()) {
        let why = if receiver.is_some() {
            "Bad Request, message is not intended for self"
        } else {
            "Missing Epistula-Signed-For"
        };
        return Err(Refused::unverified(PROTOCOL, RefusalReason::WrongReceiver, why).of(&caller));
    }

    let after = format!(".{uuid}.{timestamp}.{own}");
    let uuid = uuid.to_owned();
    let signed = Signed { protocol: PROTOCOL, caller, nonce_ns, uuid, timeout: None, body_hash: None };
    let sealed = Sealed { signed, public, scheme: Scheme::Sr25519, signature, now_ns };
    sealed.check_age(OLDEST)?;
    Ok(BodyClaim { sealed, before: String::new(), after })
}
