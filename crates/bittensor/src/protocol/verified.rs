//! A request whose signature is right, and the nonce that makes it new.

use std::time::Duration;

use common::config::subnet::Protocol;
use common::id::Ss58;
use common::record::RefusalReason;

use super::nonce::{Nonce, NonceError};
use super::{NonceBound, NonceWindow, Refused};

/// A request that passed every check of its head.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signed {
    /// The protocol it was signed in.
    pub protocol: Protocol,
    /// The validator's hotkey, verified.
    pub caller: Ss58,
    /// The nonce: when the validator signed, in nanoseconds since 1970.
    pub nonce_ns: u64,
    /// The validator's client, or the request, where the protocol names one; empty elsewhere.
    pub uuid: String,
    /// How long the validator waits for the answer, as it says; not signed.
    pub timeout: Option<Duration>,
    /// What the body must hash to where the signature does not cover the body itself.
    pub(crate) body_hash: Option<[u8; 32]>,
}

/// A request whose signature is right, but whose nonce may have been used before.
#[derive(Debug)]
pub struct Verified {
    pub(crate) signed: Signed,
    pub(crate) public: [u8; 32],
    pub(crate) now_ns: u64,
}

impl Verified {
    /// Returns the validator's hotkey: the time to ask whether it is admitted.
    #[must_use]
    pub fn caller(&self) -> &Ss58 {
        &self.signed.caller
    }

    /// Returns the protocol that the request is signed in.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.signed.protocol
    }

    /// Returns how far the validator's clock is ahead of ours, in nanoseconds; the way of the request counts against it.
    #[must_use]
    pub fn ahead_ns(&self) -> i64 {
        let ahead = i128::from(self.signed.nonce_ns) - i128::from(self.now_ns);
        // The window is a minute or so: it always fits.
        i64::try_from(ahead).unwrap_or_default()
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
                let refused = Refused::unverified(signed.protocol, RefusalReason::Replay, "Nonce was used before");
                Err(refused.of(&signed.caller))
            }
            Err(NonceError::Full) => {
                let message = "Too many requests: try again later".to_owned();
                Err(Refused { reason: RefusalReason::Overloaded, status: 503, message, claimed: Some(signed.caller) })
            }
        }
    }
}
