//! A peer's socket that knows the exchange it carries: it cuts a peer that takes too long, tells when an answer is out,
//! and keeps hyper's own complaints off the wire.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::exchange::Exchange;
use crate::delivery::Receipt;

/// An exchange that the socket, the service and the answer's body share. All of them are polled by one task.
#[derive(Clone, Debug)]
pub(super) struct SharedExchange(Arc<Mutex<Exchange<Receipt>>>);

impl SharedExchange {
    pub(super) fn new(exchange: Exchange<Receipt>) -> Self {
        Self(Arc::new(Mutex::new(exchange)))
    }

    /// Every change is complete before anything can panic.
    pub(super) fn lock(&self) -> MutexGuard<'_, Exchange<Receipt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The socket.
pub(super) struct PeerStream<S> {
    socket: S,
    exchange: SharedExchange,
    alarm: Pin<Box<Sleep>>,
}

impl<S> PeerStream<S> {
    pub(super) fn new(socket: S, exchange: SharedExchange) -> Self {
        Self { socket, exchange, alarm: Box::pin(sleep_until(Instant::now())) }
    }

    pub(super) fn into_socket(self) -> S {
        self.socket
    }

    /// Fails once the exchange's deadline has passed; otherwise the task is woken then.
    fn check_deadline(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let Some(deadline) = self.exchange.lock().deadline() else {
            return Ok(());
        };
        if self.alarm.deadline() != deadline {
            self.alarm.as_mut().reset(deadline);
        }
        match self.alarm.as_mut().poll(context) {
            Poll::Ready(()) => Err(ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }

    /// hyper answers a head that it cannot read by itself, without the JSON that validators need: the connection's own
    /// answer takes its place.
    fn swallows_writes(&self) -> bool {
        self.exchange.lock().between_requests()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PeerStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check_deadline(context)?;
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.exchange.lock().bytes_came(Instant::now());
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PeerStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.swallows_writes() {
            return Poll::Ready(Ok(bytes.len()));
        }
        self.check_deadline(context)?;
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.swallows_writes() {
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        self.check_deadline(context)?;
        Pin::new(&mut self.socket).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes only after it has written all it had.
        ready!(Pin::new(&mut self.socket).poll_flush(context))?;
        let (receipt, wakes) = {
            let mut exchange = self.exchange.lock();
            (exchange.flushed(Instant::now()), exchange.wakes())
        };
        if wakes {
            context.waker().wake_by_ref();
        }
        if let Some(receipt) = receipt {
            receipt.taken();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
