//! Ways of asking that need more than one call, and answers that are asked for again: each call is reserved on its own.

use common::outcome::{TaskAnswer, TaskFailure};
use common::record::CallPart;
use common::strategy::TaskClass;
use serde_json::{Value, json};

use crate::home::{Handler, Settings, task};
use crate::llmock::Llmock;

fn reply(text: &str) -> Value {
    json!({ "type": "reply", "text": text })
}

fn parts(records: &[common::record::Attempt]) -> Vec<CallPart> {
    records.iter().filter_map(|record| record.choice).map(|choice| choice.part).collect()
}

fn value(answer: TaskAnswer) -> Value {
    let TaskAnswer::Answered(answered) = answer else { panic!("{answer:?}") };
    answered.value
}

#[tokio::test]
async fn a_critic_gets_the_first_answer_and_gives_the_second() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings { strategy: "critic", ..Settings::default() }).await;
    llmock.next(&[reply("Fast"), reply("About eleven metres a second")]);

    let answer = handler.ask(1).await;

    assert_eq!(value(answer), "About eleven metres a second");
    let records = handler.records().await;
    assert_eq!(parts(&records), [CallPart::Answer, CallPart::Critic]);
    let bodies = llmock.bodies();
    let second = &bodies[1]["messages"];
    assert_eq!(second[0], bodies[0]["messages"][0]);
    assert_eq!(second[1], json!({ "role": "assistant", "content": "Fast" }));
    assert!(second[2]["content"].as_str().unwrap().starts_with("Check the answer above against the question"));
    let settled = handler.status().await.limits.remove(0).settled.tokens;
    assert_eq!(settled, records.iter().map(|record| record.usage.total()).sum::<u64>());
}

#[tokio::test]
async fn without_its_critic_the_first_answer_stands() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings { strategy: "critic", ..Settings::default() }).await;
    llmock.next(&[reply("Fast"), json!({ "type": "reply", "text": "Ele", "finish_reason": "length" })]);

    let answer = handler.ask(1).await;

    assert_eq!(value(answer), "Fast");
    assert_eq!(llmock.requests(), 2);
}

#[tokio::test]
async fn the_answer_that_most_samples_agree_on_is_taken() {
    let llmock = Llmock::start();
    let settings = Settings { strategy: "self_consistency", ..Settings::default() };
    let handler = Handler::start(&llmock.base_url(), settings).await;
    llmock.next(&[reply("{\"speed\": 9}"), reply("{\"speed\": 11}"), reply("{ \"speed\": 11 }")]);
    let mut task = task(1);
    task.route = "Json".into();

    let answer = handler.submit(task).await.unwrap();

    assert_eq!(value(answer), json!({ "speed": 11 }));
    let records = handler.records().await;
    assert_eq!(parts(&records), [CallPart::Sample; 3]);
    let worst: u64 = records.iter().map(|record| record.usage.total()).sum();
    assert!(worst <= 2_000, "{worst}");
}

#[tokio::test]
async fn an_answer_of_another_form_is_repaired_with_the_answer_in_view() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    llmock.next(&[reply("It is eleven."), reply("{\"speed\": 11}")]);
    let mut task = task(1);
    task.route = "Json".into();

    let answer = handler.submit(task).await.unwrap();

    assert_eq!(value(answer), json!({ "speed": 11 }));
    assert_eq!(parts(&handler.records().await), [CallPart::Answer, CallPart::Repair]);
    let second = &llmock.bodies()[1]["messages"];
    assert_eq!(second[1], json!({ "role": "assistant", "content": "It is eleven." }));
    assert!(second[2]["content"].as_str().unwrap().starts_with("The answer above cannot be used"));
}

#[tokio::test]
async fn what_cannot_be_repaired_within_the_tasks_tokens_fails() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    llmock.next(&[reply(&"word ".repeat(400))]);
    let mut task = task(1);
    task.route = "Json".into();
    task.max_tokens = None;

    let answer = handler.submit(task).await.unwrap();

    assert_eq!(answer, TaskAnswer::Failed(TaskFailure::Format));
    assert!(handler.status().await.limits.remove(0).settled.tokens <= 2_000);
}

#[tokio::test]
async fn a_record_says_why_the_vendor_was_called_just_so() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    let mut question = task(1);
    question.messages[0].content = "What is 17 * 23 + 4?".into();

    handler.submit(question).await.unwrap();

    let choice = handler.records().await[0].choice.unwrap();
    assert_eq!((choice.revision, choice.class), (0, TaskClass::Math));
    assert!(choice.epoch > 400_000, "{}", choice.epoch);
    assert_eq!((choice.role, choice.part), (common::decision::ArmRole::Drawn, CallPart::Answer));
}

#[tokio::test]
async fn the_profiles_temperature_is_sent_where_the_model_takes_one() {
    let llmock = Llmock::start();
    let mut handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    handler.ask(1).await;
    let path = handler.path("config/subnet-profiles.json");
    let profiles = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, profiles.replace("\"prompt_strategies\"", "\"temperature\":0.5,\"prompt_strategies\""))
        .unwrap();

    handler.kill_and_restart().await;
    handler.ask(2).await;

    let sent: Vec<_> = llmock.bodies().iter().map(|body| body["temperature"].clone()).collect();
    assert_eq!(sent, [Value::Null, json!(0.5)]);
}
