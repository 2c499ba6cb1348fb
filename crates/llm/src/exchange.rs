//! One HTTP request and its reply, bounded in size and time, and honest about whether anything left.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use common::outcome::VendorFailure;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http_body::{Frame, SizeHint};
use reqwest::{Client, Request, RequestBuilder, Response};
use tokio::time::{Instant, timeout_at};

use crate::call_error::{Billing, CallError, Cause};
use crate::endpoint::Endpoint;
use crate::retry_after;

/// More than the longest answer of any model, with every character escaped.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// More than any description of an error.
const MAX_ERROR_BYTES: usize = 64 * 1024;

/// A vendor's reply, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// Sends one request with a body, which the vendor may bill, and reads its reply.
pub(crate) async fn post(
    client: &Client,
    endpoint: &Endpoint,
    body: Vec<u8>,
    deadline: Instant,
) -> Result<Reply, CallError> {
    let left = Left::default();
    let body = reqwest::Body::wrap(WatchedBody { content: Some(body.into()), left: left.clone() });
    let request = client.post(endpoint.url.clone()).header(CONTENT_TYPE, "application/json").body(body);
    let request = build(request, endpoint)?;
    if deadline <= Instant::now() {
        return Err(left.late());
    }
    let exchange = async {
        let response = client.execute(request).await.map_err(|error| left.broken(&error))?;
        read(response, &left).await
    };
    timeout_at(deadline, exchange).await.unwrap_or_else(|_| Err(left.late()))
}

/// Asks for the list of models and reads the reply. Nobody bills that, so no error here says that anything is.
pub(crate) async fn get_models(client: &Client, endpoint: &Endpoint, deadline: Instant) -> Result<Reply, CallError> {
    let request = build(client.get(endpoint.models_url.clone()), endpoint)?;
    let exchange = async {
        let response = client.execute(request).await.map_err(|error| {
            // Without a body there is no telling when the request left, and no need to.
            Left::from(!error.is_connect()).broken(&error)
        })?;
        read(response, &Left::from(true)).await
    };
    let reply = timeout_at(deadline, exchange).await.unwrap_or_else(|_| Err(Left::from(true).late()));
    reply.map_err(|error| CallError { billing: Billing::Nothing, ..error })
}

/// Adds what every request has.
fn build(request: RequestBuilder, endpoint: &Endpoint) -> Result<Request, CallError> {
    let not_built = || CallError::new(VendorFailure::InvalidRequest, Billing::Nothing, Cause::Build);
    let mut request = request.header(ACCEPT, "application/json");
    if let Some(authorization) = endpoint.authorization().map_err(|_| not_built())? {
        request = request.header(AUTHORIZATION, authorization);
    }
    request.build().map_err(|_| not_built())
}

async fn read(mut response: Response, left: &Left) -> Result<Reply, CallError> {
    let is_answer = response.status().is_success();
    let limit = if is_answer { MAX_ANSWER_BYTES } else { MAX_ERROR_BYTES };
    let mut reply = Reply {
        status: response.status().as_u16(),
        retry_after: retry_after::read(response.headers()),
        body: Vec::new(),
    };
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if reply.body.len() + chunk.len() <= limit => reply.body.extend_from_slice(&chunk),
            Ok(None) => return Ok(reply),
            // The status of an error says enough, even if its description does not end.
            Ok(Some(_)) | Err(_) if !is_answer => return Ok(reply),
            Ok(Some(_)) => {
                let cause = Cause::TooLarge { limit };
                return Err(CallError::new(VendorFailure::Malformed, Billing::Unknown, cause));
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
