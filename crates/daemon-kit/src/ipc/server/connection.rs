//! One connection of a server. Reading and writing are separate futures: one loop doing both deadlocks when both peers
//! write a large frame.

use std::sync::Arc;
use std::time::Duration;

use common::ipc::{ClientFrame, Fault, FaultCode, Hello, PROTOCOL, Reply, Request, Response, ServerFrame};
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use zeroize::{Zeroize as _, Zeroizing};

use super::call;
use super::table::Table;
use super::{Server, Service};
use crate::ipc::codec::{self, Decoder, FrameError};

/// Frames that wait to be written.
const FRAMES: usize = 64;
/// Bytes read at once.
const CHUNK: usize = 64 * 1024;
/// How long a peer may leave a frame unread.
const WRITE: Duration = Duration::from_secs(30);

/// What the futures of a connection share.
pub(super) struct Connection<S> {
    pub(super) server: Arc<Server<S>>,
    pub(super) uid: u32,
    pub(super) frames: mpsc::Sender<Vec<u8>>,
    pub(super) table: Table,
    pub(super) calls: TaskTracker,
    /// The peer is gone, or cannot be understood.
    pub(super) hang_up: CancellationToken,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("the peer hung up")]
    HungUp,
    #[error("stopped")]
    Drained,
    #[error("the connection failed")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("two calls in flight have the id {0}")]
    DuplicateId(u64),
}

pub(super) async fn run<S: Service>(stream: UnixStream, uid: u32, server: Arc<Server<S>>) {
    let (reader, writer) = stream.into_split();
    let (frames, queue) = mpsc::channel(FRAMES);
    let hang_up = CancellationToken::new();
    let connection = Arc::new(Connection {
        server,
        uid,
        frames,
        table: Table::new(hang_up.clone()),
        calls: TaskTracker::new(),
        hang_up: hang_up.clone(),
    });
    let done = CancellationToken::new();
    let reading = async {
        let end = read(reader, &connection).await;
        report(connection.server.name, uid, &end);
        if !matches!(end, End::Drained) {
            connection.hang_up.cancel();
        }
        connection.calls.close();
        connection.calls.wait().await;
        done.cancel();
    };
    tokio::join!(reading, write(writer, queue, &done, &hang_up));
}

async fn read<S: Service>(mut reader: OwnedReadHalf, connection: &Arc<Connection<S>>) -> End {
    if !connection.send(&hello(connection.server.name)).await {
        return End::HungUp;
    }
    let mut decoder = Decoder::default();
    // Like the decoder's, it can hold a password.
    let mut chunk = Zeroizing::new(vec![0; CHUNK]);
    let stopping = connection.server.workers.token();
    loop {
        // While draining, reading goes on: new calls are refused at once, and a cancel or a hang-up is still seen.
        let read = tokio::select! {
            read = reader.read(&mut chunk) => read,
            () = connection.hang_up.cancelled() => return End::HungUp,
            () = stopping.cancelled(), if !connection.calls.is_closed() => {
                connection.calls.close();
                continue;
            }
            () = connection.calls.wait() => return End::Drained,
        };
        let bytes = match read {
            Ok(0) => return decoder.finish().err().map_or(End::HungUp, End::Frame),
            Ok(count) => chunk.get_mut(..count).unwrap_or_default(),
            Err(error) => return End::Io(error),
        };
        decoder.push(bytes);
        bytes.zeroize();
        if let Err(end) = take_frames(&mut decoder, connection).await {
            return end;
        }
    }
}

async fn take_frames<S: Service>(decoder: &mut Decoder, connection: &Arc<Connection<S>>) -> Result<(), End> {
    while let Some(frame) = decoder.next_frame()? {
        match codec::decode::<ClientFrame<Box<RawValue>>>(frame)? {
            ClientFrame::Cancel(cancel) => connection.table.cancel(cancel.id),
            ClientFrame::Request(request) => begin(request, connection).await?,
        }
    }
    decoder.forget_taken();
    Ok(())
}

async fn begin<S: Service>(request: Request<Box<RawValue>>, connection: &Arc<Connection<S>>) -> Result<(), End> {
    let id = request.id;
    if connection.table.contains(id) {
        return Err(End::DuplicateId(id));
    }
    let started = if connection.calls.is_closed() {
        Err(Fault::new(FaultCode::Unavailable, format!("{} is stopping", connection.server.name)))
    } else {
        call::start(&request, connection)
    };
    forget(request.call);
    let Err(fault) = started else { return Ok(()) };
    if connection.reply(id, Reply::Fault(fault)).await { Ok(()) } else { Err(End::HungUp) }
}

/// Overwrites a call's text, which has been read.
fn forget(call: Box<RawValue>) {
    String::from(Box::<str>::from(call)).zeroize();
}

/// Writes frames until the connection is done and the queue empty, or the peer does not take them.
async fn write(
    mut writer: OwnedWriteHalf,
    mut queue: mpsc::Receiver<Vec<u8>>,
    done: &CancellationToken,
    hang_up: &CancellationToken,
) {
    loop {
        let frame = tokio::select! {
            frame = queue.recv() => frame,
            () = hang_up.cancelled() => return,
            () = done.cancelled(), if !queue.is_closed() => {
                queue.close();
                continue;
            }
        };
        let Some(frame) = frame else { break };
        match timeout(WRITE, writer.write_all(&frame)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => {
                hang_up.cancel();
                return;
            }
        }
    }
}

impl<S> Connection<S> {
    /// Queues a frame; false if the connection is gone.
    async fn send(&self, frame: &ServerFrame) -> bool {
        match codec::encode(frame) {
            Ok(frame) => self.frames.send(frame).await.is_ok(),
            Err(_) => false,
        }
    }

    /// Queues a reply; false if the connection is gone. A reply that does not fit into a frame becomes a fault.
    pub(super) async fn reply(&self, id: u64, reply: Reply) -> bool {
        let frame = codec::encode(&ServerFrame::Response(Response { id, reply })).or_else(|error| {
            let fault = Fault::new(FaultCode::Internal, format!("the reply cannot be sent: {error}"));
            codec::encode(&ServerFrame::Response(Response { id, reply: Reply::Fault(fault) }))
        });
        match frame {
            Ok(frame) => self.frames.send(frame).await.is_ok(),
            Err(_) => false,
        }
    }
}

fn hello(service: &'static str) -> ServerFrame {
    ServerFrame::Hello(Hello { protocol: PROTOCOL, service: service.into(), version: env!("CARGO_PKG_VERSION").into() })
}

fn report(service: &str, uid: u32, end: &End) {
    match end {
        End::HungUp | End::Drained => tracing::debug!(service, uid, %end, "Connection ended"),
        End::Io(_) | End::Frame(_) | End::DuplicateId(_) => {
            tracing::warn!(service, uid, error = %crate::problems::chain(end), "Connection ended by an error");
        }
    }
}
