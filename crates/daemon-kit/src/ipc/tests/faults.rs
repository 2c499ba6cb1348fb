//! Every fault code, and peers that do not keep to the protocol.

use std::time::Duration;

use common::ipc::{FRAME_LIMIT, FaultCode, Hello, PROTOCOL, Reply, ServerFrame};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixListener;

use super::service::{Deny, Echo, Gate, Hang, LONG, NAME, ParrotCall, Raw, client, serve_in, serve_within};
use crate::ipc::hello::Mismatch;
use crate::ipc::server::Limits;
use crate::ipc::{Client, ConnectError, codec, connect};
use crate::workers::Workers;

fn code(reply: &Reply) -> Option<FaultCode> {
    match reply {
        Reply::Ok(_) => None,
        Reply::Fault(fault) => Some(fault.code),
    }
}

#[tokio::test]
async fn a_call_the_service_does_not_know_is_invalid_and_the_connection_lives() {
    let directory = tempfile::tempdir().unwrap();
    let served = serve_in(directory.path());
    let mut raw = Raw::connect(&served.path).await;

    raw.request(1, 1000, r#"{"sing":{"song":"a secret"}}"#).await;
    let refused = raw.response().await;
    raw.request(2, 1000, r#"{"echo":{"text":"hi"}}"#).await;
    let answered = raw.response().await;

    assert_eq!((refused.id, code(&refused.reply)), (1, Some(FaultCode::Invalid)));
    assert!(!format!("{refused:?}").contains("secret"));
    assert_eq!((answered.id, code(&answered.reply)), (2, None));
}

#[tokio::test]
async fn a_call_larger_than_a_frame_is_invalid() {
    let directory = tempfile::tempdir().unwrap();
    let served = serve_in(directory.path());
    let (client, _workers) = client(&served.path).await;

    let text = "x".repeat(usize::try_from(FRAME_LIMIT).unwrap());
    let fault = client.call(Echo { text }, LONG).await.unwrap_err();

    assert_eq!(fault.code, FaultCode::Invalid);
}

#[tokio::test]
async fn a_service_can_deny() {
    let directory = tempfile::tempdir().unwrap();
    let served = serve_in(directory.path());
    let (client, _workers) = client(&served.path).await;

    let fault = client.call(Deny {}, LONG).await.unwrap_err();

    assert_eq!(fault.code, FaultCode::Denied);
    assert_eq!(fault.message, "not for you");
}

#[tokio::test]
async fn calls_over_the_limit_are_overloaded() {
    let directory = tempfile::tempdir().unwrap();
    for limits in [Limits { calls_per_connection: 1, ..Limits::default() }, Limits { calls: 1, ..Limits::default() }] {
        let mut served = serve_within(directory.path(), limits);
        let (client, _workers) = client(&served.path).await;

        let first = client.call(Gate {}, LONG);
        let second = async {
            served.begun().await;
            let refused = client.call(Gate {}, LONG).await;
            served.gate.add_permits(1);
            refused
        };
        let (first, second) = tokio::join!(first, second);

        assert!(first.is_ok(), "{first:?}");
        assert_eq!(second.unwrap_err().code, FaultCode::Overloaded);
        served.workers.stop();
        served.workers.wait(LONG).await.unwrap();
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_unavailable_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nobody.sock");
    let client = Client::<ParrotCall>::new(path.clone(), NAME, &Workers::new());

    let fault = client.call(Hang {}, LONG).await.unwrap_err();

    assert_eq!(fault.code, FaultCode::Unavailable);
    assert!(fault.message.contains("parrot cannot be reached"), "{fault}");
}

#[tokio::test]
async fn a_call_without_a_reply_in_time_is_a_timeout_and_is_cancelled() {
    let directory = tempfile::tempdir().unwrap();
    let mut served = serve_in(directory.path());
    let (client, _workers) = client(&served.path).await;

    let fault = client.call(Hang {}, Duration::from_millis(100)).await.unwrap_err();
    let token = served.begun().await;
    token.cancelled().await;

    assert_eq!(fault.code, FaultCode::Timeout);
}

#[tokio::test]
async fn the_server_keeps_the_time_too() {
    let directory = tempfile::tempdir().unwrap();
    let served = serve_in(directory.path());
    let mut raw = Raw::connect(&served.path).await;

    raw.request(7, 50, r#"{"hang":{}}"#).await;
    let response = raw.response().await;

    assert_eq!((response.id, code(&response.reply)), (7, Some(FaultCode::Timeout)));
}

#[tokio::test]
async fn a_peer_that_does_not_speak_the_protocol_is_hung_up_on() {
    let directory = tempfile::tempdir().unwrap();
    let served = serve_in(directory.path());
    let too_long = (FRAME_LIMIT + 1).to_be_bytes();

    for bytes in [&too_long[..], b"GET / HTTP/1.1\r\n\r\n", &codec::encode(&"no request").unwrap()] {
        let mut raw = Raw::connect(&served.path).await;
        raw.stream.write_all(bytes).await.unwrap();

        assert!(raw.receive().await.is_none(), "{bytes:?}");
    }
}

#[tokio::test]
async fn two_calls_in_flight_with_one_id_end_the_connection() {
    let directory = tempfile::tempdir().unwrap();
    let served = serve_in(directory.path());
    let mut raw = Raw::connect(&served.path).await;

    raw.request(1, 1000, r#"{"hang":{}}"#).await;
    raw.request(1, 1000, r#"{"hang":{}}"#).await;

    assert!(raw.receive().await.is_none());
}

async fn connect_to_one_who_says(frame: &[u8]) -> ConnectError {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let says = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(frame).await.unwrap();
    };
    let workers = Workers::new();
    let (connected, ()) = tokio::join!(connect::<ParrotCall>(&path, NAME, &workers), says);
    connected.unwrap_err()
}

fn hello(protocol: u32, service: &str) -> Vec<u8> {
    let hello = Hello { protocol, service: service.into(), version: "9.9.9".into() };
    codec::encode(&ServerFrame::Hello(hello)).unwrap()
}

#[tokio::test]
async fn another_protocol_is_a_clear_error() {
    let error = connect_to_one_who_says(&hello(PROTOCOL + 1, NAME)).await;

    assert!(matches!(error, ConnectError::Mismatch(Mismatch::Protocol { .. })), "{error}");
}

#[tokio::test]
async fn another_service_is_a_clear_error() {
    let error = connect_to_one_who_says(&hello(PROTOCOL, "cuckoo")).await;

    assert_eq!(
        error.to_string(),
        "cuckoo listens where parrot is expected: check which daemon was started with which home"
    );
}

#[tokio::test]
async fn one_who_says_no_hello_is_a_clear_error() {
    let error = connect_to_one_who_says(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;

    assert!(matches!(error, ConnectError::NotAHello { .. }), "{error}");
}

#[tokio::test]
async fn one_who_hangs_up_at_once_is_a_clear_error() {
    let error = connect_to_one_who_says(b"").await;

    assert!(matches!(error, ConnectError::HungUp { .. }), "{error}");
}

#[tokio::test]
async fn nobody_listening_is_a_clear_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s.sock");

    let absent = connect::<ParrotCall>(&path, NAME, &Workers::new()).await.unwrap_err();
    drop(UnixListener::bind(&path).unwrap());
    let stale = connect::<ParrotCall>(&path, NAME, &Workers::new()).await.unwrap_err();

    assert!(matches!(absent, ConnectError::NotListening { .. }), "{absent}");
    assert!(matches!(stale, ConnectError::NotListening { .. }), "{stale}");
}
