//! What is decided by a request's head before anything of it costs much: method, framing, packing, route and protocol.

use std::io::Read;
use std::sync::Arc;

use bittensor::protocol::{self, Claim, Head, Refused};
use common::config::subnet::Protocol;
use common::id::Ss58;
use common::record::RefusalReason;
use flate2::read::MultiGzDecoder;
use http::Method;
use http::header::{CONTENT_ENCODING, TRANSFER_ENCODING};
use http::request::Parts;

use super::body::BodyError;
use super::refused;
use crate::routes::{Plan, Routes, ServedRoute};

/// A request that belongs to a route.
pub(super) struct Opened<'a> {
    /// The route.
    pub(super) route: &'a Arc<ServedRoute>,
    protocol: Protocol,
    is_packed: bool,
}

/// Finds the route of a request and the protocol in which it is asked.
pub(super) fn open<'a>(routes: &'a Routes, head: &Parts, accept_gzip: bool) -> Result<Opened<'a>, Refused> {
    // hyper hides a Content-Length that comes with it, so a sound request cannot be told from one that two servers would
    // cut differently. No SDK sends it.
    if head.headers.contains_key(TRANSFER_ENCODING) {
        return Err(refused(RefusalReason::BadHeader, 411, "Length required: Transfer-Encoding is refused", None));
    }
    if head.method != Method::POST && head.method != Method::GET {
        return Err(refused(RefusalReason::Method, 405, "Method not allowed", None));
    }
    let Some(route) = routes.find(head.uri.path()) else {
        return Err(match head.method {
            Method::POST => refused(RefusalReason::UnknownRoute, 404, "Synapse name not found", None),
            _ => refused(RefusalReason::Method, 405, "Method not allowed: use POST", None),
        });
    };
    let protocol = match protocol::shown(&head.headers) {
        Some(shown) if !route.protocols.accept(shown) => {
            let message = "This protocol is not accepted here";
            return Err(refused(RefusalReason::BadHeader, 401, message, None));
        }
        Some(shown) => shown,
        None => route.protocols.first(),
    };
    if head.method == Method::GET && !may_be_got(route, protocol) {
        return Err(refused(RefusalReason::Method, 405, "Method not allowed: use POST", None));
    }
    let is_packed = match head.headers.get(CONTENT_ENCODING).map(http::HeaderValue::as_bytes) {
        None | Some(b"identity") => false,
        Some(b"gzip") if accept_gzip => true,
        Some(_) => {
            let message = "Unsupported content encoding: send the body as it is";
            return Err(refused(RefusalReason::BadHeader, 415, message, None));
        }
    };
    Ok(Opened { route, protocol, is_packed })
}

/// What asks nothing of a model may be got, where the signature covers the method.
fn may_be_got(route: &ServedRoute, protocol: Protocol) -> bool {
    match protocol {
        Protocol::Synapse => false,
        Protocol::Btauth | Protocol::Epistula => matches!(route.plan, Plan::Reply(_)),
    }
}

impl Opened<'_> {
    /// Reads what the head claims.
    pub(super) fn claim(&self, head: &Parts, own: &Ss58, now_ns: u64) -> Result<Claim, Refused> {
        let target = head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let head = Head { method: head.method.as_str(), target, headers: &head.headers };
        protocol::claim(self.protocol, head, own, now_ns)
    }

    /// Returns the body as it was before it was packed. What is longer than `limit` is not unpacked to its end.
    pub(super) fn unpack(&self, body: Vec<u8>, limit: usize) -> Result<Vec<u8>, BodyError> {
        // Whoever gets something need not send an empty object.
        if body.is_empty() && matches!(self.route.plan, Plan::Reply(_)) && self.protocol != Protocol::Synapse {
            return Ok(b"{}".to_vec());
        }
        if !self.is_packed {
            return Ok(body);
        }
        let mut unpacked = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let read = MultiGzDecoder::new(body.as_slice()).take(most).read_to_end(&mut unpacked);
        match read {
            Ok(_) if unpacked.len() > limit => Err(BodyError::TooLarge),
            Ok(_) => Ok(unpacked),
            Err(_) => Err(BodyError::Broken),
        }
    }
}

/// How a protocol's validators are told that they are verified, but not answered.
pub(super) fn forbidden(protocol: Protocol) -> (u16, &'static str) {
    match protocol {
        Protocol::Synapse => (403, "Forbidden. Key is blacklisted: not answered here."),
        Protocol::Btauth => (403, "Forbidden"),
        Protocol::Epistula => (401, "Signer not the expected ss58 address"),
    }
}
