//! The vendor's HTTP server.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use daemon_kit::Workers;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Vendor;
use super::chat::VendorError;

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

async fn respond(vendor: &Vendor, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let shown = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Err(error) = vendor.admit(shown) {
        return refusal(&error);
    }
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/v1/models") => json(StatusCode::OK, &vendor.models()),
        (&Method::POST, "/v1/chat/completions") => chat(vendor, request.into_body()).await,
        _ => refusal(&VendorError::unknown_url()),
    }
}

async fn chat(vendor: &Vendor, body: Incoming) -> Response<Full<Bytes>> {
    let Ok(body) = Limited::new(body, MAX_BODY_BYTES).collect().await else {
        return refusal(&VendorError::invalid("the body is too large or was cut off"));
    };
    let outcome = vendor.complete(&body.to_bytes(), unix_s());
    if !outcome.after.is_zero() {
        tokio::time::sleep(outcome.after).await;
    }
    match outcome.result {
        Ok(completion) => json(StatusCode::OK, &completion),
        Err(error) => refusal(&error),
    }
}

fn refusal(error: &VendorError) -> Response<Full<Bytes>> {
    let mut response = json(error.status(), &error.body());
    if let Some(seconds) = error.retry_after_s {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn json(status: StatusCode, value: &impl Serialize) -> Response<Full<Bytes>> {
    // Our own types of strings and numbers always become JSON.
    let body = serde_json::to_vec(value).unwrap_or_default();
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
