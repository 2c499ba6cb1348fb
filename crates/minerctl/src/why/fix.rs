//! What an operator can do about requests that are turned away for a reason.

use common::record::RefusalReason;

/// Returns the advice. Exhaustive, so that a new reason gets one.
pub(super) fn fix(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::UnknownRoute => {
            "Somebody asks for a path that no profile serves. If it is a validator of yours, add the route to \
             subnet-profiles.json; names are case-sensitive. Scanners ask for anything."
        }
        RefusalReason::Method => {
            "Validators post; only a reply without a model may be got. Usually a browser or a scanner."
        }
        RefusalReason::BadHeader => {
            "A header is missing or malformed, or the protocol is not one of the profile's `protocol`. If a proxy stands \
             before the miner, it must let headers with underscores through and must not send chunked bodies."
        }
        RefusalReason::Unsigned => "The request is not signed. Old SDKs let that pass; nothing here does.",
        RefusalReason::BadSignature => {
            "The signature is not the claimed hotkey's over this request for this miner: a forgery, a changed path or body, or a \
             validator that still has another hotkey at this address. Check that the axon on the chain is this hotkey's."
        }
        RefusalReason::WrongReceiver => {
            "The request is for another hotkey. Check that the axon on the chain at this address is this hotkey's, and not an \
             older one's."
        }
        RefusalReason::Stale => {
            "Compare the clocks: `minerctl status` shows how far each validator's is off. If it is all of them, set this \
             machine's clock (timedatectl); otherwise the validator or the way to it is slow."
        }
        RefusalReason::Future => {
            "Compare the clocks: `minerctl status` shows how far each validator's is off. If it is all of them, this machine's \
             clock is behind (timedatectl)."
        }
        RefusalReason::Replay => {
            "The same signed request came twice. A proxy that repeats requests must not; after a boot of this machine, the first \
             two seconds are refused."
        }
        RefusalReason::BodyHash => {
            "The body has another hash than was signed. Compare the route's fields, types and hash_fields with the validator's class."
        }
        RefusalReason::BadBody => {
            "The body does not fit the route. Compare the route's fields and types with the validator's class: it may be of a newer version."
        }
        RefusalReason::TooLarge => {
            "Raise server.max_body_bytes or server.max_header_bytes, if a validator of yours needs it."
        }
        RefusalReason::Slow => {
            "The sender was slower than server.read_timeout_ms: a bad line, or somebody who wants to block the miner."
        }
        RefusalReason::NotAdmitted => {
            "The hotkey is verified, but callers in miner-config.json does not answer it: see policy, allow, deny and min_stake."
        }
        RefusalReason::RateLimited => {
            "Over server.max_requests_per_s_per_caller, or over server.max_strangers_per_s_per_ip for the address. Raise them if \
             it is a validator of yours."
        }
        RefusalReason::Overloaded => {
            "More requests or connections came together than server.max_in_flight and server.max_connections allow."
        }
    }
}
