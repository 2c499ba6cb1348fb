//! Opens a connection and reads who listens.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::ipc::ServerFrame;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::ipc::codec::{self, Decoder, FrameError};
use crate::ipc::hello::{self, Mismatch};

/// How long a server may take to say who it is.
const HELLO: Duration = Duration::from_secs(5);
/// A hello is short.
const CHUNK: usize = 1024;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The service does not run, or has another home.
    #[error("nothing listens at {path}")]
    NotListening {
        /// The socket.
        path: PathBuf,
    },
    /// The socket belongs to another user.
    #[error("this user may not use {path}")]
    Denied {
        /// The socket.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{path} cannot be connected to")]
    Io {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The server closed the connection at once.
    #[error("{path}: the server hung up; if it runs as another user, list this user under daemons.allowed_uids")]
    HungUp {
        /// The socket.
        path: PathBuf,
    },
    /// The server does not say who it is.
    #[error("{path}: the server did not say who it is in time")]
    Silent {
        /// The socket.
        path: PathBuf,
    },
    /// What listens does not speak this protocol at all.
    #[error("{path}: the server's first frame is not a hello")]
    NotAHello {
        /// The socket.
        path: PathBuf,
        /// What is wrong with it, if it is no frame.
        source: Option<FrameError>,
    },
    /// Another release or another service listens.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
}

/// A connection with the bytes that came after the hello.
pub(super) struct Greeted {
    pub(super) stream: UnixStream,
    pub(super) decoder: Decoder,
}

pub(super) async fn connect(path: &Path, service: &str) -> Result<Greeted, ConnectError> {
    let io_error = |source: io::Error| classify(path, source);
    let mut stream = UnixStream::connect(path).await.map_err(io_error)?;
    let mut decoder = Decoder::default();
    match timeout(HELLO, read_hello(&mut stream, &mut decoder, path)).await {
        Ok(Ok(hello)) => hello::check(&hello, service)?,
        Ok(Err(error)) => return Err(error),
        Err(_) => return Err(ConnectError::Silent { path: path.to_owned() }),
    }
    Ok(Greeted { stream, decoder })
}

async fn read_hello(
    stream: &mut UnixStream,
    decoder: &mut Decoder,
    path: &Path,
) -> Result<common::ipc::Hello, ConnectError> {
    let no_hello = |source| ConnectError::NotAHello { path: path.to_owned(), source };
    let mut chunk = [0; CHUNK];
    loop {
        if let Some(frame) = decoder.next_frame().map_err(|error| no_hello(Some(error)))? {
            return match codec::decode(frame).map_err(|error| no_hello(Some(error)))? {
                ServerFrame::Hello(hello) => Ok(hello),
                ServerFrame::Response(_) | ServerFrame::Event(_) => Err(no_hello(None)),
            };
        }
        let count = stream.read(&mut chunk).await.map_err(|source| classify(path, source))?;
        if count == 0 {
            return Err(ConnectError::HungUp { path: path.to_owned() });
        }
        decoder.push(chunk.get(..count).unwrap_or_default());
    }
}

fn classify(path: &Path, source: io::Error) -> ConnectError {
    let path = path.to_owned();
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is not exhaustive")]
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ConnectError::NotListening { path },
        io::ErrorKind::PermissionDenied => ConnectError::Denied { path },
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => ConnectError::HungUp { path },
        _ => ConnectError::Io { path, source },
    }
}
