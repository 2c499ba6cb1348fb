//! The budget holds over the socket too, and a decline names the limit.

use std::time::Duration;

use common::call::task::{SetPaused, SubmitTask};
use common::outcome::{DeclineReason, TaskAnswer};
use tokio::task::JoinSet;

use crate::home::{Handler, Settings, limit, task};
use crate::llmock::Llmock;

#[tokio::test]
async fn a_task_beyond_the_budget_is_declined_with_the_limits_name() {
    let llmock = Llmock::start();
    let settings = Settings { limits: limit("tiny", 300), ..Settings::default() };
    let handler = Handler::start(&llmock.base_url(), settings).await;

    let answer = handler.ask(1).await;

    assert_eq!(answer, TaskAnswer::Declined(DeclineReason::Budget { limit: "tiny".into() }));
    assert_eq!(llmock.requests(), 0);
}

#[tokio::test]
async fn many_tasks_at_once_never_pass_the_limit() {
    const LIMIT: u64 = 5_000;
    let llmock = Llmock::start();
    let settings = Settings { limits: limit("day", LIMIT), ..Settings::default() };
    let handler = Handler::start(&llmock.base_url(), settings).await;
    let mut calls = JoinSet::new();

    for number in 0..60 {
        let client = handler.client();
        calls.spawn(async move { client.call(SubmitTask { task: task(number) }, Duration::from_secs(20)).await });
    }
    let answers = calls.join_all().await;

    let (mut answered, mut declined) = (0, 0);
    let no_room = TaskAnswer::Declined(DeclineReason::Budget { limit: "day".into() });
    for answer in answers.into_iter().map(Result::unwrap) {
        if answer == no_room {
            declined += 1;
        } else {
            assert!(matches!(answer, TaskAnswer::Answered(_)), "{answer:?}");
            answered += 1;
        }
    }
    assert!(answered > 0 && declined > 0, "{answered} answered, {declined} declined");
    assert_eq!(llmock.requests(), answered);
    let limit = handler.status().await.limits.remove(0);
    assert!(limit.settled.tokens <= LIMIT, "{limit:?}");
    assert_eq!(limit.reserved.tokens, 0);
}

#[tokio::test]
async fn a_pause_declines_everything_and_outlives_the_process() {
    let llmock = Llmock::start();
    let mut handler = Handler::start(&llmock.base_url(), Settings::default()).await;

    let status = handler.client().call(SetPaused { paused: true }, Duration::from_secs(20)).await.unwrap();
    handler.kill_and_restart().await;
    let paused = handler.ask(1).await;
    handler.client().call(SetPaused { paused: false }, Duration::from_secs(20)).await.unwrap();
    let resumed = handler.ask(2).await;

    assert!(status.paused);
    assert_eq!(paused, TaskAnswer::Declined(DeclineReason::Paused));
    assert!(matches!(resumed, TaskAnswer::Answered(_)), "{resumed:?}");
}
