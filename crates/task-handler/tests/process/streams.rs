//! Answers that are passed on while they are made.

use common::outcome::{TaskAnswer, TaskFailure, VendorFailure};
use common::record::AttemptOutcome;
use serde_json::json;

use crate::home::{Handler, Settings, task};
use crate::llmock::Llmock;

#[tokio::test]
async fn the_pieces_make_up_the_answer_and_it_is_booked_as_billed() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    llmock.next(&[json!({ "type": "reply", "text": " The air scatters blue light more than red light. " })]);

    let (pieces, answer) = handler.stream(task(1)).await;

    let TaskAnswer::Answered(answered) = answer else { panic!("{answer:?}") };
    assert_eq!(answered.value, json!("The air scatters blue light more than red light."));
    assert_eq!(json!(pieces.concat()), answered.value);
    assert!(pieces.len() > 1, "{pieces:?}");
    let records = handler.records().await;
    assert_eq!((records.len(), records[0].outcome), (1, AttemptOutcome::Completed));
    assert!(!records[0].estimated && records[0].cost == answered.cost);
}

#[tokio::test]
async fn after_the_first_piece_no_other_answer_is_begun_and_a_cut_one_costs_its_reservation() {
    let llmock = Llmock::start();
    let settings = Settings { models: &["mock/toy", "mock/spare"], ..Settings::default() };
    let handler = Handler::start(&llmock.base_url(), settings).await;
    llmock.next(&[json!({ "type": "stream_fault", "kind": "disconnect", "after_chunks": 3 })]);

    let (pieces, answer) = handler.stream(task(1)).await;

    assert!(!pieces.is_empty());
    assert_eq!(answer, TaskAnswer::Failed(TaskFailure::Vendor(VendorFailure::Disconnected)));
    let records = handler.records().await;
    assert_eq!((records.len(), llmock.requests()), (1, 1));
    assert!(records[0].estimated);
}

#[tokio::test]
async fn before_the_first_piece_the_next_model_is_tried() {
    let llmock = Llmock::start();
    let settings = Settings { models: &["mock/toy", "mock/spare"], ..Settings::default() };
    let handler = Handler::start(&llmock.base_url(), settings).await;
    llmock.next(&[json!({ "type": "fail", "status": 404, "code": "model_not_found" })]);

    let (pieces, answer) = handler.stream(task(1)).await;

    let TaskAnswer::Answered(answered) = answer else { panic!("{answer:?}") };
    assert_eq!(answered.model.as_str(), "spare");
    assert_eq!(json!(pieces.concat()), answered.value);
}

#[tokio::test]
async fn an_answer_that_must_be_put_into_a_form_has_no_pieces() {
    let llmock = Llmock::start();
    let handler = Handler::start(&llmock.base_url(), Settings::default()).await;
    llmock.next(&[json!({ "type": "reply", "text": "```json\n{\"speed\": 11}\n```" })]);
    let mut task = task(1);
    task.route = "Json".into();

    let (pieces, answer) = handler.stream(task).await;

    let TaskAnswer::Answered(answered) = answer else { panic!("{answer:?}") };
    assert_eq!((pieces.len(), answered.value), (0, json!({ "speed": 11 })));
}
