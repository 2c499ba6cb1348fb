//! One HTTP request and its reply, bounded in size and time, and honest about whether anything left.

use std::collections::VecDeque;
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use common::outcome::VendorFailure;
use http::header::{ACCEPT, CONTENT_TYPE};
use http_body::{Frame, SizeHint};
use reqwest::{Client, Request, RequestBuilder, Response, Url};
use tokio::time::{Instant, timeout_at};

use crate::call_error::{Billing, CallError, Cause};
use crate::endpoint::Endpoint;
use crate::rate_limit::RateLimits;
use crate::sse::Decoder;
use crate::{over_cap, retry_after};

/// More than the longest answer of any model, with every character escaped.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// More than any description of an error.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// More than any event of a stream; a vendor may send an answer as one.
const MAX_EVENT_BYTES: usize = 1024 * 1024;
/// More than a stream of the longest answer, with half a kilobyte around each token.
const MAX_STREAM_BYTES: usize = 128 * 1024 * 1024;

/// A vendor's reply, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// A request that may be billed.
#[derive(Debug)]
pub(crate) struct Billable {
    pub(crate) url: Url,
    pub(crate) body: Vec<u8>,
    /// The output cap in it.
    pub(crate) cap: u32,
}

/// Sends one request with a body, which the vendor may bill, and reads its reply and what is left of its rate limits.
pub(crate) async fn post(
    client: &Client,
    endpoint: &Endpoint,
    request: Billable,
    deadline: Instant,
) -> Result<(Reply, RateLimits), CallError> {
    let left = Left::default();
    let exchange = async {
        let cap = request.cap;
        let response = send(client, endpoint, request, "application/json", &left).await?;
        let limits = limits(&response);
        Ok((read(response, &left, Some(cap)).await?, limits))
    };
    in_time(exchange, deadline, &left).await
}

/// What comes back where a stream was asked for.
pub(crate) enum Opened {
    /// A stream.
    Events(Box<Events>),
    /// An error, or the whole answer of a server that does not stream.
    Whole(Reply),
}

/// Sends one request with a body, which the vendor may bill, and reads its reply up to where a stream begins.
pub(crate) async fn open(
    client: &Client,
    endpoint: &Endpoint,
    request: Billable,
    deadline: Instant,
) -> Result<(Opened, RateLimits), CallError> {
    let left = Left::default();
    let exchange = async {
        let cap = request.cap;
        let response = send(client, endpoint, request, "text/event-stream", &left).await?;
        let limits = limits(&response);
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if response.status().is_success() && kind.trim_start().to_ascii_lowercase().starts_with("text/event-stream") {
            let (decoder, ready) = (Decoder::new(MAX_EVENT_BYTES), VecDeque::new());
            let events = Events { response, left: left.clone(), decoder, ready, read: 0, deadline };
            return Ok((Opened::Events(Box::new(events)), limits));
        }
        Ok((Opened::Whole(read(response, &left, Some(cap)).await?), limits))
    };
    in_time(exchange, deadline, &left).await
}

/// The events of a reply, as they come in.
pub(crate) struct Events {
    response: Response,
    left: Left,
    decoder: Decoder,
    /// Those that came in together.
    ready: VecDeque<Vec<u8>>,
    read: usize,
    deadline: Instant,
}

impl Events {
    /// Returns the data of the next event, or `None` at the end; returns by the deadline.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, CallError> {
        let too_large = |limit| CallError::new(VendorFailure::Malformed, Billing::Unknown, Cause::TooLarge { limit });
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            let chunk = timeout_at(self.deadline, self.response.chunk()).await.map_err(|_| self.left.late())?;
            let Some(chunk) = chunk.map_err(|error| self.left.broken(&error))? else { return Ok(None) };
            self.read = self.read.saturating_add(chunk.len());
            if self.read > MAX_STREAM_BYTES {
                return Err(too_large(MAX_STREAM_BYTES));
            }
            let ready = &mut self.ready;
            let taken = self.decoder.push(&chunk, |event| ready.push_back(event));
            taken.map_err(|_| too_large(MAX_EVENT_BYTES))?;
        }
    }
}

async fn send(
    client: &Client,
    endpoint: &Endpoint,
    Billable { url, body, cap: _ }: Billable,
    accept: &'static str,
    left: &Left,
) -> Result<Response, CallError> {
    let body = reqwest::Body::wrap(WatchedBody { content: Some(body.into()), left: left.clone() });
    let request = client.post(url).header(CONTENT_TYPE, "application/json").header(ACCEPT, accept).body(body);
    client.execute(build(request, endpoint)?).await.map_err(|error| left.broken(&error))
}

/// Gives up at the deadline, and does not even begin after it.
async fn in_time<T>(
    exchange: impl Future<Output = Result<T, CallError>>,
    deadline: Instant,
    left: &Left,
) -> Result<T, CallError> {
    if deadline <= Instant::now() {
        return Err(left.late());
    }
    timeout_at(deadline, exchange).await.unwrap_or_else(|_| Err(left.late()))
}

/// Asks for the list of models and reads the reply. Nobody bills that, so no error here says that anything is.
pub(crate) async fn get_models(client: &Client, endpoint: &Endpoint, deadline: Instant) -> Result<Reply, CallError> {
    let request = client.get(endpoint.models_url.clone()).header(ACCEPT, "application/json");
    let request = build(request, endpoint)?;
    let exchange = async {
        let response = client.execute(request).await.map_err(|error| {
            // Without a body there is no telling when the request left, and no need to.
            Left::from(!error.is_connect()).broken(&error)
        })?;
        read(response, &Left::from(true), None).await
    };
    let reply = timeout_at(deadline, exchange).await.unwrap_or_else(|_| Err(Left::from(true).late()));
    reply.map_err(|error| CallError { billing: Billing::Nothing, ..error })
}

/// Adds what every request to the vendor has.
fn build(request: RequestBuilder, endpoint: &Endpoint) -> Result<Request, CallError> {
    let not_built = || CallError::new(VendorFailure::InvalidRequest, Billing::Nothing, Cause::Build);
    let headers = endpoint.headers().map_err(|_| not_built())?;
    request.headers(headers).build().map_err(|_| not_built())
}

fn limits(response: &Response) -> RateLimits {
    RateLimits::read(response.headers(), jiff::Timestamp::now())
}

/// Reads a reply to its end. An answer must not be longer than one within `cap` can be.
async fn read(mut response: Response, left: &Left, cap: Option<u32>) -> Result<Reply, CallError> {
    let is_answer = response.status().is_success();
    let over_cap = cap.map(|cap| (over_cap::most_bytes(cap), cap)).filter(|(most, _)| *most < MAX_ANSWER_BYTES);
    let limit = match over_cap {
        _ if !is_answer => MAX_ERROR_BYTES,
        Some((most, _)) => most,
        None => MAX_ANSWER_BYTES,
    };
    // Where a refusal does not say how long it lasts, what is left of the limits may.
    let wait = || limits(&response).refuses_all_for().filter(|_| !is_answer);
    let mut reply = Reply {
        status: response.status().as_u16(),
        retry_after: retry_after::read(response.headers()).or_else(wait),
        body: Vec::new(),
    };
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if reply.body.len() + chunk.len() <= limit => reply.body.extend_from_slice(&chunk),
            Ok(None) => return Ok(reply),
            // The status of an error says enough, even if its description does not end.
            Ok(Some(_)) | Err(_) if !is_answer => return Ok(reply),
            Ok(Some(_)) => {
                let too_large =
                    || CallError::new(VendorFailure::Malformed, Billing::Unknown, Cause::TooLarge { limit });
                return Err(over_cap.map_or_else(too_large, |(_, cap)| over_cap::error(cap, Billing::Unknown)));
            }
            Err(error) => return Err(left.broken(&error)),
        }
    }
}

/// Whether any of the request's body has been handed to a connection: before that the vendor cannot have worked.
#[derive(Clone, Debug, Default)]
struct Left(Arc<AtomicBool>);

impl From<bool> for Left {
    fn from(left: bool) -> Self {
        Self(Arc::new(left.into()))
    }
}

impl Left {
    /// The deadline has passed.
    fn late(&self) -> CallError {
        if self.0.load(Ordering::Relaxed) {
            CallError::new(VendorFailure::Timeout, Billing::Unknown, Cause::Deadline)
        } else {
            CallError::new(VendorFailure::Timeout, Billing::Nothing, Cause::DeadlineBeforeSending)
        }
    }

    /// The connection could not be made, or broke.
    fn broken(&self, error: &reqwest::Error) -> CallError {
        if self.0.load(Ordering::Relaxed) {
            CallError::new(VendorFailure::Disconnected, Billing::Unknown, Cause::Broken(reason(error)))
        } else {
            CallError::new(VendorFailure::Unreachable, Billing::Nothing, Cause::Connect(reason(error)))
        }
    }
}

/// Returns the innermost reason, such as "Connection refused", without the URL and bounded: certificates can say anything.
fn reason(error: &reqwest::Error) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string().chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(200).collect()
}

/// The request's body; notes when it begins to leave. It cannot be copied, so nothing can send it twice.
struct WatchedBody {
    content: Option<Bytes>,
    left: Left,
}

impl http_body::Body for WatchedBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.left.0.store(true, Ordering::Relaxed);
        Poll::Ready(self.content.take().map(|content| Ok(Frame::data(content))))
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.content.as_ref().map_or(0, |content| content.len() as u64))
    }
}
