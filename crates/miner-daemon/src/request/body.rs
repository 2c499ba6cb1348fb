//! Reads a request's body within its limits.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body;
use tokio::time::{Instant, timeout_at};

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum BodyError {
    /// It is longer than the limit, or says so.
    #[error("the body is too large")]
    TooLarge,
    /// It did not arrive in time.
    #[error("the body took too long")]
    Slow,
    /// The peer broke off, or sent what is no body.
    #[error("the body broke off")]
    Broken,
}

/// Reads a body of at most `limit` bytes in at most `time`. A length that says more is refused before anything is read.
pub(super) async fn read<B>(mut body: B, limit: usize, time: Duration) -> Result<Vec<u8>, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(BodyError::TooLarge);
    }
    let deadline = Instant::now() + time;
    // What a peer only announces is not allocated.
    let mut read = Vec::with_capacity(announced.min(READ_AHEAD));
    loop {
        let frame = timeout_at(deadline, body.frame()).await.map_err(|_| BodyError::Slow)?;
        let Some(frame) = frame else {
            return Ok(read);
        };
        if let Some(data) = frame.map_err(|_| BodyError::Broken)?.data_ref() {
            if read.len() + data.len() > limit {
                return Err(BodyError::TooLarge);
            }
            read.extend_from_slice(data);
        }
    }
}

/// What is allocated on the word of a peer.
const READ_AHEAD: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use futures_util::stream;
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_body_at_the_limit_is_read() {
        let read = read(Full::from("four"), 4, SECOND).await;

        assert_eq!(read, Ok(b"four".to_vec()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_length_over_the_limit_is_refused_unread() {
        let read = read(Full::from("fours"), 4, SECOND).await;

        assert_eq!(read, Err(BodyError::TooLarge));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_without_a_length_is_cut_at_the_limit() {
        let pieces = ["two", "two"].map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::from_static(piece.as_bytes()))));

        let read = read(StreamBody::new(stream::iter(pieces)), 4, SECOND).await;

        assert_eq!(read, Err(BodyError::TooLarge));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_slow() {
        let body = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());

        let read = read(body, 4, SECOND).await;

        assert_eq!(read, Err(BodyError::Slow));
    }
}
