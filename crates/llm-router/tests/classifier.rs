//! The shipped weights are those that the shipped prompts make, and good enough to be used.
#![expect(clippy::indexing_slicing, reason = "buckets are below the number of rows, and no list of words is empty")]

#[path = "../examples/train-classifier/prompts.rs"]
mod prompts;
#[path = "../examples/train-classifier/train.rs"]
mod train;
#[path = "../examples/train-classifier/words.rs"]
mod words;

use common::strategy::TaskClass;
use llm_router::class::{Model, classify_text};

#[test]
fn the_shipped_weights_are_made_by_the_shipped_prompts() {
    let model = train::train(&prompts::generate(train::SEED, train::COUNT), train::SEED);

    assert!(&model == Model::shipped(), "run `cargo run --release -p llm-router --example train-classifier -- WRITE`");
}

#[test]
fn prompts_made_with_another_seed_are_told_apart() {
    assert!(share_right(&prompts::generate(train::SEED + 1, 50)) > 0.95);
}

#[test]
fn prompts_written_by_hand_are_told_apart_more_often_than_not() {
    let (_, held_out) = prompts::held_out();
    let share = share_right(&held_out);

    assert!(share > 0.65, "{share}");
}

fn share_right(prompts: &[(TaskClass, String)]) -> f64 {
    let right = prompts.iter().filter(|(class, text)| classify_text(text).class == *class).count();
    right as f64 / prompts.len() as f64
}
