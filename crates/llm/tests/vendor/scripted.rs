//! What llmock cannot do: detailed usage, hostile bodies, broken transport; and what leaves on the wire.

use std::net::TcpListener;
use std::time::Duration;

use common::config::subnet::ModelRef;
use common::id::AttemptId;
use common::outcome::VendorFailure;
use common::task::{Message, Role};
use common::usage::TokenUsage;
use llm::{Billing, Cause, Clients, PermitMismatch, WorstCase};
use serde_json::json;
use tokio::time::Instant;

use crate::caller::Caller;
use crate::scripted_server::{Act, ScriptedServer, reply};

#[tokio::test]
async fn cached_tokens_come_in_buckets_of_their_own() {
    let server = ScriptedServer::start(vec![Act::Send(answer())]);

    let completion = Caller::new(&server.base_url).ask("Why?").await.unwrap();

    let expected = TokenUsage { input_uncached: 22, input_cache_read: 1920, input_cache_write: 64, output: 300 };
    assert_eq!(completion.usage, Some(expected));
}

#[tokio::test]
async fn the_key_leaves_in_its_header_only() {
    let server = ScriptedServer::start(vec![Act::Send(answer())]);

    Caller::new(&server.base_url).ask("Why?").await.unwrap();

    let request = server.requests.recv().unwrap();
    assert!(request.head.starts_with("post /v1/chat/completions http/1.1\r\n"), "{}", request.head);
    assert!(request.head.contains("\r\nauthorization: bearer sk-test\r\n"), "{}", request.head);
    assert!(request.head.contains("\r\ncontent-type: application/json\r\n"), "{}", request.head);
    assert!(!String::from_utf8(request.body).unwrap().contains("sk-test"));
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = ScriptedServer::start(vec![Act::Send(answer()), Act::Send(answer()), Act::Send(answer())]);
    let caller = Caller::new(&server.base_url);

    for _ in 0..3 {
        caller.ask("Why?").await.unwrap();
    }

    assert!(server.requests.try_iter().all(|request| request.connection == 0));
}

#[tokio::test]
async fn an_answer_in_chunks_is_read() {
    let body = String::from_utf8(answer()).unwrap().split_once("\r\n\r\n").unwrap().1.to_owned();
    let (first, second) = body.split_at(40);
    let chunks = format!("{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n", first.len(), second.len());
    let chunked = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}");
    let server = ScriptedServer::start(vec![Act::Send(chunked.into_bytes())]);

    assert_eq!(Caller::new(&server.base_url).ask("Why?").await.unwrap().text, "Because.");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = ScriptedServer::start(vec![Act::Send(answer())]);
    let headers = format!("location: {}/chat/completions\r\n", elsewhere.base_url);
    let server = ScriptedServer::start(vec![Act::Send(reply("307 Temporary Redirect", &headers, ""))]);

    let error = Caller::new(&server.base_url).ask("Why?").await.unwrap_err();

    assert_eq!((error.failure, error.billing), (VendorFailure::InvalidRequest, Billing::Nothing));
    assert!(elsewhere.requests.try_recv().is_err());
}

#[tokio::test]
async fn p18_an_answer_beyond_what_its_cap_can_be_is_not_read_to_its_end() {
    let huge = reply("200 OK", "", &"x".repeat(5 * 1024 * 1024));
    let server = ScriptedServer::start(vec![Act::SendAndClose(huge)]);

    let error = Caller::new(&server.base_url).ask("Why?").await.unwrap_err();

    assert_eq!((error.failure, error.billing), (VendorFailure::Truncated, Billing::Unknown));
    assert_eq!(error.cause, Cause::OverCap { cap: 64 });
}

#[tokio::test]
async fn what_is_left_of_the_vendors_limits_comes_with_the_answer() {
    let headers =
        "x-ratelimit-limit-requests: 60\r\nx-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 1m0s\r\n";
    let with_headers = String::from_utf8(answer()).unwrap().replacen("\r\n", &format!("\r\n{headers}"), 1);
    let server = ScriptedServer::start(vec![Act::Send(with_headers.into_bytes())]);

    let completion = Caller::new(&server.base_url).ask("Why?").await.unwrap();

    assert_eq!(completion.limits.refuses_for(9, 64), Some(Duration::from_secs(1)));
}

#[tokio::test]
async fn a_refusal_without_a_wait_lasts_as_long_as_the_limit_is_used_up() {
    let headers = "x-ratelimit-remaining-tokens: 0\r\nx-ratelimit-reset-tokens: 7s\r\n";
    let refused =
        |headers: &str| reply("429 Too Many Requests", headers, r#"{"error": {"code": "rate_limit_exceeded"}}"#);
    let acts = [refused(headers), refused(&format!("retry-after: 2\r\n{headers}")), refused("")];
    let server = ScriptedServer::start(acts.map(Act::Send).into());
    let caller = Caller::new(&server.base_url);

    let mut waits = Vec::new();
    for _ in 0..3 {
        waits.push(caller.ask("Why?").await.unwrap_err().retry_after);
    }

    assert_eq!(waits, [Some(Duration::from_secs(7)), Some(Duration::from_secs(2)), None]);
}

#[tokio::test]
async fn an_error_without_end_is_still_that_error() {
    let huge = reply("401 Unauthorized", "", &"x".repeat(1024 * 1024));
    let server = ScriptedServer::start(vec![Act::SendAndClose(huge)]);

    let error = Caller::new(&server.base_url).ask("Why?").await.unwrap_err();

    assert_eq!((error.failure, error.billing), (VendorFailure::Auth, Billing::Nothing));
}

#[tokio::test]
async fn an_answer_cut_off_may_be_billed() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{\"choices\"".to_vec();
    let server = ScriptedServer::start(vec![Act::SendAndClose(cut)]);

    let error = Caller::new(&server.base_url).ask("Why?").await.unwrap_err();

    assert_eq!((error.failure, error.billing), (VendorFailure::Disconnected, Billing::Unknown));
}

#[tokio::test]
async fn a_connection_closed_without_answer_may_be_billed_and_is_not_tried_again() {
    let server = ScriptedServer::start(vec![Act::SendAndClose(Vec::new()), Act::Send(answer())]);

    let error = Caller::new(&server.base_url).ask("Why?").await.unwrap_err();

    assert_eq!((error.failure, error.billing), (VendorFailure::Disconnected, Billing::Unknown));
    assert_eq!(server.requests.try_iter().count(), 1);
}

#[tokio::test]
async fn a_dripping_answer_is_left_at_the_deadline() {
    let drip = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n".to_vec();
    let server = ScriptedServer::start(vec![Act::Drip(drip)]);

    let error = Caller::new(&server.base_url).ask_within("Why?", Duration::from_millis(300)).await.unwrap_err();

    assert_eq!((error.failure, error.billing), (VendorFailure::Timeout, Billing::Unknown));
}

#[tokio::test]
async fn what_is_no_http_is_malformed_or_broken_but_never_free() {
    let server = ScriptedServer::start(vec![Act::SendAndClose(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())]);

    let error = Caller::new(&server.base_url).ask("Why?").await.unwrap_err();

    assert_eq!((error.failure, error.billing), (VendorFailure::Disconnected, Billing::Unknown));
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_billed() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();

    let error = Caller::new(&format!("http://{nobody}/v1")).ask("Why?").await.unwrap_err();

    assert_eq!((error.failure, error.billing), (VendorFailure::Unreachable, Billing::Nothing));
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn a_server_that_never_takes_the_request_in_bills_nothing() {
    let https_without_tls = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("https://{}/v1", https_without_tls.local_addr().unwrap());

    let error = Caller::new(&base_url).ask_within("Why?", Duration::from_millis(300)).await.unwrap_err();

    assert_eq!((error.failure, error.billing), (VendorFailure::Timeout, Billing::Nothing));
    assert_eq!(error.cause, Cause::DeadlineBeforeSending);
}

#[tokio::test]
async fn after_the_deadline_nothing_is_sent() {
    let server = ScriptedServer::start(vec![Act::Send(answer())]);

    let error = Caller::new(&server.base_url).ask_within("Why?", Duration::ZERO).await.unwrap_err();

    assert_eq!((error.failure, error.billing), (VendorFailure::Timeout, Billing::Nothing));
    assert!(server.requests.try_recv().is_err());
}

#[tokio::test]
async fn what_does_not_fit_its_permit_is_not_sent() {
    let server = ScriptedServer::start(vec![Act::Send(answer())]);
    let vendor: common::config::miner::Vendor =
        serde_json::from_value(json!({ "dialect": "openai-chat", "base_url": server.base_url })).unwrap();
    let (clients, issuer) = Clients::new(&[("vendor".into(), vendor)].into(), [].into()).unwrap();
    let model = ModelRef { vendor: "vendor".into(), model: "gpt-6-luna".into() };
    let worst = WorstCase { input_tokens: 83, output_tokens: 64 };
    let permit = issuer.permit(AttemptId::new(1, [0; 10]), model, worst);
    let messages = [Message { role: Role::User, content: "Why?".into() }];

    let error = clients.complete(permit, &messages, Instant::now() + Duration::from_secs(20)).await.unwrap_err();

    assert_eq!(error.billing, Billing::Nothing);
    assert_eq!(error.cause, Cause::Permit(PermitMismatch::Input { bound: 84, permitted: 83 }));
    assert!(server.requests.try_recv().is_err());
}

#[tokio::test]
async fn a_vendor_without_its_key_is_not_called() {
    let server = ScriptedServer::start(vec![Act::Send(answer())]);
    let vendor = json!({ "dialect": "openai-chat", "base_url": server.base_url, "credential": "openai" });
    let vendors = [("vendor".into(), serde_json::from_value(vendor).unwrap())].into();
    let (clients, issuer) = Clients::new(&vendors, [].into()).unwrap();
    let model = ModelRef { vendor: "vendor".into(), model: "gpt-6-luna".into() };
    let permit = issuer.permit(AttemptId::new(1, [0; 10]), model, WorstCase { input_tokens: 999, output_tokens: 64 });
    let messages = [Message { role: Role::User, content: "Why?".into() }];

    let error = clients.complete(permit, &messages, Instant::now() + Duration::from_secs(20)).await.unwrap_err();

    assert!(!clients.is_usable(&"vendor".into()));
    assert_eq!((error.failure, error.billing), (VendorFailure::Auth, Billing::Nothing));
    assert_eq!(error.cause, Cause::NoKey("vendor".into()));
    assert!(server.requests.try_recv().is_err());
}

#[test]
fn all_vendors_that_cannot_be_called_are_named_at_once() {
    let vendor =
        |base_url: &str| serde_json::from_value(json!({ "dialect": "openai-chat", "base_url": base_url })).unwrap();
    let vendors = [("one".into(), vendor("nonsense")), ("two".into(), vendor("https://me:pass@example.com"))].into();

    let error = Clients::new(&vendors, [].into()).unwrap_err().to_string();

    assert!(error.contains("vendors.one in miner-config.json") && error.contains("vendors.two"), "{error}");
    assert!(!error.contains("pass@"), "{error}");
}

fn answer() -> Vec<u8> {
    let body = json!({
        "choices": [{ "message": { "role": "assistant", "content": "Because." }, "finish_reason": "stop" }],
        "usage": {
            "prompt_tokens": 2006,
            "completion_tokens": 300,
            "total_tokens": 2306,
            "prompt_tokens_details": { "cached_tokens": 1920, "cache_write_tokens": 64 },
            "completion_tokens_details": { "reasoning_tokens": 256 },
        },
    });
    reply("200 OK", "content-type: application/json\r\n", &body.to_string())
}
