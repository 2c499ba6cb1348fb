//! The list of models: the free question that tries a key.

use std::net::TcpListener;
use std::time::Duration;

use common::outcome::VendorFailure;
use llm::{Billing, Cause, Clients};
use serde_json::json;
use tokio::time::Instant;

use crate::caller::Caller;
use crate::llmock_process::Llmock;
use crate::scripted_server::{Act, ScriptedServer, reply};

#[tokio::test]
async fn a_vendor_lists_its_models() {
    let llmock = Llmock::start(&[]);

    let models = Caller::new(&llmock.base_url()).list().await.unwrap();

    assert!(models.contains(&"gpt-4o".into()), "{models:?}");
}

#[tokio::test]
async fn a_failed_question_is_mapped_as_a_call_and_never_billed() {
    let llmock = Llmock::start(&[]);
    let caller = Caller::new(&llmock.base_url());
    let cases = [
        (401, VendorFailure::Auth),
        (402, VendorFailure::Billing),
        (404, VendorFailure::InvalidRequest),
        (408, VendorFailure::Timeout),
        (429, VendorFailure::RateLimited),
        (500, VendorFailure::Server),
        (503, VendorFailure::Overloaded),
    ];

    for (status, failure) in cases {
        llmock.next(json!({ "type": "fail", "status": status })).await;
        let error = caller.list().await.unwrap_err();

        assert_eq!((error.failure, error.billing), (failure, Billing::Nothing), "{status}");
    }
}

#[tokio::test]
async fn the_key_leaves_in_its_header_only_and_nothing_else_leaves() {
    let server = ScriptedServer::start(vec![Act::Send(reply("200 OK", "", r#"{"data": []}"#))]);

    Caller::new(&server.base_url).list().await.unwrap();

    let request = server.requests.recv().unwrap();
    assert!(request.head.starts_with("get /v1/models http/1.1\r\n"), "{}", request.head);
    assert!(request.head.contains("\r\nauthorization: bearer sk-test\r\n"), "{}", request.head);
    assert!(request.body.is_empty());
}

#[tokio::test]
async fn a_list_without_end_is_not_read_to_it() {
    let huge = reply("200 OK", "", &"x".repeat(5 * 1024 * 1024));
    let server = ScriptedServer::start(vec![Act::SendAndClose(huge)]);

    let error = Caller::new(&server.base_url).list().await.unwrap_err();

    assert_eq!((error.failure, error.billing), (VendorFailure::Malformed, Billing::Nothing));
    assert_eq!(error.cause, Cause::TooLarge { limit: 4 * 1024 * 1024 });
}

#[tokio::test]
async fn a_dripping_list_is_left_at_the_deadline() {
    let drip = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n".to_vec();
    let server = ScriptedServer::start(vec![Act::Drip(drip)]);

    let error = Caller::new(&server.base_url).list_within(Duration::from_millis(300)).await.unwrap_err();

    assert_eq!((error.failure, error.billing), (VendorFailure::Timeout, Billing::Nothing));
}

#[tokio::test]
async fn a_vendor_that_is_not_there_differs_from_one_that_hangs_up() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = ScriptedServer::start(vec![Act::SendAndClose(Vec::new())]);

    let absent = Caller::new(&format!("http://127.0.0.1:{port}/v1")).list().await.unwrap_err();
    let rude = Caller::new(&server.base_url).list().await.unwrap_err();

    assert_eq!((absent.failure, absent.billing), (VendorFailure::Unreachable, Billing::Nothing));
    assert_eq!((rude.failure, rude.billing), (VendorFailure::Disconnected, Billing::Nothing));
}

#[tokio::test]
async fn without_its_key_a_vendor_is_not_asked() {
    let server = ScriptedServer::start(Vec::new());
    let vendor = format!(r#"{{"dialect": "openai-chat", "base_url": "{}", "credential": "key"}}"#, server.base_url);
    let vendor = serde_json::from_str(&vendor).unwrap();
    let (clients, _issuer) = Clients::new(&[("vendor".into(), vendor)].into(), [].into()).unwrap();

    let error = clients.list_models(&"vendor".into(), Instant::now() + Duration::from_secs(1)).await.unwrap_err();

    assert_eq!(error.cause, Cause::NoKey("vendor".into()));
    assert!(server.requests.try_recv().is_err());
}
