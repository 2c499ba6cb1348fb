//! A service that does what a test asks of it, and the two ends of a socket.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::ipc::{Call, ClientFrame, Fault, FaultCode, Reply, Request, Response, ServerFrame};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use crate::ipc::codec::{self, Decoder};
use crate::ipc::server::Limits;
use crate::ipc::{CallContext, Client, Listener, Service};
use crate::workers::Workers;

pub(super) const NAME: &str = "parrot";
/// Long enough for any machine: no test waits for it.
pub(super) const LONG: Duration = Duration::from_secs(30);

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ParrotCall {
    Echo(Echo),
    Hang(Hang),
    Gate(Gate),
    Deny(Deny),
    Count(Count),
}

macro_rules! calls {
    ($($name:ident { $($field:ident: $kind:ty)? } => $output:ty,)*) => {$(
        #[derive(Clone, Debug, Deserialize, Serialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name { $(pub(super) $field: $kind)? }

        impl From<$name> for ParrotCall {
            fn from(call: $name) -> Self {
                Self::$name(call)
            }
        }

        impl Call for $name {
            type Service = ParrotCall;
            type Output = $output;
        }
    )*};
}
calls! {
    Echo { text: String } => String,
    Hang {} => (),
    Gate {} => (),
    Deny {} => (),
    Count { to: u32 } => (),
}

/// Tells what it does, so that tests need not guess when.
#[derive(Debug)]
pub(super) struct Parrot {
    told: mpsc::Sender<Told>,
    gate: Arc<Semaphore>,
}

#[derive(Debug)]
pub(super) enum Told {
    /// A call has begun that does not end by itself.
    Begun(CancellationToken),
    /// The future of such a call was dropped.
    Dropped,
}

struct TellsOfDrop(mpsc::Sender<Told>);

impl Drop for TellsOfDrop {
    fn drop(&mut self) {
        let _told = self.0.try_send(Told::Dropped);
    }
}

impl Service for Parrot {
    type Call = ParrotCall;

    async fn handle(&self, call: ParrotCall, context: CallContext) -> Reply {
        match call {
            ParrotCall::Echo(call) => Reply::of::<Echo>(Ok(call.text)),
            ParrotCall::Deny(_) => Reply::of::<Deny>(Err(Fault::new(FaultCode::Denied, "not for you"))),
            ParrotCall::Hang(_) => {
                let _tells = TellsOfDrop(self.told.clone());
                self.told.send(Told::Begun(context.cancelled)).await.unwrap();
                std::future::pending().await
            }
            ParrotCall::Gate(_) => {
                self.told.send(Told::Begun(context.cancelled)).await.unwrap();
                self.gate.acquire().await.unwrap().forget();
                Reply::of::<Gate>(Ok(()))
            }
            ParrotCall::Count(call) => {
                for number in 0..call.to {
                    context.events.send(&number).await.unwrap();
                }
                Reply::of::<Count>(Ok(()))
            }
        }
    }
}

/// A served socket.
pub(super) struct Served {
    pub(super) path: PathBuf,
    pub(super) workers: Workers,
    pub(super) told: mpsc::Receiver<Told>,
    pub(super) gate: Arc<Semaphore>,
}

pub(super) fn serve_in(directory: &Path) -> Served {
    serve_within(directory, Limits::default())
}

pub(super) fn serve_within(directory: &Path, limits: Limits) -> Served {
    let path = directory.join("parrot.sock");
    let listener = Listener::bind(&path, &[]).unwrap();
    let workers = Workers::new();
    let (sender, told) = mpsc::channel(64);
    let gate = Arc::new(Semaphore::new(0));
    let parrot = Arc::new(Parrot { told: sender, gate: Arc::clone(&gate) });
    workers.spawn("server", crate::ipc::server::serve_within(limits, listener, NAME, parrot, workers.clone()));
    Served { path, workers, told, gate }
}

impl Served {
    /// Waits until a call has begun, and returns its token.
    pub(super) async fn begun(&mut self) -> CancellationToken {
        match self.told.recv().await {
            Some(Told::Begun(token)) => token,
            other => panic!("{other:?}"),
        }
    }
}

/// A client with workers of its own, as in another process.
pub(super) async fn client(path: &Path) -> (Client<ParrotCall>, Workers) {
    let workers = Workers::new();
    let client = Client::new(path.to_owned(), NAME, &workers);
    client.connected().await;
    (client, workers)
}

/// A peer that need not keep to the protocol.
pub(super) struct Raw {
    pub(super) stream: UnixStream,
    decoder: Decoder,
}

impl Raw {
    pub(super) async fn connect(path: &Path) -> Self {
        let mut raw = Self { stream: UnixStream::connect(path).await.unwrap(), decoder: Decoder::default() };
        assert!(matches!(raw.receive().await, Some(ServerFrame::Hello(_))));
        raw
    }

    pub(super) async fn request(&mut self, id: u64, remaining_ms: u64, call: &str) {
        let call = RawValue::from_string(call.to_owned()).unwrap();
        let frame = codec::encode(&ClientFrame::Request(Request { id, remaining_ms, call })).unwrap();
        self.stream.write_all(&frame).await.unwrap();
    }

    /// Returns the next frame; none if the server hung up.
    pub(super) async fn receive(&mut self) -> Option<ServerFrame> {
        let mut chunk = [0; 1024];
        loop {
            if let Some(frame) = self.decoder.next_frame().unwrap() {
                return Some(codec::decode(frame).unwrap());
            }
            match self.stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.decoder.push(&chunk[..count]),
            }
        }
    }

    pub(super) async fn response(&mut self) -> Response {
        match self.receive().await {
            Some(ServerFrame::Response(response)) => response,
            other => panic!("{other:?}"),
        }
    }
}
