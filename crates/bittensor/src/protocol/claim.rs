//! What a request's head claims: read, in time and addressed to us, but not verified yet.

use std::time::Duration;

use common::id::Ss58;
use common::record::RefusalReason;
use sha2::{Digest, Sha256};

use super::{FUTURE_ALLOWANCE, Refused, Signed, Verified};
use crate::keys::{self, Scheme};

/// The age at which every nonce is refused, whatever the protocol and the validator's timeout.
pub const MAX_AGE: Duration = Duration::from_secs(64);

/// Some clients have ids of their own in place of a UUID's 36 characters.
const MAX_ID: usize = 64;

/// A claim, by what its signature covers.
#[derive(Debug)]
pub enum Claim {
    /// The signature covers what the head says of the body: it can be verified before the body is read.
    OfHead(HeadClaim),
    /// The signature covers the body.
    OfBody(BodyClaim),
}

/// A claim whose signature covers the head.
#[derive(Debug)]
pub struct HeadClaim {
    pub(crate) sealed: Sealed,
    pub(crate) message: String,
}

/// A claim whose signature covers the body's SHA-256.
#[derive(Debug)]
pub struct BodyClaim {
    pub(crate) sealed: Sealed,
    /// The signed message up to the hash.
    pub(crate) before: String,
    /// The signed message from the hash on.
    pub(crate) after: String,
}

/// What every claim has in common.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) signed: Signed,
    pub(crate) public: [u8; 32],
    pub(crate) scheme: Scheme,
    pub(crate) signature: [u8; 64],
    pub(crate) now_ns: u64,
}

impl Claim {
    /// Returns the hotkey that the request claims to be of.
    #[must_use]
    pub fn caller(&self) -> &Ss58 {
        match self {
            Self::OfHead(claim) => &claim.sealed.signed.caller,
            Self::OfBody(claim) => &claim.sealed.signed.caller,
        }
    }
}

impl HeadClaim {
    /// Checks the signature.
    ///
    /// # Errors
    /// It is not the claimed hotkey's.
    pub fn verify(self) -> Result<Verified, Refused> {
        self.sealed.verify(&self.message)
    }
}

impl BodyClaim {
    /// Returns the hotkey that the request claims to be of.
    #[must_use]
    pub fn caller(&self) -> &Ss58 {
        &self.sealed.signed.caller
    }

    /// Checks the signature over a body with this SHA-256.
    ///
    /// # Errors
    /// It is not the claimed hotkey's.
    pub fn verify(self, body_sha256: &[u8; 32]) -> Result<Verified, Refused> {
        let Self { sealed, mut before, after } = self;
        before.push_str(&hex::encode(body_sha256));
        before.push_str(&after);
        sealed.verify(&before)
    }

    /// Checks the signature over a body.
    ///
    /// # Errors
    /// It is not the claimed hotkey's.
    pub fn verify_body(self, body: &[u8]) -> Result<Verified, Refused> {
        self.verify(&Sha256::digest(body).into())
    }
}

impl Sealed {
    /// Checks a nonce's age against the protocol's window, edges included, and against our clock.
    pub(crate) fn check_age(&self, oldest: Duration) -> Result<(), Refused> {
        let Signed { protocol, nonce_ns, .. } = self.signed;
        let age = Duration::from_nanos(self.now_ns.saturating_sub(nonce_ns));
        if age > oldest {
            let message = format!(
                "Nonce is too old: acceptable delta is {:.2} seconds but request was {:.2} seconds old",
                oldest.as_secs_f64(),
                age.as_secs_f64()
            );
            return Err(Refused::unverified(protocol, RefusalReason::Stale, &message).of(&self.signed.caller));
        }
        let ahead = Duration::from_nanos(nonce_ns.saturating_sub(self.now_ns));
        if ahead > FUTURE_ALLOWANCE {
            let message = format!("Nonce is {:.2} seconds in the future: check the clock", ahead.as_secs_f64());
            return Err(Refused::unverified(protocol, RefusalReason::Future, &message).of(&self.signed.caller));
        }
        Ok(())
    }

    fn verify(self, message: &str) -> Result<Verified, Refused> {
        let Self { signed, public, scheme, signature, now_ns } = self;
        // Browser wallets sign a message wrapped in a tag; the SDK's keys accept both.
        let is = |message: &str| keys::verify(scheme, &public, message.as_bytes(), &signature);
        if is(message) || is(&format!("<Bytes>{message}</Bytes>")) {
            Ok(Verified { signed, public, now_ns })
        } else {
            let refused = Refused::unverified(signed.protocol, RefusalReason::BadSignature, "Signature mismatch");
            Err(refused.of(&signed.caller))
        }
    }
}

/// Reads a signature's text: `0x` and 128 hex digits.
pub(crate) fn signature_of(text: &str) -> Option<[u8; 64]> {
    let mut signature = [0; 64];
    hex::decode_to_slice(text.strip_prefix("0x")?, &mut signature).ok()?;
    Some(signature)
}

/// Whether a client's id can stand in a message whose parts are set apart by dots.
pub(crate) fn is_plain_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
