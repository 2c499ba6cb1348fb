//! Vendors that fail: what the caller hears, what it costs, and when a model is left alone.

use common::call::task::Availability;
use common::outcome::{DeclineReason, TaskAnswer, TaskFailure, VendorFailure};
use serde_json::json;

use crate::home::{Handler, Settings, task};
use crate::llmock::Llmock;

#[tokio::test]
async fn each_vendor_error_fails_the_task_with_its_name() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    let cases = [
        (json!({ "type": "fail", "status": 400 }), VendorFailure::InvalidRequest),
        (json!({ "type": "fail", "status": 413 }), VendorFailure::ContextTooLong),
        (json!({ "type": "reply", "text": "", "finish_reason": "content_filter" }), VendorFailure::Filtered),
        (json!({ "type": "reply", "text": "Ele", "finish_reason": "length" }), VendorFailure::Truncated),
        (json!({ "type": "reply", "text": " " }), VendorFailure::Empty),
        (json!({ "type": "fail", "status": 401 }), VendorFailure::Auth),
    ];

    for (number, (behavior, failure)) in (1..).zip(cases) {
        llmock.next(std::slice::from_ref(&behavior));
        let answer = handler.ask(number).await;

        assert_eq!(answer, TaskAnswer::Failed(TaskFailure::Vendor(failure)), "{behavior}");
    }
}

#[tokio::test]
async fn a_busy_vendor_is_asked_once_more_with_a_reservation_of_its_own() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    llmock.next(&[json!({ "type": "fail", "status": 529 })]);

    let answer = handler.ask(1).await;

    assert!(matches!(answer, TaskAnswer::Answered(_)), "{answer:?}");
    assert_eq!(llmock.requests(), 2);
    let records = handler.records().await;
    assert_eq!(records.len(), 2);
    assert_ne!(records[0].attempt, records[1].attempt);
    assert_eq!(records[0].cost.0, 0, "a refused call costs nothing");
}

#[tokio::test]
async fn the_next_model_answers_where_the_first_cannot() {
    let llmock = Llmock::start();
    let settings = Settings { models: &["mock/toy", "mock/spare"], ..Settings::default() };
    let handler = Handler::start(&llmock.base_url(), settings).await;
    llmock.next(&[json!({ "type": "fail", "status": 404, "code": "model_not_found" })]);

    let answer = handler.ask(1).await;

    let TaskAnswer::Answered(answered) = answer else { panic!("{answer:?}") };
    assert_eq!(answered.model.as_str(), "spare");
}

#[tokio::test]
async fn one_task_never_uses_more_than_its_tokens_whatever_is_tried() {
    let llmock = Llmock::start();
    let settings = Settings { models: &["mock/toy", "mock/spare"], ..Settings::default() };
    let handler = Handler::start(&llmock.base_url(), settings).await;
    // It may have been billed, so the worst case of the first attempt counts: all that the profile allows.
    llmock.next(&[json!({ "type": "fail", "status": 500 })]);
    let mut task = task(1);
    task.max_tokens = None;

    let answer = handler.submit(task).await.unwrap();

    assert_eq!(answer, TaskAnswer::Failed(TaskFailure::Vendor(VendorFailure::Server)));
    assert_eq!(handler.status().await.limits.remove(0).settled.tokens, 2_000);
    assert_eq!(llmock.requests(), 1);
}

#[tokio::test]
async fn a_vendor_that_cannot_be_reached_costs_nothing() {
    let handler = Handler::start("http://127.0.0.1:1/v1", Settings::default()).await;

    let answer = handler.ask(1).await;

    assert_eq!(answer, TaskAnswer::Failed(TaskFailure::Vendor(VendorFailure::Unreachable)));
    let limit = handler.status().await.limits.remove(0);
    assert_eq!((limit.settled.tokens, limit.reserved.tokens), (0, 0));
}

#[tokio::test]
async fn a_wrong_key_benches_the_model_at_once() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    llmock.next(&[json!({ "type": "fail", "status": 401 })]);

    handler.ask(1).await;
    let next = handler.ask(2).await;

    assert_eq!(next, TaskAnswer::Declined(DeclineReason::Breaker));
    let availability = handler.status().await.models.remove(0).availability;
    assert!(matches!(availability, Availability::Benched { remaining_ms: 1.. }), "{availability:?}");
}

#[tokio::test]
async fn failures_in_a_row_bench_the_model() {
    let settings = Settings { max_failures: 2, ..Settings::default() };
    let handler = Handler::start("http://127.0.0.1:1/v1", settings).await;

    // Both attempts of the task fail.
    handler.ask(1).await;
    let next = handler.ask(2).await;

    assert_eq!(next, TaskAnswer::Declined(DeclineReason::Breaker));
}
