//! Keeps a client's connection: connects, carries frames, and connects again. Reading and writing are separate futures.

use std::path::Path;
use std::sync::Arc;

use common::ipc::{Cancel, ClientFrame, Request, ServerFrame};
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::State;
use super::handshake::{self, ConnectError, Greeted};
use super::pending::Pending;
use crate::ipc::backoff::Backoff;
use crate::ipc::codec::{self, Decoder, FrameError};
use crate::problems::chain;

/// Requests that wait to be written.
const REQUESTS: usize = 64;
/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// What callers need of a connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) requests: mpsc::Sender<Outgoing>,
    pub(super) pending: Pending,
}

/// A request on its way out.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) id: u64,
    pub(super) deadline: Instant,
    pub(super) call: Box<RawValue>,
}

/// The link's side of a [`Connection`].
pub(super) struct Ends {
    queue: mpsc::Receiver<Outgoing>,
    pending: Pending,
}

/// Ends every waiting call however the link ends, even if its future is dropped.
struct Closing<'a> {
    pending: &'a Pending,
    state: &'a watch::Sender<State>,
    reason: Arc<str>,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.state.send_replace(State::Down(Arc::clone(&self.reason)));
        self.pending.close(&self.reason);
    }
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("the server hung up")]
    HungUp,
    #[error("the connection failed")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("the server said hello twice")]
    SecondHello,
}

/// Connects again and again, until nobody has a client any more.
pub(super) async fn keep(path: &Path, service: &'static str, state: &watch::Sender<State>) {
    tokio::select! {
        () = state.closed() => {}
        () = reconnect(path, service, state) => {}
    }
}

async fn reconnect(path: &Path, service: &'static str, state: &watch::Sender<State>) {
    let mut backoff = Backoff::default();
    let mut known = false;
    loop {
        match handshake::connect(path, service).await {
            Ok(greeted) => {
                tracing::info!(service, "Connected");
                known = true;
                backoff = Backoff::default();
                let connection = up(state);
                let reason = run(greeted, connection, state).await;
                tracing::warn!(service, %reason, "Connection lost, connecting again");
            }
            Err(error) => {
                let reason: Arc<str> = chain(&error).into();
                if is_news(&error, &reason, state, known) {
                    tracing::warn!(service, %reason, "Cannot connect, trying again");
                }
                state.send_replace(State::Down(reason));
            }
        }
        tokio::time::sleep(backoff.next_delay()).await;
    }
}

/// Whether an operator should hear of a failed attempt: once per reason, and not while the suite is just starting.
fn is_news(error: &ConnectError, reason: &Arc<str>, state: &watch::Sender<State>, known: bool) -> bool {
    let again = matches!(&*state.borrow(), State::Down(before) if before == reason);
    let starting = matches!(error, ConnectError::NotListening { .. }) && !known;
    !again && !starting
}

/// Opens the way for calls.
pub(super) fn up(state: &watch::Sender<State>) -> Ends {
    let (requests, queue) = mpsc::channel(REQUESTS);
    let pending = Pending::default();
    state.send_replace(State::Up(Arc::new(Connection { requests, pending: pending.clone() })));
    Ends { queue, pending }
}

/// Says that there will be no connection any more.
pub(super) fn give_up(state: &watch::Sender<State>) {
    state.send_replace(State::Down("this process is stopping, or the connection was not to be renewed".into()));
}

/// Carries frames until the connection ends, and returns why it did.
pub(super) async fn run(greeted: Greeted, ends: Ends, state: &watch::Sender<State>) -> Arc<str> {
    let Greeted { stream, decoder } = greeted;
    let Ends { queue, pending } = ends;
    let mut closing = Closing { pending: &pending, state, reason: "this process is stopping".into() };
    let (reader, writer) = stream.into_split();
    let end = tokio::select! {
        end = read(reader, decoder, &pending) => end,
        end = write(writer, queue, &pending) => end,
        () = state.closed() => End::HungUp,
    };
    closing.reason = chain(&end).into();
    Arc::clone(&closing.reason)
}

async fn read(mut reader: OwnedReadHalf, mut decoder: Decoder, pending: &Pending) -> End {
    let mut chunk = vec![0; CHUNK];
    loop {
        if let Err(end) = take_frames(&mut decoder, pending) {
            return end;
        }
        match reader.read(&mut chunk).await {
            Ok(0) => return decoder.finish().err().map_or(End::HungUp, End::Frame),
            Ok(count) => decoder.push(chunk.get(..count).unwrap_or_default()),
            Err(error) => return End::Io(error),
        }
    }
}

fn take_frames(decoder: &mut Decoder, pending: &Pending) -> Result<(), End> {
    while let Some(frame) = decoder.next_frame()? {
        match codec::decode(frame)? {
            ServerFrame::Response(response) => pending.answer(response.id, response.reply),
            ServerFrame::Event(event) => pending.event(event.id, event.event),
            ServerFrame::Hello(_) => return Err(End::SecondHello),
        }
    }
    Ok(())
}

async fn write(mut writer: OwnedWriteHalf, mut queue: mpsc::Receiver<Outgoing>, pending: &Pending) -> End {
    loop {
        for id in pending.take_cancelled() {
            let frame = ClientFrame::<&RawValue>::Cancel(Cancel { id });
            if let Err(end) = write_frame(&mut writer, &frame).await {
                return end;
            }
        }
        let outgoing = tokio::select! {
            biased;
            () = pending.cancels() => continue,
            outgoing = queue.recv() => outgoing,
        };
        // The queue is closed by nobody while the connection is up.
        let Some(Outgoing { id, deadline, call }) = outgoing else { return End::HungUp };
        let remaining = deadline.saturating_duration_since(Instant::now());
        // A call without time or without a caller never leaves.
        if remaining.is_zero() || !pending.send(id) {
            continue;
        }
        let remaining_ms = u64::try_from(remaining.as_millis()).unwrap_or(u64::MAX);
        let frame = ClientFrame::Request(Request { id, remaining_ms, call });
        if let Err(end) = write_frame(&mut writer, &frame).await {
            return end;
        }
    }
}

async fn write_frame<C: serde::Serialize>(writer: &mut OwnedWriteHalf, frame: &ClientFrame<C>) -> Result<(), End> {
    let frame = codec::encode(frame)?;
    writer.write_all(&frame).await?;
    Ok(())
}
