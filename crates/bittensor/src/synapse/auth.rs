//! Decides by the headers alone whether a request is the claimed hotkey's, made for this miner, and new.

use std::time::Duration;

use common::config::subnet::Protocol;
use common::id::Ss58;
use common::record::RefusalReason;
use http::HeaderMap;

use super::header;
use crate::keys::Scheme;
use crate::protocol::{
    self, HeadClaim, MAX_AGE, NonceWindow, Refused, Sealed, Signed, Verified, digits, is_plain_id, signature_of,
};

const PROTOCOL: Protocol = Protocol::Synapse;

/// How much older than the validator's timeout a nonce may be: what clocks and networks are allowed.
const TOLERANCE: Duration = Duration::from_secs(4);

/// The timeout widens the window but is not signed, so it counts only up to here.
const MAX_TIMEOUT: Duration = MAX_AGE.saturating_sub(TOLERANCE);

/// The window's edge is outside.
const EDGE: Duration = Duration::from_nanos(1);

/// Checks a request by its headers, before its body is read: [`verify`] and [`Verified::spend`] in one, for those who
/// need no memory over restarts.
///
/// Anyone can make a key and sign with it. Where only some callers are admitted, ask between the two, so that the
/// others cannot fill the window.
///
/// # Errors
/// A refusal, if anything is missing, malformed, too old, used before or not signed by the claimed hotkey.
pub fn authenticate(headers: &HeaderMap, own: &Ss58, now_ns: u64, nonces: &mut NonceWindow) -> Result<Signed, Refused> {
    verify(headers, own, now_ns)?.spend(nonces).map(|(signed, _)| signed)
}

/// Checks everything but whether the nonce was used before; what costs most comes last.
///
/// # Errors
/// A refusal, if anything is missing, malformed, too old or not signed by the claimed hotkey for this one.
pub fn verify(headers: &HeaderMap, own: &Ss58, now_ns: u64) -> Result<Verified, Refused> {
    claim(headers, own, now_ns)?.verify()
}

/// Reads what the headers claim, and checks its age. The receiver in the message is our own hotkey, never the one that a
/// header names.
pub(crate) fn claim(headers: &HeaderMap, own: &Ss58, now_ns: u64) -> Result<HeadClaim, Refused> {
    let (caller, public) =
        protocol::hotkey(PROTOCOL, required(headers, "bt_header_dendrite_hotkey", "Missing Hotkey")?)?;
    let signed = claims(headers, &caller).map_err(|refused| refused.of(&caller))?;
    let signature = signature(headers).map_err(|refused| refused.of(&caller))?;

    let Signed { nonce_ns, uuid, body_hash, .. } = &signed;
    let hash = hex::encode(body_hash.unwrap_or_default());
    let message = format!("{nonce_ns}.{caller}.{own}.{uuid}.{hash}");
    let oldest = TOLERANCE.saturating_add(signed.timeout.unwrap_or_default().min(MAX_TIMEOUT)).saturating_sub(EDGE);
    let sealed = Sealed { signed, public, scheme: Scheme::Sr25519, signature, now_ns };
    sealed.check_age(oldest)?;
    Ok(HeadClaim { sealed, message })
}

/// Reads what the headers claim. Nothing in it is verified.
fn claims(headers: &HeaderMap, caller: &Ss58) -> Result<Signed, Refused> {
    let nonce = required(headers, "bt_header_dendrite_nonce", "Missing Nonce")?;
    let uuid = required(headers, "bt_header_dendrite_uuid", "Missing Uuid")?;
    let body_hash = required(headers, "computed_body_hash", "Missing Body Hash")?;
    let timeout = header::text(headers, "timeout")?;

    Ok(Signed {
        protocol: PROTOCOL,
        caller: caller.clone(),
        nonce_ns: digits(nonce).ok_or_else(|| bad("Nonce is not a number of nanoseconds"))?,
        // No dot may be in it: the parts of the signed message are set apart by dots.
        uuid: is_plain_id(uuid).then(|| uuid.to_owned()).ok_or_else(|| bad("Uuid has other characters than a uuid"))?,
        timeout: timeout
            .map(|text| seconds(text).ok_or_else(|| bad("Timeout is not a number of seconds")))
            .transpose()?,
        body_hash: Some(lower_hex(body_hash).ok_or_else(|| bad("Body Hash is not 64 lower-case hex digits"))?),
    })
}

fn signature(headers: &HeaderMap) -> Result<[u8; 64], Refused> {
    let text = header::text(headers, "bt_header_dendrite_signature")?
        .ok_or_else(|| Refused::unverified(PROTOCOL, RefusalReason::Unsigned, "Missing Signature"))?;
    signature_of(text).ok_or_else(|| {
        Refused::unverified(PROTOCOL, RefusalReason::BadSignature, "Signature is not 0x and 128 hex digits")
    })
}

fn required<'a>(headers: &'a HeaderMap, name: &str, missing: &str) -> Result<&'a str, Refused> {
    header::text(headers, name)?.ok_or_else(|| bad(missing))
}

fn bad(message: &str) -> Refused {
    Refused::unverified(PROTOCOL, RefusalReason::BadHeader, message)
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

fn lower_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    (!text.bytes().any(|byte| byte.is_ascii_uppercase())).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Keypair;
    use crate::ss58;

    const NOW_NS: u64 = 1_795_345_600_000_000_000;
    const SECOND: u64 = 1_000_000_000;
    const HASH: &str = "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";

    fn own() -> Ss58 {
        ss58::encode(&[7; 32])
    }

    /// A request as a dendrite makes it, with the message it signs wrapped as given.
    fn request(nonce: &str, uuid: &str, wrap: impl Fn(String) -> String) -> HeaderMap {
        let alice = Keypair::from_uri(Scheme::Sr25519, "//Alice").unwrap();
        let caller = alice.address();
        let message = wrap(format!("{nonce}.{caller}.{}.{uuid}.{HASH}", own()));
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("bt_header_dendrite_hotkey", caller.to_string()),
            ("bt_header_dendrite_nonce", nonce.to_owned()),
            ("bt_header_dendrite_uuid", uuid.to_owned()),
            ("bt_header_dendrite_signature", format!("0x{}", hex::encode(alice.sign(message.as_bytes())))),
            ("computed_body_hash", HASH.to_owned()),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        headers
    }

    fn at(nonce_ns: u64) -> HeaderMap {
        request(&nonce_ns.to_string(), "client", |message| message)
    }

    fn reason(headers: &HeaderMap) -> Option<RefusalReason> {
        verify(headers, &own(), NOW_NS).err().map(|refused| refused.reason)
    }

    #[test]
    fn a_wrapped_message_is_as_good() {
        let nonce = NOW_NS.to_string();

        assert_eq!(reason(&request(&nonce, "client", |message| format!("<Bytes>{message}</Bytes>"))), None);
        assert_eq!(
            reason(&request(&nonce, "client", |message| format!("{message} "))),
            Some(RefusalReason::BadSignature)
        );
    }

    #[test]
    fn the_window_is_four_seconds_and_at_most_a_minute_of_timeout() {
        for (timeout, age_seconds, expected) in [
            (None, 3, None),
            (None, 4, Some(RefusalReason::Stale)),
            (Some("12.0"), 15, None),
            (Some("12"), 16, Some(RefusalReason::Stale)),
            (Some("1e9"), 63, None),
            (Some("1e9"), 64, Some(RefusalReason::Stale)),
            (Some("-1"), 1, Some(RefusalReason::BadHeader)),
            (Some("nan"), 1, Some(RefusalReason::BadHeader)),
            (Some("None"), 1, Some(RefusalReason::BadHeader)),
            (Some("1e300"), 1, Some(RefusalReason::BadHeader)),
        ] {
            let mut headers = at(NOW_NS - age_seconds * SECOND);
            if let Some(timeout) = timeout {
                headers.insert("timeout", timeout.parse().unwrap());
            }

            assert_eq!(reason(&headers), expected, "{timeout:?} {age_seconds}");
        }
    }

    #[test]
    fn a_clock_may_be_two_seconds_ahead() {
        assert_eq!(reason(&at(NOW_NS + 2 * SECOND)), None);
        assert_eq!(reason(&at(NOW_NS + 2 * SECOND + 1)), Some(RefusalReason::Future));
    }

    #[test]
    fn a_nonce_has_one_text() {
        for nonce in ["", "+1795345600000000000", "01795345600000000000", "1_795_345_600_000_000_000", "-1", "1e18"] {
            assert_eq!(reason(&request(nonce, "client", |message| message)), Some(RefusalReason::BadHeader), "{nonce}");
        }
    }

    #[test]
    fn a_uuid_cannot_reach_into_the_rest_of_the_message() {
        let nonce = NOW_NS.to_string();
        for uuid in ["", "a.b", "a b", &"a".repeat(65)] {
            assert_eq!(reason(&request(&nonce, uuid, |message| message)), Some(RefusalReason::BadHeader), "{uuid}");
        }
    }

    #[test]
    fn a_refusal_names_the_claimed_hotkey_if_it_is_one() {
        let mut headers = at(NOW_NS);
        headers.remove("bt_header_dendrite_signature");
        let unsigned = verify(&headers, &own(), NOW_NS).unwrap_err();
        headers.insert("bt_header_dendrite_hotkey", "5GrwvaEF".parse().unwrap());
        let nobody = verify(&headers, &own(), NOW_NS).unwrap_err();

        assert_eq!(unsigned.claimed.unwrap().as_str(), "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
        assert_eq!(nobody.claimed, None);
    }

    #[test]
    fn a_window_without_room_refuses_for_now() {
        let refused = authenticate(&at(NOW_NS), &own(), NOW_NS, &mut NonceWindow::new(0, 0)).unwrap_err();

        assert_eq!((refused.reason, refused.status), (RefusalReason::Overloaded, 503));
    }
}
