//! All three formats, plain and streamed, against llmock: what it answers, how it fails, and what it says of this client.

use std::time::Duration;

use common::outcome::VendorFailure;
use llm::{Billing, CallError, Cause};
use serde_json::{Value, json};

use crate::caller::{Caller, DIALECTS, WAYS, Way};
use crate::llmock_process::Llmock;

const TIME: Duration = Duration::from_secs(20);

#[tokio::test]
async fn every_format_answers_and_says_what_it_used() {
    let llmock = Llmock::start(&[]);

    for (dialect, way) in all() {
        let caller = Caller::of(dialect, &llmock.base_url_of(dialect), "");
        llmock.next(json!({ "type": "reply", "text": "The capital  is Paris.\n" })).await;
        let completion = caller.ask_in(way, "What is the capital of France?", TIME).await.unwrap();

        assert_eq!(completion.text, "The capital  is Paris.\n", "{dialect} {way:?}");
        let usage = completion.usage.unwrap();
        assert!(usage.input_uncached > 0 && usage.output > 0, "{dialect} {way:?} {usage:?}");
    }
    assert_clean(&llmock).await;
}

#[tokio::test]
async fn every_vendor_lists_its_models() {
    let llmock = Llmock::start(&[]);

    for (dialect, model) in DIALECTS.into_iter().zip(["gpt-4o", "claude-opus-4-6", "gemini-2.5-pro"]) {
        let models = Caller::of(dialect, &llmock.base_url_of(dialect), "").list().await.unwrap();

        assert!(models.contains(&model.into()), "{dialect} {models:?}");
    }
}

#[tokio::test]
async fn every_injected_error_is_mapped_in_every_format() {
    let llmock = Llmock::start(&[]);
    let cases = [
        (400, VendorFailure::InvalidRequest, Billing::Nothing),
        (401, VendorFailure::Auth, Billing::Nothing),
        (402, VendorFailure::Billing, Billing::Nothing),
        (403, VendorFailure::Auth, Billing::Nothing),
        (404, VendorFailure::ModelNotFound, Billing::Nothing),
        (408, VendorFailure::Timeout, Billing::Unknown),
        (413, VendorFailure::ContextTooLong, Billing::Nothing),
        (422, VendorFailure::InvalidRequest, Billing::Nothing),
        (429, VendorFailure::RateLimited, Billing::Nothing),
        (500, VendorFailure::Server, Billing::Unknown),
        (504, VendorFailure::Timeout, Billing::Unknown),
        (529, VendorFailure::Overloaded, Billing::Nothing),
    ];

    for (dialect, way) in all() {
        let caller = Caller::of(dialect, &llmock.base_url_of(dialect), "");
        for (status, failure, billing) in cases {
            llmock.next(json!({ "type": "fail", "status": status, "retry_after": 1.5 })).await;
            let error = caller.ask_in(way, &format!("question {status}"), TIME).await.unwrap_err();

            assert_eq!((error.failure, error.billing), (failure, billing), "{dialect} {way:?} {status}");
            assert_eq!(error.retry_after, Some(Duration::from_millis(1500)), "{dialect} {way:?} {status}");
        }
    }
    assert_clean(&llmock).await;
}

#[tokio::test]
async fn a_limit_on_spending_is_never_a_rate_limit() {
    let llmock = Llmock::start(&[]);

    for (dialect, code) in [("openai-chat", "insufficient_quota"), ("anthropic", "billing_error")] {
        llmock.next(json!({ "type": "fail", "status": 429, "code": code })).await;
        let error = Caller::of(dialect, &llmock.base_url_of(dialect), "").ask("Why?").await.unwrap_err();

        assert_eq!(error.failure, VendorFailure::Billing, "{dialect}");
    }
}

#[tokio::test]
async fn endings_other_than_complete_are_told_apart_and_billed() {
    let llmock = Llmock::start(&[]);
    let cases = [
        (json!({ "text": "Par", "finish_reason": "length" }), VendorFailure::Truncated),
        (json!({ "text": "", "finish_reason": "length" }), VendorFailure::Empty),
        (json!({ "text": "", "finish_reason": "content_filter" }), VendorFailure::Filtered),
        (json!({ "text": "  ", "finish_reason": "stop" }), VendorFailure::Empty),
    ];

    for (dialect, way) in all() {
        let caller = Caller::of(dialect, &llmock.base_url_of(dialect), "");
        for (mut reply, failure) in cases.clone() {
            reply["type"] = json!("reply");
            llmock.next(reply.clone()).await;
            let error = caller.ask_in(way, &reply.to_string(), TIME).await.unwrap_err();

            assert_eq!(error.failure, failure, "{dialect} {way:?} {reply}");
            assert!(matches!(error.billing, Billing::Known(usage) if usage.input_uncached > 0), "{dialect} {error:?}");
        }
    }
}

#[tokio::test]
async fn p7_a_stream_that_breaks_anywhere_is_a_failure_and_may_be_billed() {
    let llmock = Llmock::start(&[]);
    let cases = [("disconnect", VendorFailure::Disconnected), ("truncate", VendorFailure::Disconnected)];

    for dialect in DIALECTS {
        let caller = Caller::of(dialect, &llmock.base_url_of(dialect), "");
        for (fault, failure) in cases {
            for after_chunks in 0..4 {
                let question = format!("{dialect} {fault} {after_chunks}");
                llmock.next(json!({ "type": "stream_fault", "kind": fault, "after_chunks": after_chunks })).await;
                let (_, broken) = caller.stream_within(&question, TIME).await;
                // What llmock judges is whether the client took the half for the whole: asking again shows that it did not.
                let again = caller.ask_in(Way::Streamed, &question, TIME).await;

                let broken = broken.unwrap_err();
                assert!(broken.failure == failure && may_cost_anything(&broken), "{question} {broken:?}");
                assert!(again.is_ok(), "{question} {again:?}");
            }
        }
    }
    assert_clean(&llmock).await;
}

#[tokio::test]
async fn a_malformed_event_ends_the_stream() {
    let llmock = Llmock::start(&[]);

    for dialect in DIALECTS {
        let caller = Caller::of(dialect, &llmock.base_url_of(dialect), "");
        llmock.next(json!({ "type": "stream_fault", "kind": "malformed", "after_chunks": 2 })).await;
        let (_, broken) = caller.stream_within(dialect, TIME).await;

        let broken = broken.unwrap_err();
        assert!(broken.failure == VendorFailure::Malformed && may_cost_anything(&broken), "{dialect} {broken:?}");
    }
}

#[tokio::test]
async fn a_stalled_stream_is_left_at_the_deadline() {
    let llmock = Llmock::start(&[]);

    for dialect in DIALECTS {
        let caller = Caller::of(dialect, &llmock.base_url_of(dialect), "");
        llmock.next(json!({ "type": "stream_fault", "kind": "stall", "after_chunks": 2, "stall_seconds": 60 })).await;
        let (_, stalled) = caller.stream_within(dialect, Duration::from_millis(500)).await;

        let stalled = stalled.unwrap_err();
        assert!(stalled.failure == VendorFailure::Timeout && may_cost_anything(&stalled), "{dialect} {stalled:?}");
        assert_eq!(stalled.cause, Cause::Deadline);
    }
    assert_clean(&llmock).await;
}

#[tokio::test]
async fn pieces_come_before_the_end() {
    let llmock = Llmock::start(&[]);

    for dialect in DIALECTS {
        let caller = Caller::of(dialect, &llmock.base_url_of(dialect), "");
        llmock.next(json!({ "type": "reply", "text": "one two three" })).await;
        let (pieces, result) = caller.stream_within(dialect, TIME).await;

        assert!(result.is_ok() && pieces.len() >= 3, "{dialect} {pieces:?}");
    }
}

#[tokio::test]
async fn a_stream_that_nobody_takes_is_read_to_its_end_all_the_same() {
    let llmock = Llmock::start(&[]);

    for dialect in DIALECTS {
        let completion = Caller::of(dialect, &llmock.base_url_of(dialect), "").stream_to_nobody("Why?").await.unwrap();

        assert!(completion.usage.is_some_and(|usage| usage.output > 0), "{dialect}");
    }
}

#[tokio::test]
async fn a_spent_quota_is_a_rate_limit_in_every_format() {
    for dialect in DIALECTS {
        let llmock = Llmock::start(&["--rpm", "1"]);
        let caller = Caller::of(dialect, &llmock.base_url_of(dialect), "");
        caller.ask("first").await.unwrap();

        let (_, error) = caller.stream_within("second", TIME).await;

        let error = error.unwrap_err();
        assert_eq!((error.failure, error.billing), (VendorFailure::RateLimited, Billing::Nothing), "{dialect}");
    }
}

#[tokio::test]
async fn the_requests_are_what_the_protocols_say() {
    let llmock = Llmock::start(&[]);

    for dialect in ["anthropic", "gemini"] {
        let more = format!(r#", "service": "{dialect}""#);
        let caller = Caller::of(dialect, &llmock.base_url_of(dialect), &more);
        for way in WAYS {
            caller.ask_in(way, "Why?", TIME).await.unwrap();
        }
    }

    let requests = llmock.requests().await;
    let sent: Vec<_> = requests["requests"].as_array().unwrap().iter().map(|r| (&r["path"], &r["body"])).collect();
    let anthropic = json!({
        "service_tier": "standard_only",
        "inference_geo": "global",
        "model": "gpt-6-luna",
        "max_tokens": 64,
        "messages": [{ "role": "user", "content": "Why?" }],
    });
    let gemini = json!({
        "serviceTier": "standard",
        "contents": [{ "role": "user", "parts": [{ "text": "Why?" }] }],
        "generationConfig": { "maxOutputTokens": 64, "candidateCount": 1 },
    });
    let mut streamed = anthropic.clone();
    streamed["stream"] = json!(true);
    let models = "/gemini/v1beta/models/gpt-6-luna";
    assert_eq!(
        sent,
        [
            (&json!("/anthropic/v1/messages"), &anthropic),
            (&json!("/anthropic/v1/messages"), &streamed),
            (&json!(format!("{models}:generateContent")), &gemini),
            (&json!(format!("{models}:streamGenerateContent")), &gemini),
        ]
    );
}

fn all() -> impl Iterator<Item = (&'static str, Way)> {
    DIALECTS.into_iter().flat_map(|dialect| WAYS.map(|way| (dialect, way)))
}

/// Whether to ask again is the caller's decision, so giving up is no complaint about this client; everything else is.
async fn assert_clean(llmock: &Llmock) {
    let verdict: Value = llmock.verdict().await;
    let complaints: Vec<_> = verdict["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]).collect();

    assert_eq!(verdict["passed"], json!(true), "{verdict}");
    assert!(complaints.iter().all(|code| *code == "gave_up"), "{complaints:?}");
}

/// Whether it is settled at its reservation at least: some vendors count from the beginning, but only the end is the bill.
fn may_cost_anything(error: &CallError) -> bool {
    matches!(error.billing, Billing::Unknown | Billing::AtLeast(_))
}
