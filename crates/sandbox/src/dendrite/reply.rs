//! What a dendrite makes of a response: an answer, an honest refusal, or nothing it can use.

use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

use super::Query;

/// What came of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reply {
    /// An answer.
    Answered(String),
    /// An honest refusal: the miner says that it has no answer now, or none for us.
    Refused {
        /// The status.
        status: u16,
        /// What the miner said; hostile text.
        message: String,
    },
    /// Something that no SDK could use, or that a miner in order would not have said to a good request.
    Broken {
        /// The status as the SDK reports it.
        status: u16,
        /// What is wrong with it; may be hostile text.
        why: String,
    },
}

/// Reads a response.
#[must_use]
pub fn read(query: &Query, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Reply {
    // The SDK reports this status for whatever it cannot parse.
    let broken = |why: &str| Reply::Broken { status: 422, why: why.to_owned() };
    if !is_json(headers) {
        return broken("the response is not JSON");
    }
    let Ok(body) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return broken("the body is not a JSON object");
    };
    if status != StatusCode::OK {
        return refusal(status, body.get("message").and_then(Value::as_str));
    }
    let fields = query.fields();
    if query.required().iter().any(|(field, _)| body.get(*field) != fields.get(*field)) {
        return broken("a required field is not sent back");
    }
    if !succeeded(headers, &body) {
        return broken("no success is stated for the axon");
    }
    match body.get(query.answer_field()).and_then(Value::as_str) {
        Some(answer) if !answer.trim().is_empty() => Reply::Answered(answer.to_owned()),
        Some(_) | None => Reply::Broken { status: 200, why: "the answer is empty".to_owned() },
    }
}

/// Our requests are in order: who finds fault with them is not.
fn refusal(status: StatusCode, message: Option<&str>) -> Reply {
    let honest =
        matches!(status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let status = status.as_u16();
    match message {
        Some(message) if honest => Reply::Refused { status, message: message.to_owned() },
        Some(message) => Reply::Broken { status, why: message.to_owned() },
        None => Reply::Broken { status, why: "the refusal has no message".to_owned() },
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = essence.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") || essence.ends_with("+json")
}

/// Whether the axon's status is 200, in the header or else in the body; the terminals must be objects.
fn succeeded(headers: &HeaderMap, body: &Map<String, Value>) -> bool {
    let in_body = |name: &str| body.get(name).and_then(Value::as_object);
    let (Some(axon), Some(_)) = (in_body("axon"), in_body("dendrite")) else {
        return false;
    };
    match headers.get("bt_header_axon_status_code") {
        Some(status) => status.as_bytes() == b"200",
        None => axon.get("status_code").and_then(Value::as_u64) == Some(200),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let body = r#"{"roles":["user"],"messages":["q"],"completion":"a","axon":{"status_code":200},"dendrite":{}}"#;

        assert_eq!(read_json(200, body), Reply::Answered("a".into()));
    }

    #[test]
    fn a_refusal_is_honest_if_it_says_why() {
        assert_eq!(
            read_json(503, r#"{"message":"Declined"}"#),
            Reply::Refused { status: 503, message: "Declined".into() }
        );
        assert!(matches!(read_json(503, "{}"), Reply::Broken { status: 503, .. }));
    }

    #[test]
    fn who_finds_fault_with_a_good_request_is_broken() {
        for status in [400, 401, 404, 422, 500] {
            let reply = read_json(status, r#"{"message":"Not Verified"}"#);

            assert_eq!(reply, Reply::Broken { status, why: "Not Verified".into() });
        }
    }

    #[test]
    fn what_no_sdk_could_use_is_broken() {
        let cases = [
            ("no json", "oops", 422),
            ("not echoed", r#"{"completion":"a","axon":{"status_code":200},"dendrite":{}}"#, 422),
            ("no terminals", r#"{"roles":["user"],"messages":["q"],"completion":"a","axon":null}"#, 422),
            (
                "empty",
                r#"{"roles":["user"],"messages":["q"],"completion":" ","axon":{"status_code":200},"dendrite":{}}"#,
                200,
            ),
        ];

        for (name, body, expected) in cases {
            assert!(matches!(read_json(200, body), Reply::Broken { status, .. } if status == expected), "{name}");
        }
        let text = read(&query(), StatusCode::OK, &HeaderMap::new(), b"{}");
        assert!(matches!(text, Reply::Broken { status: 422, .. }));
    }

    fn query() -> Query {
        Query::Prompting { roles: vec!["user".into()], messages: vec!["q".into()] }
    }

    fn read_json(status: u16, body: &str) -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        read(&query(), StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes())
    }
}
