//! Decides by the headers alone whether a request is the claimed hotkey's, made for this miner, and new.

use std::fmt;
use std::time::Duration;

use common::id::Ss58;
use common::record::RefusalReason;
use http::HeaderMap;

use super::nonce::{Nonce, NonceError};
use super::{NonceBound, NonceWindow, Refused, header};
use crate::keys::{self, Scheme};
use crate::ss58;

/// How much older than the validator's timeout a nonce may be: what clocks and networks are allowed.
const TOLERANCE: Duration = Duration::from_secs(4);

/// The timeout widens the window but is not signed, so it counts only up to here.
const MAX_TIMEOUT: Duration = Duration::from_secs(60);

/// The age at which every nonce is refused, whatever the timeout.
pub const MAX_AGE: Duration = TOLERANCE.saturating_add(MAX_TIMEOUT);

/// How far ahead of our clock a validator's may be.
pub const FUTURE_ALLOWANCE: Duration = Duration::from_secs(2);

/// A UUID has 36 characters; some clients have names of their own.
const MAX_UUID: usize = 64;

/// A request that passed every check of its headers.
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
    /// What the body must hash to.
    pub(super) body_hash: [u8; 32],
}

/// A request whose signature is right, but whose nonce may have been used before.
#[derive(Debug)]
pub struct Verified {
    signed: Signed,
    public: [u8; 32],
    now_ns: u64,
}

impl Verified {
    /// Returns the validator's hotkey: the time to ask whether it is admitted.
    #[must_use]
    pub fn caller(&self) -> &Ss58 {
        &self.signed.caller
    }

    /// Uses the nonce up. If there is a bound, it must be stored, and the window told so, before the request is answered:
    /// otherwise it could be sent again after a restart.
    ///
    /// # Errors
    /// A refusal, if it was used before or cannot be remembered.
    pub fn spend(self, nonces: &mut NonceWindow) -> Result<(Signed, Option<NonceBound>), Refused> {
        let Self { signed, public, now_ns } = self;
        let nonce = Nonce { ns: signed.nonce_ns, caller: public, uuid: signed.uuid.as_str().into() };
        match nonces.spend(nonce, now_ns) {
            Ok(bound) => Ok((signed, bound)),
            Err(NonceError::Used) => {
                Err(Refused::unverified(RefusalReason::Replay, "Nonce was used before").of(&signed.caller))
            }
            Err(NonceError::Full) => {
                let message = "Too many requests: try again later".to_owned();
                Err(Refused { reason: RefusalReason::Overloaded, status: 503, message, claimed: Some(signed.caller) })
            }
        }
    }
}

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
    let (caller, public) = hotkey(headers)?;
    let signed = claims(headers, &caller).map_err(|refused| refused.of(&caller))?;
    let signature = signature(headers).map_err(|refused| refused.of(&caller))?;
    check_age(&signed, now_ns).map_err(|refused| refused.of(&caller))?;

    let message = Message { signed: &signed, receiver: own }.to_string();
    if !is_signed(&public, &message, &signature) {
        return Err(Refused::unverified(RefusalReason::BadSignature, "Signature mismatch").of(&caller));
    }
    Ok(Verified { signed, public, now_ns })
}

/// What a dendrite signs. The receiver is our own hotkey, never the one that a header names.
struct Message<'a> {
    signed: &'a Signed,
    receiver: &'a Ss58,
}

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Signed { caller, nonce_ns, uuid, body_hash, timeout: _ } = self.signed;
        write!(f, "{nonce_ns}.{caller}.{}.{uuid}.{}", self.receiver, hex::encode(body_hash))
    }
}

fn hotkey(headers: &HeaderMap) -> Result<(Ss58, [u8; 32]), Refused> {
    let text = required(headers, "bt_header_dendrite_hotkey", "Missing Hotkey")?;
    let not_an_address = || bad("Hotkey is not an ss58 address");
    let public = ss58::decode(text).map_err(|_| not_an_address())?;
    // A key has one address, so this is the text it would be written as.
    Ok((text.parse().map_err(|_| not_an_address())?, public))
}

/// Reads what the headers claim. Nothing in it is verified.
fn claims(headers: &HeaderMap, caller: &Ss58) -> Result<Signed, Refused> {
    let nonce = required(headers, "bt_header_dendrite_nonce", "Missing Nonce")?;
    let uuid = required(headers, "bt_header_dendrite_uuid", "Missing Uuid")?;
    let body_hash = required(headers, "computed_body_hash", "Missing Body Hash")?;
    let timeout = header::text(headers, "timeout")?;

    Ok(Signed {
        caller: caller.clone(),
        nonce_ns: digits(nonce).ok_or_else(|| bad("Nonce is not a number of nanoseconds"))?,
        uuid: is_uuid(uuid).then(|| uuid.to_owned()).ok_or_else(|| bad("Uuid has other characters than a uuid"))?,
        timeout: timeout
            .map(|text| seconds(text).ok_or_else(|| bad("Timeout is not a number of seconds")))
            .transpose()?,
        body_hash: lower_hex(body_hash).ok_or_else(|| bad("Body Hash is not 64 lower-case hex digits"))?,
    })
}

fn signature(headers: &HeaderMap) -> Result<[u8; 64], Refused> {
    let text = header::text(headers, "bt_header_dendrite_signature")?
        .ok_or_else(|| Refused::unverified(RefusalReason::Unsigned, "Missing Signature"))?;
    let mut signature = [0; 64];
    match text.strip_prefix("0x").map(|digits| hex::decode_to_slice(digits, &mut signature)) {
        Some(Ok(())) => Ok(signature),
        Some(Err(_)) | None => {
            Err(Refused::unverified(RefusalReason::BadSignature, "Signature is not 0x and 128 hex digits"))
        }
    }
}

fn check_age(signed: &Signed, now_ns: u64) -> Result<(), Refused> {
    let allowed = TOLERANCE.saturating_add(signed.timeout.unwrap_or_default().min(MAX_TIMEOUT));
    let age = Duration::from_nanos(now_ns.saturating_sub(signed.nonce_ns));
    if age >= allowed {
        let message = format!(
            "Nonce is too old: acceptable delta is {:.2} seconds but request was {:.2} seconds old",
            allowed.as_secs_f64(),
            age.as_secs_f64()
        );
        return Err(Refused::unverified(RefusalReason::Stale, &message));
    }
    let ahead = Duration::from_nanos(signed.nonce_ns.saturating_sub(now_ns));
    if ahead > FUTURE_ALLOWANCE {
        let message = format!("Nonce is {:.2} seconds in the future: check the clock", ahead.as_secs_f64());
        return Err(Refused::unverified(RefusalReason::Future, &message));
    }
    Ok(())
}

/// Browser wallets sign a message wrapped in a tag; the SDK's keys accept both.
fn is_signed(public: &[u8; 32], message: &str, signature: &[u8; 64]) -> bool {
    let is = |message: &str| keys::verify(Scheme::Sr25519, public, message.as_bytes(), signature);
    is(message) || is(&format!("<Bytes>{message}</Bytes>"))
}

fn required<'a>(headers: &'a HeaderMap, name: &str, missing: &str) -> Result<&'a str, Refused> {
    header::text(headers, name)?.ok_or_else(|| bad(missing))
}

fn bad(message: &str) -> Refused {
    Refused::unverified(RefusalReason::BadHeader, message)
}

/// Reads plain digits: the message must be the one that was signed, so a number has one text.
fn digits(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

/// No dot may be in it: the parts of the signed message are set apart by dots.
fn is_uuid(text: &str) -> bool {
    (1..=MAX_UUID).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
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
