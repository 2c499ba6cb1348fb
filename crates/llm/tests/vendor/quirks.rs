//! What the operator says of a vendor stands in its requests: quirks of compatible servers, effort, temperature, headers.

use std::time::Duration;

use serde_json::{Value, json};

use crate::caller::{Caller, Way};
use crate::llmock_process::Llmock;
use crate::scripted_server::{Act, ScriptedServer, reply};

const TIME: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_local_server_gets_the_older_cap_and_a_temperature() {
    let llmock = Llmock::start(&[]);
    let more = r#", "cap_field": "max_tokens", "stream_usage": false, "temperature": 0, "effort": "low""#;
    let caller = Caller::with(&llmock.base_url(), more);

    caller.ask_in(Way::Streamed, "Why?", TIME).await.unwrap();

    assert_eq!(
        body(&llmock).await,
        json!({
            "temperature": 0.0,
            "model": "gpt-6-luna",
            "messages": [{ "role": "user", "content": "Why?" }],
            "max_tokens": 64,
            "n": 1,
            "stream": true,
        })
    );
}

#[tokio::test]
async fn a_router_of_vendors_gets_the_operators_fields() {
    let llmock = Llmock::start(&[]);
    let more = r#", "request_fields": {"provider": {"allow_fallbacks": false}}"#;

    Caller::with(&llmock.base_url(), more).ask("Why?").await.unwrap();

    assert_eq!(body(&llmock).await["provider"], json!({ "allow_fallbacks": false }));
}

#[tokio::test]
async fn the_service_is_told_how_much_to_think() {
    let llmock = Llmock::start(&[]);
    let more = r#", "service": "openai", "effort": "none", "temperature": 0.5"#;

    Caller::with(&llmock.base_url(), more).ask("Why?").await.unwrap();

    let body = body(&llmock).await;
    assert_eq!((&body["reasoning_effort"], &body["temperature"]), (&json!("none"), &json!(0.5)));
}

#[tokio::test]
async fn the_key_leaves_in_each_vendors_own_header() {
    for (dialect, header) in [("anthropic", "x-api-key"), ("gemini", "x-goog-api-key")] {
        let server = ScriptedServer::start(vec![Act::Send(reply("500 Sorry", "", ""))]);
        Caller::of(dialect, &server.base_url, "").ask("Why?").await.unwrap_err();

        let request = server.requests.recv().unwrap();
        assert!(request.head.contains(&format!("\r\n{header}: sk-test\r\n")), "{}", request.head);
        assert!(!request.head.contains("authorization"), "{}", request.head);
        assert_eq!(request.head.contains("\r\nanthropic-version: 2026-10-21\r\n"), dialect == "anthropic");
        assert_eq!(request.head.matches("sk-test").count(), 1, "{}", request.head);
    }
}

async fn body(llmock: &Llmock) -> Value {
    llmock.requests().await["requests"][0]["body"].clone()
}
