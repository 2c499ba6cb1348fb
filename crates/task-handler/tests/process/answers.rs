//! Tasks that are answered, and what they cost.

use common::call::task::Availability;
use common::outcome::{DeclineReason, TaskAnswer, TaskFailure};
use common::record::AttemptOutcome;
use serde_json::{Value, json};

use crate::home::{Handler, Settings, run_to_its_end, task};
use crate::llmock::Llmock;

/// One dollar per million tokens, in nano-dollars per token.
const TOKEN_COST: u64 = 1_000;

#[tokio::test]
async fn a_task_is_answered_booked_and_recorded() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;

    let answer = handler.ask(1).await;

    let TaskAnswer::Answered(answered) = answer else { panic!("{answer:?}") };
    assert!(answered.value.as_str().is_some_and(|text| !text.is_empty()));
    let tokens = answered.usage.total();
    assert!(tokens > 0);
    assert_eq!(answered.cost.0, tokens * TOKEN_COST);
    let limit = handler.status().await.limits.remove(0);
    assert_eq!((limit.settled.tokens, limit.reserved.tokens), (tokens, 0));
    assert_eq!(limit.settled.cost, answered.cost);
    let records = handler.records().await;
    assert_eq!(records.len(), 1);
    assert_eq!((records[0].outcome, records[0].cost), (AttemptOutcome::Completed, answered.cost));
    assert!(!records[0].estimated);
}

#[tokio::test]
async fn the_same_task_again_gets_the_same_answer_and_costs_nothing() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;

    let answers = tokio::join!(handler.ask(1), handler.ask(1));
    let later = handler.ask(1).await;

    assert_eq!(answers.0, answers.1);
    assert_eq!(answers.0, later);
    assert_eq!(llmock.requests(), 1);
}

#[tokio::test]
async fn json_is_taken_out_of_its_code_block() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    llmock.next(&[json!({ "type": "reply", "text": "Sure:\n```json\n{\"speed\": 11}\n```" })]);
    let mut task = task(1);
    task.route = "Json".into();

    let answer = handler.submit(task).await.unwrap();

    let TaskAnswer::Answered(answered) = answer else { panic!("{answer:?}") };
    assert_eq!(answered.value, json!({ "speed": 11 }));
}

#[tokio::test]
async fn an_answer_of_another_form_is_asked_for_once_more_and_then_fails() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    let chatter = json!({ "type": "reply", "text": "African or European?" });
    llmock.next(&[chatter.clone(), chatter]);
    let mut task = task(1);
    task.route = "Json".into();

    let answer = handler.submit(task).await.unwrap();

    assert_eq!(answer, TaskAnswer::Failed(TaskFailure::Format));
    assert_eq!(llmock.requests(), 2);
    assert_eq!(handler.records().await.len(), 2, "each attempt is booked");
}

#[tokio::test]
async fn a_vendor_without_its_key_makes_its_models_unusable_and_says_why() {
    let settings = Settings { credential: Some("mock-key"), ..Settings::default() };
    let handler = Handler::start("http://127.0.0.1:1/v1", settings).await;

    let answer = handler.ask(1).await;

    assert_eq!(answer, TaskAnswer::Declined(DeclineReason::NoModel));
    let Availability::Unusable { problem } = handler.status().await.models.remove(0).availability else {
        panic!("usable without its key")
    };
    assert!(problem.contains("there is no identity") && problem.contains("minerctl credentials set"), "{problem}");
}

#[tokio::test]
async fn neither_prompt_nor_answer_is_logged() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    llmock.next(&[json!({ "type": "reply", "text": "Precisely eleven" })]);

    let answer = handler.ask(1).await;

    let TaskAnswer::Answered(answered) = answer else { panic!("{answer:?}") };
    assert_eq!(answered.value, Value::from("Precisely eleven"));
    let log = handler.log();
    assert!(!log.is_empty() && !log.contains("swallow") && !log.contains("eleven"), "{log}");
}

#[test]
fn an_unknown_strategy_is_a_configuration_error() {
    let (code, said) = run_to_its_end("http://127.0.0.1:1/v1", Settings { strategy: "magic", ..Settings::default() });

    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("subnets.18.prompt_strategies[0]: there is no strategy `magic`"), "{said}");
}
