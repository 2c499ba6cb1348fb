//! Measures what an update of the strategy costs: `cargo run --release -p learning --example update`.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a measurement is read by people, and cannot go wrong")]

use std::time::{Duration, Instant};

use learning::evidence::{Answers, Evidence};
use learning::random::Random;
use learning::settings::Settings;
use learning::shares::{Candidate, Choice};
use learning::strategist::Strategist;

const VALIDATORS: u32 = 64;
const ANSWERS: u32 = 10_000;
/// Epochs before and while it is measured.
const EPOCHS: u64 = 30;

fn main() {
    println!("{ANSWERS} answers of {VALIDATORS} validators an epoch, {EPOCHS} epochs; the last 20 are measured");
    for (classes, arms, per_class) in [(1, 200, 200), (12, 200, 12), (12, 200, 17), (12, 24, 24)] {
        let (median, longest, effects) = measure(classes, arms, per_class);
        println!(
            "{arms} arms, {per_class} of them in each of {classes} classes: median {median:.0?}, longest {longest:.0?} \
             ({effects} effects)"
        );
    }
}

/// Each class has `per_class` of the arms. Returns the median and the longest time of an update, and the belief's size.
fn measure(classes: u32, arms: u32, per_class: u32) -> (Duration, Duration, usize) {
    let candidates = |task: u32| {
        let candidate = |n| Candidate { arm: (task * per_class + n) % arms, penalty: 0.0, is_canary: false };
        (0..per_class).map(candidate).collect()
    };
    let choices: Vec<Choice> =
        (0..classes).map(|task| Choice { task, candidates: candidates(task), declined: None }).collect();
    let validators: Vec<u32> = (0..VALIDATORS).collect();
    let mut random = Random::new(1, &[]);
    let mut strategist = Strategist::new(Settings::default(), 1);
    strategist.revise(0, &validators, &choices);
    let mut times = Vec::new();
    for epoch in 0..EPOCHS {
        let evidence: Vec<Evidence> =
            validators.iter().map(|&validator| told(&strategist, &mut random, epoch, validator, classes)).collect();
        let start = Instant::now();
        for one in evidence {
            strategist.add(one).expect("the evidence is in order");
        }
        strategist.revise(epoch, &validators, &choices);
        if epoch >= 10 {
            times.push(start.elapsed());
        }
    }
    times.sort_unstable();
    let (median, longest) = (times.get(times.len() / 2).copied(), times.last().copied());
    (median.unwrap_or_default(), longest.unwrap_or_default(), strategist.learner().posterior().size())
}

/// A validator's score of an epoch: answers to all classes, one arm for each.
fn told(strategist: &Strategist, random: &mut Random, epoch: u64, validator: u32, classes: u32) -> Evidence {
    let answer = |task: u32| {
        let mut point = random.uniform();
        let shares = strategist.tables().get(Some(validator), task).expect("every class has a table");
        let drawn = shares.iter().find(|(_, share)| {
            point -= **share;
            point < 0.0
        });
        let arm = drawn.map_or(0, |(arm, _)| *arm);
        Answers { task, arm, count: ANSWERS / VALIDATORS / classes }
    };
    let answers = (0..classes).map(answer).collect();
    Evidence { epoch, validator, answers, score: 0.5 + 0.1 * random.normal() }
}
