//! Makes `data/class-weights.bin` anew, and says how often it is right.
//!
//! `cargo run --release -p llm-router --example train-classifier -- WRITE` writes the file; without a word it only compares.
//! Accuracies are of prompts made with another seed, and of prompts written by hand that nothing was learnt from. By every
//! other one of those the numbers in `train.rs` were chosen; the rest were only ever counted.
#![expect(clippy::indexing_slicing, reason = "buckets are below the number of rows, and no list of words is empty")]

mod prompts;
mod train;
mod words;

use std::io::{Write, stdout};
use std::path::Path;
use std::time::Instant;

use common::strategy::TaskClass;
use llm_router::class::{Model, classify_text};

use prompts::held_out;
use train::{COUNT, SEED};

fn main() -> std::io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/class-weights.bin");
    let started = Instant::now();
    let model = train::train(&prompts::generate(SEED, COUNT), SEED);
    let trained = started.elapsed();
    let bytes = model.to_bytes();
    if std::env::args().nth(1).as_deref() == Some("WRITE") {
        std::fs::write(&path, &bytes)?;
        return writeln!(stdout(), "written, {} bytes, learnt in {trained:.1?}; run again to compare", bytes.len());
    }
    let is_shipped = &model == Model::shipped();
    writeln!(
        stdout(),
        "the shipped weights are {}these, learnt in {trained:.1?}",
        if is_shipped { "" } else { "not " }
    )?;
    report("made with another seed", &prompts::generate(SEED + 1, 100))?;
    let (chosen_by, held_out) = held_out();
    report("written by hand, numbers chosen by them", &chosen_by)?;
    report("written by hand, held out", &held_out)
}

fn report(name: &str, prompts: &[(TaskClass, String)]) -> std::io::Result<()> {
    let mut out = stdout();
    let (mut right, mut unknown) = (0, 0);
    for (class, text) in prompts {
        let found = classify_text(text);
        right += usize::from(found.class == *class);
        unknown += usize::from(found.class == TaskClass::Unknown);
        if found.class != *class && prompts.len() < 200 {
            let start: String = text.chars().take(60).collect();
            writeln!(out, "  {class} taken for {} ({:.2}): {start:?}", found.class, found.confidence)?;
        }
    }
    let share = |count: usize| 100.0 * count as f64 / prompts.len() as f64;
    writeln!(out, "{name}: {} prompts, {:.1} % right, {:.1} % unknown", prompts.len(), share(right), share(unknown))
}
