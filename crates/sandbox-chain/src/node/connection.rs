//! A socket that can be cut from outside.

use std::net::Shutdown;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A socket, known to its [`Connections`] as long as it is open.
pub(super) struct Connection {
    stream: TcpStream,
    _handle: Arc<std::net::TcpStream>,
}

/// The open sockets of an endpoint.
#[derive(Default)]
pub(super) struct Connections(Mutex<Vec<Weak<std::net::TcpStream>>>);

impl Connections {
    /// Lets a socket be cut.
    pub(super) fn admit(&self, stream: TcpStream) -> std::io::Result<Connection> {
        let stream = stream.into_std()?;
        let handle = Arc::new(stream.try_clone()?);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|handle| handle.strong_count() > 0);
        open.push(Arc::downgrade(&handle));
        Ok(Connection { stream: TcpStream::from_std(stream)?, _handle: handle })
    }

    /// Cuts all of them.
    pub(super) fn cut(&self) {
        let open = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for handle in open.iter().filter_map(Weak::upgrade) {
            // It may just have been closed.
            let _ = handle.shutdown(Shutdown::Both);
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.iter().filter(|handle| handle.strong_count() > 0).count()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
