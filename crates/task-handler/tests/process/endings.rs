//! Callers that hang up, processes that are killed or stopped: no call is forgotten, and none is paid twice.

use std::time::Duration;

use common::call::task::SubmitTask;
use common::outcome::{TaskAnswer, TaskFailure, VendorFailure};
use common::record::AttemptOutcome;
use serde_json::json;

use crate::home::{Handler, Settings, task};
use crate::llmock::Llmock;

#[tokio::test]
async fn a_killed_process_books_the_call_in_work_at_its_worst_case_and_never_pays_it_twice() {
    let llmock = Llmock::start();
    let mut handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    llmock.next(&[json!({ "type": "delay", "seconds": 60 })]);
    let client = handler.client();
    let in_work = client.call(SubmitTask { task: task(1) }, Duration::from_secs(30));

    let (lost, reserved) = tokio::join!(in_work, async {
        let limit = handler.until(|limit| limit.reserved.tokens > 0).await;
        handler.kill_and_restart().await;
        limit.reserved
    });
    let limit = handler.status().await.limits.remove(0);
    let again = handler.ask(1).await;

    assert!(lost.is_err(), "{lost:?}");
    assert_eq!((limit.settled, limit.reserved.tokens), (reserved, 0));
    assert_eq!(again, TaskAnswer::Failed(TaskFailure::Vendor(VendorFailure::Disconnected)));
    let records = handler.records().await;
    assert_eq!(records.len(), 1);
    assert_eq!((records[0].outcome, records[0].cost), (AttemptOutcome::Interrupted, reserved.cost));
    assert!(records[0].estimated);
}

#[tokio::test]
async fn what_was_settled_is_the_same_after_a_kill() {
    let llmock = Llmock::start();
    let mut handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    handler.ask(1).await;
    let before = handler.status().await.limits;

    handler.kill_and_restart().await;

    assert_eq!(handler.status().await.limits, before);
}

#[tokio::test]
async fn a_caller_that_hangs_up_ends_the_vendor_call_at_its_worst_case() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    llmock.next(&[json!({ "type": "delay", "seconds": 60 })]);
    let client = handler.client();

    let reserved = tokio::select! {
        answer = client.call(SubmitTask { task: task(1) }, Duration::from_secs(30)) => panic!("{answer:?}"),
        limit = handler.until(|limit| limit.reserved.tokens > 0) => limit.reserved,
    };
    let limit = handler.until(|limit| limit.reserved.tokens == 0).await;

    assert_eq!(limit.settled, reserved);
    assert_eq!(handler.records().await[0].outcome, AttemptOutcome::Cancelled);
    assert_eq!(handler.ask(1).await, TaskAnswer::Failed(TaskFailure::Cancelled));
}

#[tokio::test]
async fn a_vendor_that_takes_too_long_is_left_in_time_to_say_so() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    llmock.next(&[json!({ "type": "delay", "seconds": 60 })]);

    let answer = handler.client().call(SubmitTask { task: task(1) }, Duration::from_millis(1_500)).await;

    assert_eq!(answer, Ok(TaskAnswer::Failed(TaskFailure::Vendor(VendorFailure::Timeout))));
}

#[tokio::test]
async fn a_stop_lets_the_call_in_work_finish() {
    let llmock = Llmock::start();
    let mut handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    llmock.next(&[json!({ "type": "delay", "seconds": 1 })]);
    let client = handler.client();
    let in_work = client.call(SubmitTask { task: task(1) }, Duration::from_secs(30));

    let (answer, ()) = tokio::join!(in_work, async {
        handler.until(|limit| limit.reserved.tokens > 0).await;
        handler.terminate();
    });
    let exit = handler.wait();
    handler.restart().await;

    assert!(matches!(answer, Ok(TaskAnswer::Answered(_))), "{answer:?}");
    assert!(exit.success(), "{exit}");
    let records = handler.records().await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].outcome, AttemptOutcome::Completed);
}
