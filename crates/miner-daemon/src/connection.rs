//! One peer's connection: HTTP/1.1 by hyper, cut when the peer is slow, closed so that the last answer arrives.

mod answer;
mod complaint;
mod exchange;
mod stream;

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::limits::Place;
use crate::request::{Reply, Rest, Site};
use answer::AnswerBody;
use exchange::{Exchange, Times};
use stream::{PeerStream, SharedExchange};

/// How long a peer may take to take a farewell.
const FAREWELL: Duration = Duration::from_secs(1);
/// hyper's least buffer, which also holds the head.
const LEAST_BUFFER: usize = 8192;

/// Serves a connection to its end. `stopping` asks for that: the request in work is still answered.
pub(crate) async fn serve(
    socket: TcpStream,
    peer: IpAddr,
    site: Site,
    stopping: impl Future<Output = ()>,
    place: Place,
) {
    let limits = &site.front.limits;
    let times = Times { patience: limits.read_timeout(), idle: limits.idle_timeout() };
    let header_limit = usize::try_from(limits.max_header_bytes).unwrap_or(usize::MAX);
    let exchange = SharedExchange::new(Exchange::new(times, Instant::now()));
    let mut builder = Builder::new();
    builder
        // Its clock would run while a connection is idle, too: the stream has better ones.
        .header_read_timeout(None)
        .max_header_size(header_limit)
        .max_buf_size(header_limit.max(LEAST_BUFFER));
    let service = service_fn(|request| respond(request, peer, &site, &exchange));
    let stream = TokioIo::new(PeerStream::new(socket, exchange.clone()));
    let mut connection = builder.serve_connection(stream, service);
    let mut stopping = pin!(stopping);
    let mut asked = false;
    let end = poll_fn(|context| {
        if !asked && stopping.as_mut().poll(context).is_ready() {
            asked = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        connection.poll_without_shutdown(context)
    })
    .await;
    // Also drops a request in work, if the peer has hung up.
    let socket = connection.into_parts().io.into_inner().into_socket();
    let is_late = exchange.lock().head_is_late(Instant::now());
    let complaint = complaint::about(&end, is_late).map(|refused| site.refuse(peer, None, refused));
    let _ = timeout(FAREWELL, close(socket, complaint.as_ref())).await;
    drop(place);
}

/// Turns a connection away before anything is read.
pub(crate) fn turn_away(socket: &TcpStream, peer: IpAddr, site: &Site) {
    let response = site.refuse(peer, None, complaint::overloaded());
    // Whoever floods is not waited for: an empty socket buffer takes it at once.
    let _ = socket.try_write(&complaint::written(&response));
}

type Responding<'a> = Pin<Box<dyn Future<Output = Result<Response<AnswerBody>, Infallible>> + Send + 'a>>;

fn respond<'a>(
    request: Request<Incoming>,
    peer: IpAddr,
    site: &'a Site,
    exchange: &'a SharedExchange,
) -> Responding<'a> {
    exchange.lock().request_came();
    Box::pin(async move {
        let (head, body) = request.into_parts();
        let Reply { response, rest } = site.answer(peer, &head, body).await;
        let status = complaint::status(&response);
        let exchange = exchange.clone();
        let mut answer = Response::new(match rest {
            Rest::Whole(receipt) => AnswerBody::whole(response.body, receipt, exchange),
            Rest::Pieces(pieces) => AnswerBody::pieces(*pieces, exchange),
        });
        *answer.status_mut() = status;
        *answer.headers_mut() = response.headers;
        Ok(answer)
    })
}

/// Says what is left to say and closes. What the peer still sends is thrown away for a moment: closing on unread bytes
/// would reset the connection, and the peer could lose the answer before it.
async fn close(mut socket: TcpStream, last_words: Option<&bittensor::protocol::Response>) {
    if let Some(response) = last_words
        && socket.write_all(&complaint::written(response)).await.is_err()
    {
        return;
    }
    if socket.shutdown().await.is_err() {
        return;
    }
    let mut discarded = [0; 4096];
    while socket.read(&mut discarded).await.is_ok_and(|read| read > 0) {}
}
