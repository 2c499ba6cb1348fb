//! Every fault that llmock can inject into a call without streaming, and what is made of it.

use std::time::Duration;

use common::outcome::VendorFailure;
use llm::Billing;
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::llmock_process::Llmock;

#[tokio::test]
async fn a_question_is_answered_and_its_usage_known() {
    let llmock = Llmock::start(&[]);

    let completion = Caller::new(&llmock.base_url()).ask("What is the capital of France?").await.unwrap();

    assert!(!completion.text.is_empty());
    let usage = completion.usage.unwrap();
    assert!(usage.input_uncached > 0 && usage.output > 0, "{usage:?}");
}

#[tokio::test]
async fn every_injected_error_is_mapped() {
    let llmock = Llmock::start(&[]);
    let caller = Caller::new(&llmock.base_url());
    let cases = [
        (json!({ "status": 400 }), VendorFailure::InvalidRequest, Billing::Nothing),
        (json!({ "status": 400, "code": "context_length_exceeded" }), VendorFailure::ContextTooLong, Billing::Nothing),
        (json!({ "status": 401 }), VendorFailure::Auth, Billing::Nothing),
        (json!({ "status": 402 }), VendorFailure::Billing, Billing::Nothing),
        (json!({ "status": 403 }), VendorFailure::Auth, Billing::Nothing),
        (json!({ "status": 404, "code": "model_not_found" }), VendorFailure::ModelNotFound, Billing::Nothing),
        (json!({ "status": 408 }), VendorFailure::Timeout, Billing::Unknown),
        (json!({ "status": 409 }), VendorFailure::Server, Billing::Nothing),
        (json!({ "status": 413 }), VendorFailure::ContextTooLong, Billing::Nothing),
        (json!({ "status": 422 }), VendorFailure::InvalidRequest, Billing::Nothing),
        (json!({ "status": 429 }), VendorFailure::RateLimited, Billing::Nothing),
        (json!({ "status": 429, "code": "insufficient_quota" }), VendorFailure::Billing, Billing::Nothing),
        (json!({ "status": 500 }), VendorFailure::Server, Billing::Unknown),
        (json!({ "status": 502 }), VendorFailure::Server, Billing::Unknown),
        (json!({ "status": 503 }), VendorFailure::Overloaded, Billing::Unknown),
        (json!({ "status": 503, "code": "server_is_overloaded" }), VendorFailure::Overloaded, Billing::Nothing),
        (json!({ "status": 504 }), VendorFailure::Timeout, Billing::Unknown),
        (json!({ "status": 529 }), VendorFailure::Overloaded, Billing::Nothing),
    ];

    for (mut fault, failure, billing) in cases {
        fault["type"] = json!("fail");
        llmock.next(fault.clone()).await;
        let error = caller.ask(&fault.to_string()).await.unwrap_err();

        assert_eq!((error.failure, error.billing), (failure, billing), "{fault}");
    }
}

#[tokio::test]
async fn the_vendors_wait_is_passed_on() {
    let llmock = Llmock::start(&[]);
    llmock.next(json!({ "type": "fail", "status": 429, "retry_after": 1.5 })).await;

    let error = Caller::new(&llmock.base_url()).ask("Why?").await.unwrap_err();

    assert_eq!(error.retry_after, Some(Duration::from_millis(1500)));
}

#[tokio::test]
async fn no_failed_call_is_repeated_behind_the_callers_back() {
    let llmock = Llmock::start(&[]);
    let caller = Caller::new(&llmock.base_url());

    for status in [401, 408, 429, 500, 503] {
        llmock.next(json!({ "type": "fail", "status": status, "retry_after": 0 })).await;
        caller.ask(&format!("question {status}")).await.unwrap_err();
    }

    let verdict = llmock.verdict().await;
    assert_eq!((&verdict["calls"], &verdict["attempts"]), (&json!(5), &json!(5)), "{verdict}");
    assert_eq!(verdict["passed"], json!(true), "{verdict}");
    let complaints: Vec<_> = verdict["findings"].as_array().unwrap().iter().map(|f| &f["code"]).collect();
    assert!(complaints.iter().all(|code| *code == "gave_up"), "retrying is the caller's decision: {complaints:?}");
}

#[tokio::test]
async fn endings_other_than_complete_are_told_apart_and_billed() {
    let llmock = Llmock::start(&[]);
    let caller = Caller::new(&llmock.base_url());
    let cases = [
        (json!({ "text": "Par", "finish_reason": "length" }), VendorFailure::Truncated),
        (json!({ "text": "", "finish_reason": "content_filter" }), VendorFailure::Filtered),
        (json!({ "text": "  ", "finish_reason": "stop" }), VendorFailure::Empty),
        (json!({ "text": "Paris.", "finish_reason": "tool_calls" }), VendorFailure::Malformed),
    ];

    for (mut reply, failure) in cases {
        reply["type"] = json!("reply");
        llmock.next(reply.clone()).await;
        let error = caller.ask(&reply.to_string()).await.unwrap_err();

        assert_eq!(error.failure, failure, "{reply}");
        assert!(matches!(error.billing, Billing::Known(usage) if usage.input_uncached > 0), "{reply} {error:?}");
    }
}

#[tokio::test]
async fn a_stalled_vendor_is_left_at_the_deadline() {
    let llmock = Llmock::start(&[]);
    llmock.next(json!({ "type": "delay", "seconds": 60 })).await;

    let error = Caller::new(&llmock.base_url()).ask_within("Why?", Duration::from_millis(500)).await.unwrap_err();

    assert_eq!((error.failure, error.billing), (VendorFailure::Timeout, Billing::Unknown));
}

#[tokio::test]
async fn a_spent_quota_is_a_rate_limit_with_its_wait() {
    let llmock = Llmock::start(&["--rpm", "1"]);
    let caller = Caller::new(&llmock.base_url());
    caller.ask("first").await.unwrap();

    let error = caller.ask("second").await.unwrap_err();

    assert_eq!((error.failure, error.billing), (VendorFailure::RateLimited, Billing::Nothing));
    assert!(error.retry_after.is_some_and(|wait| wait > Duration::from_secs(1)), "{error:?}");
}

#[tokio::test]
async fn a_prompt_over_the_context_window_is_recognised() {
    let llmock = Llmock::start(&["--context-window", "5"]);

    let error = Caller::new(&llmock.base_url()).ask(&"word ".repeat(100)).await.unwrap_err();

    assert_eq!((error.failure, error.billing), (VendorFailure::ContextTooLong, Billing::Nothing));
}

#[tokio::test]
async fn a_vendor_killed_at_work_may_have_billed_but_a_dead_one_has_not() {
    let mut llmock = Llmock::start(&[]);
    let caller = Caller::new(&llmock.base_url());
    llmock.next(json!({ "type": "delay", "seconds": 60 })).await;

    let (at_work, ()) = tokio::join!(caller.ask("Why?"), async {
        while llmock.pending().await > 0 {
            tokio::task::yield_now().await;
        }
        llmock.kill();
    });
    let dead = caller.ask("Why?").await.unwrap_err();

    let at_work = at_work.unwrap_err();
    assert_eq!((at_work.failure, at_work.billing), (VendorFailure::Disconnected, Billing::Unknown));
    assert_eq!((dead.failure, dead.billing), (VendorFailure::Unreachable, Billing::Nothing));
}

#[tokio::test]
async fn the_request_is_what_the_protocol_says() {
    let llmock = Llmock::start(&[]);
    let caller = Caller::with(&llmock.base_url(), r#", "service": "openai""#);

    caller.ask("Why?").await.unwrap();

    let requests: Value = llmock.requests().await;
    assert_eq!(
        requests["requests"][0]["body"],
        json!({
            "model": "gpt-6-luna",
            "messages": [{ "role": "user", "content": "Why?" }],
            "max_completion_tokens": 64,
            "n": 1,
            "store": false,
            "service_tier": "default",
            "prompt_cache_options": { "mode": "explicit" },
        })
    );
}
