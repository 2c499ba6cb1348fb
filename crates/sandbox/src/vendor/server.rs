//! The vendor's HTTP server.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use daemon_kit::Workers;
use futures_util::stream;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Vendor;
use super::error::VendorError;
use super::format::{Event, Format, Target};

/// The largest request.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// The most connections at a time; more wait.
const MAX_CONNECTIONS: usize = 512;

/// How long a connection may take to send a request's headers.
const HEADER_TIME: Duration = Duration::from_secs(90);

/// Serves until the workers stop.
pub async fn serve(listener: TcpListener, vendor: Arc<Vendor>, workers: Workers) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = workers.stopping() => return,
            accepted = accept(&listener, &slots) => accepted,
        };
        match accepted {
            Ok((stream, slot)) => {
                let connection = connection(stream, Arc::clone(&vendor), workers.clone(), slot);
                workers.spawn("vendor-connection", connection);
            }
            Err(error) => {
                tracing::warn!(%error, "Cannot accept a connection");
                // Out of file descriptors, most likely: some will be free again.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, slot))
}

async fn connection(stream: TcpStream, vendor: Arc<Vendor>, workers: Workers, _slot: OwnedSemaphorePermit) {
    // Answers are small and one after another: waiting to fill a packet would only delay them.
    drop(stream.set_nodelay(true));
    let service = service_fn(|request| {
        let vendor = Arc::clone(&vendor);
        async move { Ok::<_, Infallible>(respond(&vendor, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let end = tokio::select! {
        end = connection.as_mut() => end,
        () = workers.stopping() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = end {
        tracing::debug!(%error, "A caller's connection broke");
    }
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

async fn respond(vendor: &Vendor, request: Request<Incoming>) -> Response<Body> {
    let (format, rest) = Format::of(request.uri().path());
    let target = format.target(rest);
    if let Err(error) = vendor.admit(format.key(request.headers())) {
        return refusal(format, &error);
    }
    match (request.method(), target) {
        (&Method::GET, Some(Target::Models)) => json(StatusCode::OK, &format.models(vendor.models())),
        (&Method::POST, Some(Target::Completion(model))) => complete(vendor, format, model, request.into_body()).await,
        _ => refusal(format, &VendorError::unknown_url()),
    }
}

async fn complete(vendor: &Vendor, format: Format, model: Option<(String, bool)>, body: Incoming) -> Response<Body> {
    let Ok(body) = Limited::new(body, MAX_BODY_BYTES).collect().await else {
        return refusal(format, &VendorError::invalid("the body is too large or was cut off"));
    };
    let ask = match format.parse(model, &body.to_bytes()) {
        Ok(ask) => ask,
        Err(error) => return refusal(format, &error),
    };
    let outcome = vendor.complete(&ask, unix_s());
    let said = match outcome.result {
        Ok(said) => said,
        Err(error) => return refusal(format, &error),
    };
    let time = outcome.time;
    let wait = if ask.streamed { time.first } else { time.whole(said.output_tokens) };
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    if ask.streamed {
        return events(format.events(&said, time.per_token));
    }
    json(StatusCode::OK, &format.body(&said))
}

/// Sends each event when its time has come.
fn events(events: Vec<Event>) -> Response<Body> {
    let frames = stream::unfold(events.into_iter(), |mut events| async {
        let Event { bytes, after } = events.next()?;
        if !after.is_zero() {
            tokio::time::sleep(after).await;
        }
        Some((Ok(Frame::data(Bytes::from(bytes))), events))
    });
    let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

fn refusal(format: Format, error: &VendorError) -> Response<Body> {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = json(status, &format.error(error));
    // Gemini says it in the body.
    if let Some(seconds) = error.retry_after_s().filter(|_| format != Format::Gemini) {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn json(status: StatusCode, value: &Value) -> Response<Body> {
    let mut response = Response::new(Full::new(Bytes::from(value.to_string())).boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
