//! Decodes server-sent events. Pure: bytes in, in pieces of any size, and the data of whole events out.

/// Cuts a stream of bytes into events. It holds one unfinished event at most, and never more than its limit.
#[derive(Debug)]
pub(crate) struct Decoder {
    limit: usize,
    /// The line that has no end yet.
    line: Vec<u8>,
    /// The data lines of the event that has no end yet, each with a line feed.
    data: Vec<u8>,
    /// Whether the last byte was a carriage return, so that a line feed ends no other line.
    after_return: bool,
    /// Whether no line was read yet: before the first a byte order mark may stand.
    at_start: bool,
}

/// An event is larger than the limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct EventTooLarge;

impl Decoder {
    /// Makes a decoder for events of at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, line: Vec::new(), data: Vec::new(), after_return: false, at_start: true }
    }

    /// Takes the next bytes, and hands the data of each event that they complete to `event`. Names and ids of events are
    /// dropped: what vendors send says in its data what it is.
    ///
    /// # Errors
    /// An event is too large; what comes after it is not worth reading.
    pub(crate) fn push(&mut self, bytes: &[u8], mut event: impl FnMut(Vec<u8>)) -> Result<(), EventTooLarge> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if std::mem::take(&mut self.after_return)
                && let Some(after) = rest.strip_prefix(b"\n")
            {
                rest = after;
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
            if self.line.len() + self.data.len() + part.len() > self.limit {
                return Err(EventTooLarge);
            }
            self.line.extend_from_slice(part);
            rest = after;
            if let Some((ending, after)) = rest.split_first() {
                self.after_return = *ending == b'\r';
                rest = after;
                if let Some(data) = self.end_line() {
                    event(data);
                }
            }
        }
        Ok(())
    }

    /// Takes the line that has just ended; returns the event if it was the blank one after it.
    fn end_line(&mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.line);
        let mut line = line.as_slice();
        if std::mem::take(&mut self.at_start) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            let mut data = std::mem::take(&mut self.data);
            // The line feed of the last line is none of the event's.
            return data.pop().map(|_| data);
        }
        let value = match line.strip_prefix(b"data") {
            Some([]) => &[],
            Some([b':', b' ', value @ ..] | [b':', value @ ..]) => value,
            // A comment, or a field that says nothing here.
            Some(_) | None => return None,
        };
        self.data.extend_from_slice(value);
        self.data.push(b'\n');
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 1024;

    #[test]
    fn events_end_with_a_blank_line_of_any_kind() {
        for (text, expected) in [
            ("data: a\n\ndata: b\n\n", vec!["a", "b"]),
            ("data: a\r\n\r\ndata: b\r\n\r\n", vec!["a", "b"]),
            ("data: a\r\rdata: b\r\r", vec!["a", "b"]),
            ("\u{feff}data: a\n\n", vec!["a"]),
            ("event: ping\nid: 7\nretry: 1\n: comment\ndata:a\n\n", vec!["a"]),
            ("data: one\ndata:  two\ndata\n\n", vec!["one\n two\n"]),
            ("data:\n\n", vec![""]),
            (": only a comment\n\nevent: x\n\n", vec![]),
            ("database: a\n\n", vec![]),
        ] {
            assert_eq!(decode(&[text.as_bytes()]).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn an_event_without_end_is_none() {
        assert!(decode(&[b"data: [DONE]\n"]).unwrap().is_empty());
    }

    #[test]
    fn neither_a_long_line_nor_many_lines_are_kept() {
        let many = "data: 1234567890\n".repeat(LIMIT / 11 + 1);

        assert_eq!(decode(&[&[b'x'; LIMIT + 1]]), Err(EventTooLarge));
        assert_eq!(decode(&[many.as_bytes()]), Err(EventTooLarge));
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_events(
            lines in proptest::collection::vec(line(), 0..40),
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let bytes = lines.concat();
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<_> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let single: Vec<_> = bytes.chunks(1).collect();

            let whole = decode(&[&bytes]);

            prop_assert_eq!(&decode(&chunks), &whole);
            prop_assert_eq!(&decode(&single), &whole);
        }

        #[test]
        fn no_bytes_make_it_panic_or_keep_more_than_its_limit(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..600), 0..8),
        ) {
            let mut decoder = Decoder::new(LIMIT);

            for chunk in &chunks {
                let taken = decoder.push(chunk, |event| assert!(event.len() <= LIMIT));
                // Each data line has a line feed added.
                prop_assert!(decoder.line.len() + decoder.data.len() <= 2 * LIMIT);
                if taken.is_err() {
                    break;
                }
            }
        }
    }

    fn line() -> impl Strategy<Value = Vec<u8>> {
        let text = proptest::sample::select(vec!["data: ", "data:", "data", ": ", "event: x", "", "\u{feff}"]);
        let rest = proptest::sample::select(vec!["", "a", "{\"b\": 1}", "\u{1f980}", " ", "data: "]);
        let end = proptest::sample::select(vec!["\n", "\r\n", "\r", "\n\n", ""]);
        (text, rest, end).prop_map(|(text, rest, end)| format!("{text}{rest}{end}").into_bytes())
    }

    fn decode(chunks: &[&[u8]]) -> Result<Vec<String>, EventTooLarge> {
        let (mut decoder, mut events) = (Decoder::new(LIMIT), Vec::new());
        for chunk in chunks {
            decoder.push(chunk, |event| events.push(String::from_utf8_lossy(&event).into_owned()))?;
        }
        Ok(events)
    }
}
