//! The local proxy of subnet 33's score against the public mechanism.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use miner_daemon::conversation_genome::{ScoredTag, score};
use serde_json::Value;

#[test]
fn an_answer_scores_as_the_public_mechanism_has_it() {
    let file: Value = serde_json::from_str(include_str!("data/conversation_genome_scores.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();

    for (number, case) in cases.iter().enumerate() {
        let scored = score(&tags(&case["truth"]), &tags(&case["answer"]));

        let expected = case["score"].as_f64().unwrap();
        assert!((scored - expected).abs() < 1e-9, "case {number}: {scored} instead of {expected}");
    }
    assert_eq!(cases.len(), 24);
}

fn tags(list: &Value) -> Vec<ScoredTag> {
    let vector = |tag: &Value| Some(tag["vector"].as_array()?.iter().filter_map(Value::as_f64).collect());
    let tag = |tag: &Value| ScoredTag { tag: tag["tag"].as_str().unwrap().to_owned(), vector: vector(tag) };
    list.as_array().unwrap().iter().map(tag).collect()
}
