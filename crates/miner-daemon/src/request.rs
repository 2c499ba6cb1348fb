//! One request from its head to its answer: every check in the order of its cost.

mod body;
mod head;
mod pieces;
mod verified;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use bittensor::protocol::{self, Asked, Claim, Refused, Response, Signed, Verified as Proven};
use bytes::Bytes;
use common::config::subnet::Protocol;
use common::id::Ss58;
use common::record::RefusalReason;
use http::HeaderMap;
use http::request::Parts;
use hyper::body::Body;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::clock::{unix_ms, unix_ns};
use crate::delivery::Receipt;
use crate::front::Front;
use crate::refusals::TurnedAway;
use crate::routes::{Plan, Routes, ServedRoute};
use body::BodyError;
use head::Opened;
pub(crate) use pieces::{Cut, Pieces};
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
    /// The response; without its body, if that follows in pieces.
    pub(crate) response: Response,
    /// What belongs to it.
    pub(crate) rest: Rest,
}

/// What belongs to a response.
#[derive(Debug)]
pub(crate) enum Rest {
    /// The open record of the task, if it was one: whether the validator takes the response.
    Whole(Option<Receipt>),
    /// The body.
    Pieces(Box<Pieces>),
}

impl Reply {
    fn whole(response: Response, receipt: Option<Receipt>) -> Self {
        Self { response, rest: Rest::Whole(receipt) }
    }
}

/// A request of a validator who is answered.
struct Admitted {
    signed: Signed,
    /// Held while the request is in work.
    place: OwnedSemaphorePermit,
}

impl Site {
    /// Answers a request, whatever is wrong with it.
    pub(crate) async fn answer<B>(&self, peer: IpAddr, head: &Parts, body: B) -> Reply
    where
        B: Body<Data = Bytes> + Unpin,
    {
        match self.try_answer(peer, head, body).await {
            Ok(reply) => reply,
            Err(refused) => Reply::whole(self.refuse(peer, Some(head), refused), None),
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
        let shown = head.and_then(|head| protocol::shown(&head.headers));
        let protocol = shown.or_else(|| route.map(|route| route.protocols.first())).unwrap_or(Protocol::Synapse);
        match head {
            Some(head) => refused.into_response(protocol, &head.headers),
            None => refused.into_response(protocol, &HeaderMap::new()),
        }
    }

    async fn try_answer<B>(&self, peer: IpAddr, head: &Parts, body: B) -> Result<Reply, Refused>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let came = Instant::now();
        let opened = head::open(&self.routes, head, self.front.limits.accept_gzip)?;
        let Opened { route, .. } = opened;
        let claim = opened.claim(head, &self.front.hotkey, unix_ns(SystemTime::now()))?;
        if !self.front.rates.looks_at(peer) {
            let message = "Too many requests from this address in vain: try again later";
            return Err(refused(RefusalReason::RateLimited, 429, message, Some(claim.caller().clone())));
        }
        let (admitted, body) = match claim {
            Claim::OfHead(claim) => {
                let admitted = self.admit(peer, route, claim.verify()).await?;
                let caller = &admitted.signed.caller;
                let body = self.read(body, caller).await?;
                (admitted, body)
            }
            Claim::OfBody(claim) => {
                let caller = claim.caller().clone();
                // Strangers together hold no more memory than this allows.
                let Some(reading) = self.front.load.unverified.enter(peer) else {
                    return Err(refused(RefusalReason::Overloaded, 503, "Overloaded", Some(caller)));
                };
                let body = self.read(body, &caller).await?;
                drop(reading);
                (self.admit(peer, route, claim.verify_body(&body)).await?, body)
            }
        };
        let complete = Instant::now();
        let Admitted { signed, place } = admitted;
        let body = opened.unpack(body, self.body_limit()).map_err(|error| unread(error, signed.caller.clone()))?;
        let asked = Asked::parse(&route.schema, &signed, &body)?;
        drop(body);
        let request = Verified { front: &self.front, route, signed, asked, place, came, complete };
        match &route.plan {
            Plan::Task(_) => request.run(Arc::clone(route)).await,
            Plan::Reply(fields) => Ok(request.reply(fields)),
            Plan::Decline => request.decline(),
        }
    }

    /// Decides whether a sender is answered, once the signature has been looked at.
    async fn admit(
        &self,
        peer: IpAddr,
        route: &ServedRoute,
        proven: Result<Proven, Refused>,
    ) -> Result<Admitted, Refused> {
        let front = &self.front;
        let verified = proven.inspect_err(|_| front.rates.in_vain(peer))?;
        let caller = || Some(verified.caller().clone());
        let standing = || front.chain.standing(route.netuid, verified.caller());
        if !front.admission.admits(verified.caller(), standing) {
            front.rates.in_vain(peer);
            let (status, message) = head::forbidden(verified.protocol());
            return Err(refused(RefusalReason::NotAdmitted, status, message, caller()));
        }
        front.refusals.in_time();
        if !front.rates.admits(verified.caller()) {
            let message = "Too many requests: try again later";
            return Err(refused(RefusalReason::RateLimited, 429, message, caller()));
        }
        let weight = front.chain.weight(route.netuid, verified.caller());
        let Some(place) = front.load.begin(weight) else {
            return Err(refused(RefusalReason::Overloaded, 503, "Overloaded", caller()));
        };
        front.callers.note(verified.caller(), verified.ahead_ns(), unix_ms(SystemTime::now()));
        // Only now: whoever is not answered cannot fill the memory of nonces.
        let signed = front.nonces.spend(verified).await?;
        Ok(Admitted { signed, place })
    }

    async fn read<B>(&self, body: B, caller: &Ss58) -> Result<Vec<u8>, Refused>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let read = body::read(body, self.body_limit(), self.front.limits.read_timeout()).await;
        read.map_err(|error| unread(error, caller.clone()))
    }

    fn body_limit(&self) -> usize {
        usize::try_from(self.front.limits.max_body_bytes).unwrap_or(usize::MAX)
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
