//! A vendor's rate limits: kept, not hit, and waited for where there is time.

use common::call::task::Availability;
use common::outcome::{DeclineReason, TaskAnswer, TaskFailure, VendorFailure};
use serde_json::json;
use tokio::task::JoinSet;

use crate::home::{Handler, Settings, task};
use crate::llmock::Llmock;

#[tokio::test]
async fn a_model_rests_before_its_vendor_has_to_refuse() {
    let llmock = Llmock::with(&["--rpm", "4"]);
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;

    for number in 0..4 {
        let answer = handler.ask(number).await;
        assert!(matches!(answer, TaskAnswer::Answered(_)), "{answer:?}");
    }
    let fifth = handler.ask(4).await;

    assert_eq!(fifth, TaskAnswer::Declined(DeclineReason::Breaker));
    assert_eq!(llmock.requests(), 4, "the fifth never left");
    let model = handler.status().await.models.remove(0);
    assert!(matches!(model.availability, Availability::Benched { remaining_ms: 1..=15_000 }), "{model:?}");
    assert_passed(&llmock);
}

#[tokio::test]
async fn many_at_once_that_a_vendor_refuses_wait_or_give_up_but_never_storm() {
    let llmock = Llmock::with(&["--rpm", "3"]);
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    let mut calls = JoinSet::new();

    for number in 0..12 {
        let client = handler.client();
        calls.spawn(async move {
            let mut task = task(number);
            // The same question again would pass for a second attempt at the first.
            task.messages[0].content = format!("What is {number} and {number}?");
            let call = common::call::task::SubmitTask { task };
            client.call(call, std::time::Duration::from_secs(20)).await.unwrap()
        });
    }
    let answers = calls.join_all().await;

    let refused = TaskAnswer::Failed(TaskFailure::Vendor(VendorFailure::RateLimited));
    let declined = TaskAnswer::Declined(DeclineReason::Breaker);
    let is_known =
        |answer: &TaskAnswer| matches!(answer, TaskAnswer::Answered(_)) || [&refused, &declined].contains(&answer);
    assert!(answers.iter().all(is_known), "{answers:?}");
    assert!(answers.iter().filter(|answer| matches!(answer, TaskAnswer::Answered(_))).count() >= 3, "{answers:?}");
    let limit = handler.until(|limit| limit.reserved.tokens == 0).await;
    assert!(limit.settled.tokens > 0, "{limit:?}");
    assert_passed(&llmock);
}

#[tokio::test]
async fn a_short_wait_is_kept_and_the_second_attempt_has_a_reservation_of_its_own() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    llmock.next(&[json!({ "type": "fail", "status": 429, "retry_after": 0.4 })]);

    let answer = handler.ask(1).await;

    assert!(matches!(answer, TaskAnswer::Answered(_)), "{answer:?}");
    assert_eq!((llmock.requests(), handler.records().await.len()), (2, 2));
    assert_passed(&llmock);
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    llmock.next(&[json!({ "type": "fail", "status": 429, "retry_after": 300 })]);
    let started = std::time::Instant::now();

    let answer = handler.ask(1).await;

    assert_eq!(answer, TaskAnswer::Failed(TaskFailure::Vendor(VendorFailure::RateLimited)));
    assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(llmock.requests(), 1);
    assert_passed(&llmock);
}

#[tokio::test]
async fn an_account_without_credit_rests_with_all_its_models() {
    let llmock = Llmock::start();
    let settings = Settings { models: &["mock/toy", "mock/spare"], ..Settings::default() };
    let handler = Handler::start(&llmock.base_url(), settings).await;
    llmock.next(&[json!({ "type": "fail", "status": 429, "code": "insufficient_quota" })]);

    let first = handler.ask(1).await;
    let second = handler.ask(2).await;

    assert_eq!(first, TaskAnswer::Failed(TaskFailure::Vendor(VendorFailure::Billing)));
    assert_eq!(second, TaskAnswer::Declined(DeclineReason::Breaker));
    assert_eq!(llmock.requests(), 1, "neither model was asked again");
    assert_passed(&llmock);
}

/// llmock's own judgement: no wait ignored, nothing hopeless repeated, no storm.
fn assert_passed(llmock: &Llmock) {
    let verdict = llmock.verdict();
    assert_eq!(verdict["passed"], json!(true), "{verdict}");
}
