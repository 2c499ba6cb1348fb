//! Decisions are explained from what is kept of them, and no prompt is.

use common::call::task::{ExplainTask, SetPaused};
use common::decision::{DecisionOutcome, Explanation};
use common::id::TaskId;
use common::ipc::{Fault, FaultCode};
use common::outcome::DeclineReason;

use crate::home::{Handler, PATIENCE, Settings, task};
use crate::llmock::Llmock;

async fn explain(handler: &Handler, task: TaskId) -> Result<Explanation, Fault> {
    handler.client().call(ExplainTask { task }, PATIENCE).await
}

#[tokio::test]
async fn a_task_is_explained_even_after_a_restart_and_a_new_profile() {
    let llmock = Llmock::start();
    let settings = Settings { models: &["mock/toy", "mock/spare"], ..Settings::default() };
    let mut handler = Handler::start(&llmock.base_url(), settings).await;
    handler.ask(1).await;

    let first = explain(&handler, task(1).id).await.unwrap();
    let path = handler.path("config/subnet-profiles.json");
    let profiles = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, profiles.replace("\"direct\"", "\"exact_format\"")).unwrap();
    handler.kill_and_restart().await;
    let later = explain(&handler, task(1).id).await.unwrap();

    assert_eq!(first, later);
    assert_eq!(first.again, first.decided);
    assert!(first.gates.iter().all(|gate| gate.open));
    let DecisionOutcome::Planned(planned) = &first.decided else { panic!("{:?}", first.decided) };
    assert_eq!(planned.len(), 2, "the other model would follow");
    assert_eq!(first.candidates[0].arm, "mock/toy - direct");
    handler.ask(2).await;
    assert_eq!(explain(&handler, task(2).id).await.unwrap().candidates[0].arm, "mock/toy - exact_format");
}

#[tokio::test]
async fn a_decline_is_explained_by_the_gate_that_closed() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    handler.client().call(SetPaused { paused: true }, PATIENCE).await.unwrap();
    handler.ask(1).await;

    let explanation = explain(&handler, task(1).id).await.unwrap();

    assert_eq!(explanation.decided, DecisionOutcome::Declined(DeclineReason::Paused));
    assert_eq!(explanation.gates.last().map(|gate| (gate.name.as_str(), gate.open)), Some(("paused", false)));
}

#[tokio::test]
async fn an_unknown_task_is_said_to_be_unknown() {
    let handler = Handler::start("http://127.0.0.1:1/v1", Settings::default()).await;

    let fault = explain(&handler, task(7).id).await.unwrap_err();

    assert_eq!(fault.code, FaultCode::Invalid);
    assert!(fault.message.contains("no decision about this task is kept"), "{fault}");
}
