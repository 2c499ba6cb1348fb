//! Asking the vendors for their models: what each outcome looks like from outside.

use std::net::TcpListener;
use std::time::Duration;

use common::call::task::{CheckVendors, VendorOutcome};
use common::ipc::FaultCode;
use common::outcome::VendorFailure;
use serde_json::json;

use crate::home::{Handler, Settings};
use crate::llmock::Llmock;

#[tokio::test]
async fn a_vendor_that_answers_is_accepted_and_what_it_does_not_list_is_named() {
    let llmock = Llmock::start();
    let settings = Settings { models: &["mock/toy", "mock/gpt-4o"], ..Settings::default() };
    let handler = Handler::start(&llmock.base_url(), settings).await;

    let outcome = outcome(&handler).await;

    assert_eq!(outcome, VendorOutcome::Accepted { models: 7, unlisted: vec!["toy".into()], retiring: [].into() });
}

#[tokio::test]
async fn a_vendor_that_refuses_the_key_says_so_and_nothing_is_spent() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    llmock.next(&[json!({ "type": "fail", "status": 401 })]);

    let outcome = outcome(&handler).await;

    assert_eq!(outcome, VendorOutcome::Failed(VendorFailure::Auth));
    let limit = handler.status().await.limits.remove(0);
    assert_eq!((limit.settled.tokens, limit.reserved.tokens), (0, 0));
    assert!(handler.records().await.is_empty());
}

#[tokio::test]
async fn a_vendor_whose_key_cannot_be_had_is_not_asked() {
    let llmock = Llmock::start();
    let settings = Settings { credential: Some("mock"), ..Settings::default() };
    let handler = Handler::start(&llmock.base_url(), settings).await;

    let outcome = outcome(&handler).await;

    let VendorOutcome::NoKey { problem } = outcome else { panic!("{outcome:?}") };
    assert!(problem.contains("minerctl credentials set"), "{problem}");
    assert_eq!(llmock.requests(), 0);
}

#[tokio::test]
async fn a_vendor_that_never_answers_costs_only_its_own_outcome() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}/v1", silent.local_addr().unwrap());
    let handler = Handler::start(&base_url, Settings::default()).await;

    let checks = handler.client().call(CheckVendors {}, Duration::from_secs(2)).await.unwrap();

    assert_eq!(checks.vendors[0].outcome, VendorOutcome::Failed(VendorFailure::Timeout));
}

#[tokio::test]
async fn vendors_are_asked_by_one_caller_at_a_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}/v1", silent.local_addr().unwrap());
    let handler = Handler::start(&base_url, Settings::default()).await;
    let client = handler.client();
    let ask = || client.call(CheckVendors {}, Duration::from_secs(3));

    let (first, second) = tokio::join!(ask(), ask());

    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let refused = first.err().or(second.err()).unwrap();
    assert_eq!(refused.code, FaultCode::Overloaded);
}

async fn outcome(handler: &Handler) -> VendorOutcome {
    let mut checks = handler.client().call(CheckVendors {}, Duration::from_secs(20)).await.unwrap();
    checks.vendors.remove(0).outcome
}
