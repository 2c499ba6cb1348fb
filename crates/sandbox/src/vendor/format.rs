//! The vendors' formats as a server speaks them. A question and an answer are the same in all; only their clothes differ.

mod anthropic;
mod gemini;
mod openai;

use std::time::Duration;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::Value;

use super::error::VendorError;

/// A vendor's format.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Format {
    /// Below `/v1`.
    Openai,
    /// Below `/anthropic/v1`.
    Anthropic,
    /// Below `/gemini/v1` and `/gemini/v1beta`.
    Gemini,
}

/// What a path asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Target {
    /// The list of models.
    Models,
    /// An answer. Gemini has the model in the path, and whether it streams.
    Completion(Option<(String, bool)>),
}

/// What is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Ask {
    pub(super) model: String,
    /// Everything that stands above the conversation.
    pub(super) system: String,
    /// What the user said last.
    pub(super) prompt: String,
    pub(super) prompt_tokens: u64,
    /// The most tokens of the answer.
    pub(super) cap: Option<u64>,
    pub(super) streamed: bool,
    /// Whether the stream ends with what was used.
    pub(super) usage_in_stream: bool,
}

/// What is answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Said {
    pub(super) model: String,
    pub(super) text: String,
    /// Whether the cap cut it off.
    pub(super) capped: bool,
    pub(super) prompt_tokens: u64,
    pub(super) output_tokens: u64,
    /// The call's number.
    pub(super) call: u64,
    /// In seconds since 1970.
    pub(super) unix_s: u64,
    pub(super) usage_in_stream: bool,
}

/// An event of a stream, and how long after the one before it is sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Event {
    pub(super) bytes: String,
    pub(super) after: Duration,
}

/// What a message costs besides its text.
const TOKENS_PER_MESSAGE: u64 = 4;

/// About as many tokens as a text has.
fn tokens(text: &str) -> u64 {
    text.len().div_ceil(4) as u64
}

impl Format {
    /// Finds the format by a path's beginning; the rest is for [`Format::target`].
    pub(super) fn of(path: &str) -> (Self, &str) {
        let prefixes =
            [(Self::Anthropic, "/anthropic/v1/"), (Self::Gemini, "/gemini/v1beta/"), (Self::Gemini, "/gemini/v1/")];
        let below = |(format, prefix)| Some((format, path.strip_prefix(prefix)?));
        prefixes.into_iter().find_map(below).unwrap_or((Self::Openai, path.strip_prefix("/v1/").unwrap_or_default()))
    }

    /// Says what the rest of the path asks for.
    pub(super) fn target(self, rest: &str) -> Option<Target> {
        match (self, rest) {
            (_, "models") => Some(Target::Models),
            (Self::Openai, "chat/completions") | (Self::Anthropic, "messages") => Some(Target::Completion(None)),
            (Self::Gemini, rest) => gemini::target(rest),
            (Self::Openai | Self::Anthropic, _) => None,
        }
    }

    /// The key that a caller shows, without what stands before it.
    pub(super) fn key(self, headers: &HeaderMap) -> Option<&str> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = || header(AUTHORIZATION.as_str())?.strip_prefix("Bearer ");
        match self {
            Self::Openai => bearer(),
            Self::Anthropic => header("x-api-key").or_else(bearer),
            Self::Gemini => header("x-goog-api-key"),
        }
    }

    pub(super) fn parse(self, target: Option<(String, bool)>, body: &[u8]) -> Result<Ask, VendorError> {
        let ask = match self {
            Self::Openai => openai::parse(body),
            Self::Anthropic => anthropic::parse(body),
            Self::Gemini => gemini::parse(target, body),
        }?;
        if ask.cap == Some(0) {
            return Err(VendorError::invalid("the output cap must be at least 1"));
        }
        Ok(ask)
    }

    /// The answer as one body.
    pub(super) fn body(self, said: &Said) -> Value {
        match self {
            Self::Openai => openai::body(said),
            Self::Anthropic => anthropic::body(said),
            Self::Gemini => gemini::body(said),
        }
    }

    /// The answer in pieces, each `per_token` for its tokens after the one before.
    pub(super) fn events(self, said: &Said, per_token: Duration) -> Vec<Event> {
        let pieces: Vec<_> = said.text.split_inclusive(' ').collect();
        let (before, each, after) = match self {
            Self::Openai => openai::events(said, &pieces),
            Self::Anthropic => anthropic::events(said, &pieces),
            Self::Gemini => gemini::events(said, &pieces),
        };
        let at_once = |bytes| Event { bytes, after: Duration::ZERO };
        let in_time = |(bytes, piece): (String, &&str)| Event {
            bytes,
            after: per_token * u32::try_from(tokens(piece)).unwrap_or(u32::MAX),
        };
        let before = before.into_iter().map(at_once);
        before.chain(each.into_iter().zip(&pieces).map(in_time)).chain(after.into_iter().map(at_once)).collect()
    }

    pub(super) fn error(self, error: &VendorError) -> Value {
        match self {
            Self::Openai => openai::error(error),
            Self::Anthropic => anthropic::error(error),
            Self::Gemini => gemini::error(error),
        }
    }

    pub(super) fn models<N: AsRef<str>>(self, names: impl Iterator<Item = N>) -> Value {
        match self {
            Self::Openai => openai::models(names),
            Self::Anthropic => anthropic::models(names),
            Self::Gemini => gemini::models(names),
        }
    }
}

impl Said {
    /// Puts an answer to a question, and cuts it off at the question's cap.
    pub(super) fn new(ask: &Ask, mut text: String, call: u64, unix_s: u64) -> Self {
        let cap = ask.cap.unwrap_or(u64::MAX);
        let capped = tokens(&text) > cap;
        let kept = usize::try_from(cap.saturating_mul(4)).unwrap_or(usize::MAX);
        text.truncate(text.floor_char_boundary(kept));
        Self {
            model: ask.model.clone(),
            capped,
            prompt_tokens: ask.prompt_tokens,
            output_tokens: tokens(&text),
            text,
            call,
            unix_s,
            usage_in_stream: ask.usage_in_stream,
        }
    }

    pub(super) fn total_tokens(&self) -> u64 {
        self.prompt_tokens + self.output_tokens
    }
}

/// Puts a conversation together; `system` is what stands above it, `messages` who says what.
fn talk(system: &[&str], messages: &[(bool, &str)]) -> (String, String, u64) {
    let mut prompt = "";
    let mut count = system.iter().map(|text| tokens(text) + TOKENS_PER_MESSAGE).sum();
    for (by_user, text) in messages {
        if *by_user {
            prompt = text;
        }
        count += tokens(text) + TOKENS_PER_MESSAGE;
    }
    (system.join("\n"), prompt.to_owned(), count)
}

fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ALL: [Format; 3] = [Format::Openai, Format::Anthropic, Format::Gemini];

    #[test]
    fn a_path_says_format_and_target() {
        let target = |path| {
            let (format, rest) = Format::of(path);
            (format, format.target(rest))
        };
        let model = |streamed| Some(Target::Completion(Some(("m".to_owned(), streamed))));

        assert_eq!(target("/v1/chat/completions"), (Format::Openai, Some(Target::Completion(None))));
        assert_eq!(target("/anthropic/v1/messages"), (Format::Anthropic, Some(Target::Completion(None))));
        assert_eq!(target("/gemini/v1/models/m:generateContent"), (Format::Gemini, model(false)));
        assert_eq!(target("/gemini/v1beta/models/m:streamGenerateContent"), (Format::Gemini, model(true)));
        for path in ["/v1/models", "/anthropic/v1/models", "/gemini/v1/models"] {
            assert_eq!(target(path).1, Some(Target::Models), "{path}");
        }
        for path in
            ["/", "/v1", "/v1/messages", "/anthropic/v1/chat/completions", "/gemini/v1/models/m", "/gemini/v1/m"]
        {
            assert_eq!(target(path).1, None, "{path}");
        }
    }

    #[test]
    fn the_same_question_is_read_in_every_format() {
        for format in ALL {
            let ask = parse(format, 7).unwrap();

            assert_eq!((ask.system.as_str(), ask.prompt.as_str()), ("s", "c"), "{format:?}");
            assert_eq!((ask.cap, ask.prompt_tokens, ask.streamed), (Some(7), 20, false), "{format:?}");
        }
    }

    #[test]
    fn the_cap_is_kept_and_usage_is_counted() {
        for format in ALL {
            let said = Said::new(&parse(format, 2).unwrap(), "a long answer".into(), 1, 0);

            assert_eq!((said.text.as_str(), said.capped), ("a long a", true), "{format:?}");
            assert_eq!((said.prompt_tokens, said.output_tokens, said.total_tokens()), (20, 2, 22), "{format:?}");
        }
    }

    #[test]
    fn a_request_without_sense_is_refused() {
        for format in ALL {
            for body in ["", "[]", "{}", r#"{"model": "m", "messages": [], "contents": []}"#] {
                let target = Some(("m".to_owned(), false));

                assert_eq!(format.parse(target, body.as_bytes()).unwrap_err().status(), 400, "{format:?} {body}");
            }
            assert_eq!(parse(format, 0).unwrap_err().status(), 400, "{format:?}");
        }
    }

    #[test]
    fn the_pieces_of_a_stream_take_their_tokens_time() {
        for format in ALL {
            let said = Said::new(&parse(format, 100).unwrap(), "four and ninety ".into(), 1, 0);

            let events = format.events(&said, Duration::from_millis(10));

            let waits: Vec<_> = events.iter().map(|event| event.after.as_millis()).filter(|ms| *ms > 0).collect();
            assert_eq!(waits, [20, 10, 20], "{format:?}");
            assert!(events.iter().all(|event| event.bytes.ends_with("\n\n")), "{format:?}");
        }
    }

    fn parse(format: Format, cap: u64) -> Result<Ask, VendorError> {
        let body = match format {
            Format::Openai => json!({ "model": "m", "max_completion_tokens": cap, "messages": [
                { "role": "system", "content": "s" },
                { "role": "user", "content": "a" },
                { "role": "assistant", "content": "b" },
                { "role": "user", "content": "c" },
            ] }),
            Format::Anthropic => json!({ "model": "m", "max_tokens": cap, "system": "s", "messages": [
                { "role": "user", "content": "a" },
                { "role": "assistant", "content": "b" },
                { "role": "user", "content": "c" },
            ] }),
            Format::Gemini => json!({
                "systemInstruction": { "parts": [{ "text": "s" }] },
                "contents": [
                    { "role": "user", "parts": [{ "text": "a" }] },
                    { "role": "model", "parts": [{ "text": "b" }] },
                    { "role": "user", "parts": [{ "text": "c" }] },
                ],
                "generationConfig": { "maxOutputTokens": cap },
            }),
        };
        format.parse(Some(("m".into(), false)), body.to_string().as_bytes())
    }
}
