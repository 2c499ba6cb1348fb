//! Frames as bytes: a `u32` big-endian length, then that much JSON. Pure.

use common::ipc::FRAME_LIMIT;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::{Zeroize as _, Zeroizing};

const HEADER: usize = size_of::<u32>();

/// Why bytes are not frames, or a value does not become one. The peer cannot be understood any further.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrameError {
    /// The length in front is over the limit; nothing was allocated for it.
    #[error("a frame of {0} bytes is over the limit of {FRAME_LIMIT}")]
    TooLong(usize),
    /// The peer hung up inside a frame.
    #[error("the connection ended inside a frame, after {0} bytes of it")]
    Truncated(usize),
    /// Not JSON, or not a frame of this protocol. The text is left out: it can hold a prompt.
    #[error("a frame cannot be read: {category} error at column {column}")]
    Content {
        /// What sort of error it is.
        category: &'static str,
        /// Where in the frame, in bytes.
        column: usize,
    },
    /// A value cannot be written as JSON.
    #[error("a frame cannot be written as JSON")]
    Unwritable,
}

/// Cuts a stream of bytes, in whatever pieces it comes, into frames.
#[derive(Debug, Default)]
pub struct Decoder {
    /// A frame can hold a password: it is overwritten once it was taken.
    buffer: Zeroizing<Vec<u8>>,
    /// Where the next frame begins in the buffer.
    start: usize,
}

impl Decoder {
    /// Takes the next piece of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.forget_taken();
        self.buffer.extend_from_slice(bytes);
    }

    /// Overwrites the frames that were taken.
    pub fn forget_taken(&mut self) {
        if let Some(taken) = self.buffer.get_mut(..self.start) {
            taken.zeroize();
        }
        self.buffer.drain(..self.start);
        self.start = 0;
    }

    /// Returns the next frame's JSON, once all of it is there.
    ///
    /// # Errors
    /// The announced length is over the limit; the stream is useless from here on.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let Some((header, rest)) = rest.split_first_chunk::<HEADER>() else { return Ok(None) };
        let length = usize_of(u32::from_be_bytes(*header));
        if length > usize_of(FRAME_LIMIT) {
            return Err(FrameError::TooLong(length));
        }
        let Some(frame) = rest.get(..length) else { return Ok(None) };
        self.start += HEADER + length;
        Ok(Some(frame))
    }

    /// Says that the stream has ended.
    ///
    /// # Errors
    /// It ended inside a frame.
    pub fn finish(&self) -> Result<(), FrameError> {
        match self.buffer.len() - self.start {
            0 => Ok(()),
            rest => Err(FrameError::Truncated(rest)),
        }
    }
}

/// Makes a frame with its length in front.
///
/// # Errors
/// The value cannot be written, or is over the limit.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, FrameError> {
    let mut bytes = vec![0; HEADER];
    serde_json::to_writer(&mut bytes, value).map_err(|_| FrameError::Unwritable)?;
    let length = bytes.len() - HEADER;
    let header = u32::try_from(length).ok().filter(|&length| length <= FRAME_LIMIT);
    let header = header.ok_or(FrameError::TooLong(length))?;
    if let Some(place) = bytes.first_chunk_mut::<HEADER>() {
        *place = header.to_be_bytes();
    }
    Ok(bytes)
}

/// Reads a frame's JSON.
///
/// # Errors
/// It is not UTF-8, not JSON, or not a `T`.
pub fn decode<T: DeserializeOwned>(frame: &[u8]) -> Result<T, FrameError> {
    serde_json::from_slice(frame).map_err(|error| FrameError::of(&error))
}

impl FrameError {
    pub(crate) fn of(error: &serde_json::Error) -> Self {
        let category = match error.classify() {
            serde_json::error::Category::Io => "input",
            serde_json::error::Category::Syntax => "syntax",
            serde_json::error::Category::Data => "type",
            serde_json::error::Category::Eof => "early end",
        };
        Self::Content { category, column: error.column() }
    }
}

/// A `usize` has 32 bits at least wherever there are Unix sockets.
fn usize_of(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use common::call::tracker::TrackerCall;
    use common::ipc::ClientFrame;
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn frames_of(decoder: &mut Decoder) -> Result<Vec<Vec<u8>>, FrameError> {
        let mut frames = Vec::new();
        while let Some(frame) = decoder.next_frame()? {
            frames.push(frame.to_vec());
        }
        Ok(frames)
    }

    proptest! {
        #[test]
        fn frames_survive_any_split(texts in vec(".{0,40}", 0..8), cuts in vec(1_usize..32, 1..16)) {
            let stream: Vec<u8> = texts.iter().flat_map(|text| encode(text).unwrap()).collect();
            let mut decoder = Decoder::default();
            let mut frames = Vec::new();

            let mut rest = stream.as_slice();
            for cut in cuts.iter().cycle() {
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                decoder.push(piece);
                frames.extend(frames_of(&mut decoder).unwrap());
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }

            let read: Vec<String> = frames.iter().map(|frame| decode(frame).unwrap()).collect();
            prop_assert_eq!(read, texts);
            prop_assert_eq!(decoder.finish(), Ok(()));
        }

        #[test]
        fn any_bytes_are_refused_or_wait_for_more(bytes in vec(any::<u8>(), 0..64)) {
            let mut decoder = Decoder::default();

            decoder.push(&bytes);

            for frame in frames_of(&mut decoder).unwrap_or_default() {
                prop_assert!(decode::<ClientFrame<TrackerCall>>(&frame).is_err());
            }
        }

        #[test]
        fn a_length_over_the_limit_is_refused_before_its_bytes_come(length in FRAME_LIMIT + 1..) {
            let mut decoder = Decoder::default();

            decoder.push(&length.to_be_bytes());

            prop_assert_eq!(decoder.next_frame(), Err(FrameError::TooLong(usize_of(length))));
            prop_assert!(decoder.buffer.capacity() < 64);
        }

        #[test]
        fn a_stream_that_ends_inside_a_frame_is_truncated(text in ".{0,40}", cut in 1_usize..4) {
            let frame = encode(&text).unwrap();
            let kept = frame.len() - cut;
            let mut decoder = Decoder::default();

            decoder.push(&frame[..kept]);

            prop_assert_eq!(decoder.next_frame(), Ok(None));
            prop_assert_eq!(decoder.finish(), Err(FrameError::Truncated(kept)));
        }
    }

    #[test]
    fn a_frame_at_the_limit_passes_and_one_over_it_does_not() {
        let text = |bytes: u32| "x".repeat(usize_of(bytes - 2));

        let largest = encode(&text(FRAME_LIMIT)).unwrap();
        let mut decoder = Decoder::default();
        decoder.push(&largest);

        assert_eq!(decoder.next_frame().unwrap().map(<[u8]>::len), Some(usize_of(FRAME_LIMIT)));
        assert_eq!(encode(&text(FRAME_LIMIT + 1)), Err(FrameError::TooLong(usize_of(FRAME_LIMIT + 1))));
    }

    #[test]
    fn what_is_no_frame_of_the_protocol_is_refused() {
        for json in [
            &b"\"\xff\""[..],
            b"",
            b"{",
            b"null",
            b"{\"hello\":{}}",
            b"{\"cancel\":{\"id\":1,\"why\":2}}",
            b"{\"cancel\":{\"id\":-1}}",
            b"{\"cancel\":{\"id\":1},\"request\":{}}",
            b"{\"request\":{\"id\":1,\"remaining_ms\":1,\"call\":{\"beat\":{}},\"x\":1}}",
            b"{\"request\":{\"id\":1,\"remaining_ms\":1,\"call\":{\"no_such_call\":{}}}}",
        ] {
            let result = decode::<ClientFrame<TrackerCall>>(json);

            assert!(result.is_err(), "{}", String::from_utf8_lossy(json));
        }
    }

    #[test]
    fn an_error_does_not_repeat_the_content() {
        let error = decode::<ClientFrame<TrackerCall>>(br#"{"cancel":{"id":"a secret"}}"#).unwrap_err();

        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
