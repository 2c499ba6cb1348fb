//! Replies that no vendor should send, in all three formats, plain and streamed: each a named error, and never a wrong bill.

use std::time::Duration;

use common::outcome::VendorFailure;
use llm::{Billing, CallError, Cause, Completion};
use serde_json::{Value, json};

use crate::caller::{Caller, DIALECTS, WAYS, Way};
use crate::scripted_server::{Act, ScriptedServer, reply};

const TIME: Duration = Duration::from_secs(20);

#[tokio::test]
async fn usage_that_cannot_be_is_unknown() {
    let counts = [
        ("missing", None),
        ("negative", Some((json!(9), json!(-5)))),
        ("zero", Some((json!(0), json!(0)))),
        ("nothing generated", Some((json!(9), json!(0)))),
        ("absurd", Some((json!(9), json!(u64::MAX)))),
        ("text", Some((json!("9"), json!("5")))),
        ("half a token", Some((json!(9), json!(4.5)))),
    ];

    for (dialect, way) in all() {
        for (name, counts) in counts.clone() {
            let completion =
                ask(dialect, way, answer(dialect, way, &Said { counts, ..Said::default() })).await.unwrap();

            assert_eq!(completion.text, "Because.", "{dialect} {way:?} {name}");
            assert_eq!(completion.usage, None, "{dialect} {way:?} {name}");
        }
    }
}

#[tokio::test]
async fn an_unknown_ending_is_no_answer_but_is_billed() {
    for (dialect, way) in all() {
        let error =
            ask(dialect, way, answer(dialect, way, &Said { finish: "NOVELTY", ..Said::default() })).await.unwrap_err();

        assert_eq!(error.failure, VendorFailure::Malformed, "{dialect} {way:?}");
        assert!(error.to_string().contains("NOVELTY"), "{dialect} {way:?} {error}");
        assert!(matches!(error.billing, Billing::Known(used) if used.output == 5), "{dialect} {way:?} {error:?}");
    }
}

#[tokio::test]
async fn a_refusal_for_safety_is_typed_and_billed() {
    for (dialect, way) in all() {
        let finish = match dialect {
            "openai-chat" => "content_filter",
            "anthropic" => "refusal",
            _ => "SAFETY",
        };
        let error = ask(dialect, way, answer(dialect, way, &Said { finish, ..Said::default() })).await.unwrap_err();

        assert_eq!(error.failure, VendorFailure::Filtered, "{dialect} {way:?}");
        assert!(matches!(error.billing, Billing::Known(_)), "{dialect} {way:?} {error:?}");
    }
}

#[tokio::test]
async fn a_page_for_people_is_no_answer() {
    let page = "<!doctype html><title>502 Bad Gateway</title>";
    for (dialect, way) in all() {
        let with_200 = reply("200 OK", "content-type: text/html\r\n", page);
        let with_502 = reply("502 Bad Gateway", "content-type: text/html\r\n", page);

        let errors = [ask(dialect, way, with_200).await.unwrap_err(), ask(dialect, way, with_502).await.unwrap_err()];

        let failures = errors.map(|error| (error.failure, error.billing));
        let expected = [VendorFailure::Malformed, VendorFailure::Server].map(|failure| (failure, Billing::Unknown));
        assert_eq!(failures, expected, "{dialect} {way:?}");
    }
}

#[tokio::test]
async fn json_of_another_form_is_no_answer() {
    for (dialect, way) in all() {
        for body in ["null", "[]", "7", r#""text""#, r#"{"choices": 7, "content": 7, "candidates": 7}"#] {
            let bytes = match way {
                Way::Plain => reply("200 OK", "content-type: application/json\r\n", body),
                Way::Streamed => events(&[body.to_owned()]),
            };

            let error = ask(dialect, way, bytes).await.unwrap_err();

            let failures = [VendorFailure::Malformed, VendorFailure::Disconnected];
            assert!(failures.contains(&error.failure), "{dialect} {way:?} {body} {error:?}");
            assert_eq!(error.billing, Billing::Unknown, "{dialect} {way:?} {body}");
        }
    }
}

#[tokio::test]
async fn a_redirect_to_another_host_is_refused() {
    for (dialect, way) in all() {
        let elsewhere = ScriptedServer::start(vec![Act::Send(answer(dialect, way, &Said::default()))]);
        let headers = format!("location: {}\r\n", elsewhere.base_url);

        let error = ask(dialect, way, reply("308 Permanent Redirect", &headers, "")).await.unwrap_err();

        assert_eq!((error.failure, error.billing), (VendorFailure::InvalidRequest, Billing::Nothing), "{dialect}");
        assert!(elsewhere.requests.try_recv().is_err(), "{dialect} {way:?}");
    }
}

#[tokio::test]
async fn a_huge_event_is_not_kept() {
    for dialect in DIALECTS {
        let mut bytes = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: ".to_vec();
        bytes.resize(bytes.len() + 2 * 1024 * 1024, b'x');

        let error = ask(dialect, Way::Streamed, bytes).await.unwrap_err();

        assert_eq!((error.failure, error.billing), (VendorFailure::Malformed, Billing::Unknown), "{dialect}");
        assert_eq!(error.cause, Cause::TooLarge { limit: 1024 * 1024 }, "{dialect}");
    }
}

#[tokio::test]
async fn a_dripping_stream_is_left_at_the_deadline() {
    for dialect in DIALECTS {
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: ".to_vec();
        let server = ScriptedServer::start(vec![Act::Drip(head)]);
        let caller = Caller::of(dialect, &server.base_url, "");

        let error = caller.ask_in(Way::Streamed, "Why?", Duration::from_millis(300)).await.unwrap_err();

        assert_eq!((error.failure, error.billing), (VendorFailure::Timeout, Billing::Unknown), "{dialect}");
    }
}

#[tokio::test]
async fn p18_a_vendor_that_goes_on_after_the_cap_is_cut_off() {
    let text = "word ".repeat(1_000);
    for dialect in DIALECTS {
        let said = Said { pieces: text.split_inclusive(' ').map(str::to_owned).collect(), ..Said::default() };

        let error = ask(dialect, Way::Streamed, answer(dialect, Way::Streamed, &said)).await.unwrap_err();

        assert_eq!(error.cause, Cause::OverCap { cap: 64 }, "{dialect}");
        assert!(matches!(error.billing, Billing::AtLeast(seen) if seen.output > 64), "{dialect} {error:?}");
    }
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_stream_is_that_error() {
    let errors = [
        ("openai-chat", json!({ "error": { "code": "server_is_overloaded", "type": "server_error" } })),
        ("anthropic", json!({ "type": "error", "error": { "type": "overloaded_error", "message": "…" } })),
        ("gemini", json!({ "error": { "code": 503, "status": "UNAVAILABLE", "message": "…" } })),
    ];
    for (dialect, error) in errors {
        let mut pieces = stream(dialect, &Said::default());
        pieces.truncate(2);
        pieces.push(error.to_string());

        let error = ask(dialect, Way::Streamed, events(&pieces)).await.unwrap_err();

        assert_eq!(error.failure, VendorFailure::Overloaded, "{dialect}");
        assert!(matches!(error.billing, Billing::Unknown | Billing::AtLeast(_)), "{dialect} {error:?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_stream_answers_at_once() {
    for dialect in DIALECTS {
        let completion = ask(dialect, Way::Streamed, answer(dialect, Way::Plain, &Said::default())).await.unwrap();

        assert_eq!(completion.text, "Because.", "{dialect}");
    }
}

#[tokio::test]
async fn after_the_vendors_last_word_the_connection_may_break() {
    for dialect in DIALECTS {
        let mut bytes = events(&stream(dialect, &Said::default()));
        let head = b"HTTP/1.1 200 OK\r\n".len();
        bytes.splice(head..head, b"content-length: 1000000\r\n".iter().copied());

        let completion = ask(dialect, Way::Streamed, bytes).await.unwrap();

        assert_eq!((completion.text.as_str(), completion.usage.unwrap().output), ("Because.", 5), "{dialect}");
    }
}

/// What a scripted vendor says.
struct Said {
    pieces: Vec<String>,
    finish: &'static str,
    /// Input and output.
    counts: Option<(Value, Value)>,
}

impl Default for Said {
    fn default() -> Self {
        Self { pieces: vec!["Be".into(), "cause.".into()], finish: "", counts: Some((json!(9), json!(5))) }
    }
}

impl Said {
    fn finish(&self, complete: &'static str) -> &'static str {
        if self.finish.is_empty() { complete } else { self.finish }
    }

    fn usage(&self, input: &str, output: &str) -> Value {
        self.counts.as_ref().map_or(Value::Null, |counts| json!({ input: counts.0, output: counts.1 }))
    }
}

async fn ask(dialect: &str, way: Way, bytes: Vec<u8>) -> Result<Completion, CallError> {
    let server = ScriptedServer::start(vec![Act::SendAndClose(bytes)]);
    Caller::of(dialect, &server.base_url, "").ask_in(way, "Why?", TIME).await
}

fn answer(dialect: &str, way: Way, said: &Said) -> Vec<u8> {
    match way {
        Way::Plain => reply("200 OK", "content-type: application/json\r\n", &plain(dialect, said).to_string()),
        Way::Streamed => events(&stream(dialect, said)),
    }
}

fn plain(dialect: &str, said: &Said) -> Value {
    let text = said.pieces.concat();
    match dialect {
        "openai-chat" => json!({
            "choices": [{ "message": { "role": "assistant", "content": text }, "finish_reason": said.finish("stop") }],
            "usage": said.usage("prompt_tokens", "completion_tokens"),
        }),
        "anthropic" => json!({
            "type": "message",
            "content": [{ "type": "text", "text": text }],
            "stop_reason": said.finish("end_turn"),
            "usage": said.usage("input_tokens", "output_tokens"),
        }),
        _ => json!({
            "candidates": [{ "content": { "parts": [{ "text": text }] }, "finishReason": said.finish("STOP") }],
            "usageMetadata": said.usage("promptTokenCount", "candidatesTokenCount"),
        }),
    }
}

/// The data of the events in which a vendor says it.
fn stream(dialect: &str, said: &Said) -> Vec<String> {
    let pieces = said.pieces.iter();
    match dialect {
        "openai-chat" => {
            let piece = |text| json!({ "choices": [{ "delta": { "content": text }, "finish_reason": null }] });
            let end = json!({ "choices": [{ "delta": {}, "finish_reason": said.finish("stop") }] });
            let usage = json!({ "choices": [], "usage": said.usage("prompt_tokens", "completion_tokens") });
            let events = pieces.map(piece).chain([end, usage]).map(|event| event.to_string());
            events.chain(["[DONE]".to_owned()]).collect()
        }
        "anthropic" => {
            let piece =
                |text| json!({ "type": "content_block_delta", "delta": { "type": "text_delta", "text": text } });
            let mut counts = said.usage("input_tokens", "output_tokens");
            let start = json!({ "type": "message_start", "message": { "usage": counts } });
            if let Some(counts) = counts.as_object_mut() {
                counts.remove("input_tokens");
            }
            let end = json!({
                "type": "message_delta",
                "delta": { "stop_reason": said.finish("end_turn") },
                "usage": counts,
            });
            let events = [start].into_iter().chain(pieces.map(piece)).chain([end, json!({ "type": "message_stop" })]);
            events.map(|event| event.to_string()).collect()
        }
        _ => {
            let piece = |text| json!({ "candidates": [{ "content": { "parts": [{ "text": text }] } }] });
            let end = json!({
                "candidates": [{ "finishReason": said.finish("STOP") }],
                "usageMetadata": said.usage("promptTokenCount", "candidatesTokenCount"),
            });
            pieces.map(piece).chain([end]).map(|event| event.to_string()).collect()
        }
    }
}

/// A whole stream, which ends with its connection.
fn events(data: &[String]) -> Vec<u8> {
    let events: String = data.iter().map(|data| format!("data: {data}\n\n")).collect();
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n{events}").into_bytes()
}

fn all() -> impl Iterator<Item = (&'static str, Way)> {
    DIALECTS.into_iter().flat_map(|dialect| WAYS.map(|way| (dialect, way)))
}
