//! One request from its head to its answer: every check in the order of its cost, the body last.

mod body;
mod verified;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use bittensor::protocol::{Refused, Response, Signed};
use bittensor::synapse::{Synapse, verify};
use bytes::Bytes;
use common::id::Ss58;
use common::record::RefusalReason;
use http::header::TRANSFER_ENCODING;
use http::request::Parts;
use http::{HeaderMap, Method};
use hyper::body::Body;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::clock::unix_ns;
use crate::delivery::Receipt;
use crate::front::Front;
use crate::refusals::TurnedAway;
use crate::routes::{Plan, Routes, ServedRoute};
use body::BodyError;
use verified::Verified;

/// One listener: its routes, and what all listeners share.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// The routes.
    pub(crate) routes: Arc<Routes>,
    /// The rest.
    pub(crate) front: Arc<Front>,
}

/// What goes back to the validator.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The response.
    pub(crate) response: Response,
    /// The open record of the task, if it was one: whether the validator takes the response.
    pub(crate) receipt: Option<Receipt>,
}

/// A request whose head is in order.
struct Admitted<'a> {
    route: &'a ServedRoute,
    signed: Signed,
    /// Held while the request is in work.
    _place: OwnedSemaphorePermit,
}

impl Site {
    /// Answers a request, whatever is wrong with it.
    pub(crate) async fn answer<B>(&self, peer: IpAddr, head: &Parts, body: B) -> Reply
    where
        B: Body<Data = Bytes> + Unpin,
    {
        match self.try_answer(head, body).await {
            Ok(reply) => reply,
            Err(refused) => Reply { response: self.refuse(peer, Some(head), refused), receipt: None },
        }
    }

    /// Records a refusal and makes the response to a request, if it got as far as having a head.
    pub(crate) fn refuse(&self, peer: IpAddr, head: Option<&Parts>, refused: Refused) -> Response {
        let route = head.and_then(|head| self.routes.find(head.uri.path()));
        let turned_away = TurnedAway {
            netuid: route.map(|route| route.netuid).or_else(|| self.routes.only_netuid()),
            claimed: refused.claimed.clone(),
            peer: peer.to_canonical(),
            reason: refused.reason,
        };
        self.front.refusals.note(turned_away, &refused.message);
        match head {
            Some(head) => refused.into_response(common::config::subnet::Protocol::Synapse, &head.headers),
            None => refused.into_response(common::config::subnet::Protocol::Synapse, &HeaderMap::new()),
        }
    }

    async fn try_answer<B>(&self, head: &Parts, body: B) -> Result<Reply, Refused>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let came = Instant::now();
        let admitted = self.admit(head).await?;
        let limits = &self.front.limits;
        let limit = usize::try_from(limits.max_body_bytes).unwrap_or(usize::MAX);
        let body = body::read(body, limit, limits.read_timeout())
            .await
            .map_err(|error| unread(error, admitted.signed.caller.clone()))?;
        let complete = Instant::now();
        let synapse = Synapse::parse(&admitted.route.schema, &admitted.signed, &body)?;
        drop(body);
        let Admitted { route, signed, _place } = admitted;
        let request = Verified { front: &self.front, route, signed, synapse, came, complete };
        match &route.plan {
            Plan::Task(mapping) => request.run(mapping).await,
            Plan::Reply(fields) => Ok(request.reply(fields)),
            Plan::Decline => request.decline(),
        }
    }

    /// Checks a request by its head.
    async fn admit(&self, head: &Parts) -> Result<Admitted<'_>, Refused> {
        if head.method != Method::POST {
            return Err(refused(RefusalReason::Method, 405, "Method not allowed: use POST", None));
        }
        // hyper hides a Content-Length that comes with it, so a sound request cannot be told from one that two servers
        // would cut differently. No dendrite sends it.
        if head.headers.contains_key(TRANSFER_ENCODING) {
            return Err(refused(RefusalReason::BadHeader, 411, "Length required: Transfer-Encoding is refused", None));
        }
        let Some(route) = self.routes.find(head.uri.path()) else {
            return Err(refused(RefusalReason::UnknownRoute, 404, "Synapse name not found", None));
        };
        let front = &self.front;
        let verified = verify(&head.headers, &front.hotkey, unix_ns(SystemTime::now()))?;
        let caller = || Some(verified.caller().clone());
        let standing = || front.chain.standing(route.netuid, verified.caller());
        if !front.admission.admits(verified.caller(), standing) {
            let message = "Forbidden. Key is blacklisted: not answered here.";
            return Err(refused(RefusalReason::NotAdmitted, 403, message, caller()));
        }
        front.refusals.in_time();
        let Some(place) = front.load.begin() else {
            return Err(refused(RefusalReason::Overloaded, 503, "Overloaded", caller()));
        };
        // Only now: whoever is not answered cannot fill the memory of nonces.
        let signed = front.nonces.spend(verified).await?;
        Ok(Admitted { route, signed, _place: place })
    }
}

/// Makes a refusal. The message goes to the validator, as a header too: short, without anything of the request.
pub(crate) fn refused(reason: RefusalReason, status: u16, message: &str, claimed: Option<Ss58>) -> Refused {
    Refused { reason, status, message: message.to_owned(), claimed }
}

fn unread(error: BodyError, caller: Ss58) -> Refused {
    let (reason, status) = match error {
        BodyError::TooLarge => (RefusalReason::TooLarge, 413),
        BodyError::Slow => (RefusalReason::Slow, 408),
        BodyError::Broken => (RefusalReason::BadBody, 400),
    };
    refused(reason, status, &error.to_string(), Some(caller))
}
