//! Whether intervals hold the truth as often as they say: validators, chain and vendors simulated in one process.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "the measured share is worth reading")]

use std::collections::BTreeMap;

use learning::attribution::{answered_in, relative_weight, score, undo_average};
use learning::evidence::{Answers, Evidence};
use learning::posterior::Effect;
use learning::random::Random;
use learning::settings::Settings;
use learning::shares::{Candidate, Choice};
use learning::strategist::Strategist;

const ARMS: u32 = 4;
const CLASSES: u32 = 4;
const VALIDATORS: u32 = 6;
const REQUESTS: u32 = 12;
const OTHER_MINERS: usize = 60;
/// How fast validators' averages follow.
const RATE: f64 = 0.3;
/// For how many epochs weights are hidden.
const REVEAL: u64 = 2;

/// The vendors: how good each arm truly is in each class.
struct World {
    truth: Vec<Vec<f64>>,
    /// How much more each validator gives than others.
    bias: Vec<f64>,
    random: Random,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed, &[100]);
        let arms: Vec<f64> = (0..ARMS).map(|_| 0.12 * random.normal()).collect();
        let mut truth = Vec::new();
        for _ in 0..CLASSES {
            let class = 0.55 + 0.1 * random.normal();
            let cell = |arm: &f64| (class + arm + 0.06 * random.normal()).clamp(0.05, 0.95);
            truth.push(arms.iter().map(cell).collect());
        }
        let bias = (0..VALIDATORS).map(|_| 0.05 * random.normal()).collect();
        Self { truth, bias, random }
    }

    /// One answer's score.
    fn answer(&mut self, class: u32, arm: u32, validator: u32) -> f64 {
        let good = self.truth[class as usize][arm as usize];
        f64::from(u8::from(self.random.uniform() < good)) + self.bias[validator as usize]
    }
}

/// Answers an epoch as the tables say; returns each validator's answers and their mean score.
fn serve(strategist: &Strategist, world: &mut World) -> Vec<(Vec<Answers>, f64)> {
    let serve = |validator: u32| {
        let drawn: Vec<u32> = (0..CLASSES).map(|class| draw(strategist, validator, class, &mut world.random)).collect();
        let mut total = 0.0;
        let mut answers = Vec::new();
        for _ in 0..REQUESTS {
            let task = world.random.index(CLASSES as usize) as u32;
            let arm = drawn[task as usize];
            total += world.answer(task, arm, validator);
            answers.push(Answers { task, arm, count: 1 });
        }
        (answers, total / f64::from(REQUESTS))
    };
    (0..VALIDATORS).map(serve).collect()
}

fn draw(strategist: &Strategist, validator: u32, class: u32, random: &mut Random) -> u32 {
    let mut point = random.uniform();
    let shares = strategist.tables().get(Some(validator), class).unwrap();
    let found = shares.iter().find(|(_, share)| {
        point -= **share;
        point < 0.0
    });
    *found.or(shares.last_key_value()).unwrap().0
}

fn choices() -> Vec<Choice> {
    let candidates: Vec<_> = (0..ARMS).map(|arm| Candidate { arm, penalty: 0.0, is_canary: false }).collect();
    (0..CLASSES).map(|task| Choice { task, candidates: candidates.clone(), declined: None }).collect()
}

/// How many of the intervals of well-known arms hold the truth, and how many there are.
fn covered(
    strategist: &mut Strategist,
    counts: &BTreeMap<(u32, u32), u32>,
    truth: impl Fn(u32, u32) -> f64,
) -> (u32, u32) {
    let (mut holding, mut all) = (0, 0);
    for (&(task, arm), _) in counts.iter().filter(|(_, count)| **count >= 60) {
        let effects = [Effect::Task(task), Effect::Arm(arm), Effect::Cell { task, arm }];
        let estimate = strategist.learner().posterior().estimate(&effects.map(|effect| (effect, 1.0)));
        let (low, high) = estimate.interval();
        all += 1;
        holding += u32::from((low..=high).contains(&truth(task, arm)));
    }
    (holding, all)
}

fn count(counts: &mut BTreeMap<(u32, u32), u32>, answers: &[Answers]) {
    for one in answers {
        *counts.entry((one.task, one.arm)).or_default() += one.count;
    }
}

#[test]
fn intervals_of_told_scores_hold_the_truth_nine_times_in_ten() {
    let validators: Vec<u32> = (0..VALIDATORS).collect();
    let (mut holding, mut all) = (0, 0);

    for seed in 0..20 {
        let mut world = World::new(seed);
        let mut strategist = Strategist::new(Settings::default(), seed);
        let mut counts = BTreeMap::new();
        strategist.revise(0, &validators, &choices());
        for epoch in 0..200 {
            let served = serve(&strategist, &mut world);
            for (validator, (answers, mean)) in (0..).zip(served) {
                count(&mut counts, &answers);
                let score = mean + 0.02 * world.random.normal();
                strategist.add(Evidence { epoch, validator, answers, score }).unwrap();
            }
            strategist.revise(epoch, &validators, &choices());
        }
        let (h, a) = covered(&mut strategist, &counts, |task, arm| world.truth[task as usize][arm as usize]);
        (holding, all) = (holding + h, all + a);
    }

    let share = f64::from(holding) / f64::from(all);
    println!("{holding} of {all} intervals hold the truth: {share:.3}");
    assert!(all > 150, "{all}");
    assert!((0.84..=0.96).contains(&share), "{holding} of {all}: {share:.3}");
}

#[test]
fn intervals_of_what_the_chain_shows_hold_the_truth_nine_times_in_ten() {
    let validators: Vec<u32> = (0..VALIDATORS).collect();
    let (mut holding, mut all) = (0, 0);

    for seed in 0..20 {
        let mut world = World::new(1000 + seed);
        let mut strategist = Strategist::new(Settings::default(), seed);
        let mut counts = BTreeMap::new();
        let others: Vec<f64> =
            (0..OTHER_MINERS).map(|_| (0.55 + 0.15 * world.random.normal()).clamp(0.1, 1.0)).collect();
        let mean_of_others = others.iter().sum::<f64>() / OTHER_MINERS as f64;
        // What each validator believes of us, and what the chain showed of it, by epoch.
        let mut averages = vec![mean_of_others; VALIDATORS as usize];
        let mut shown: Vec<BTreeMap<u64, f64>> = vec![BTreeMap::new(); VALIDATORS as usize];
        let mut given: BTreeMap<(u64, u32), Vec<Answers>> = BTreeMap::new();
        strategist.revise(0, &validators, &choices());
        for epoch in 0..200 {
            for (validator, (answers, mean)) in (0..).zip(serve(&strategist, &mut world)) {
                count(&mut counts, &answers);
                given.insert((epoch, validator), answers);
                let average = &mut averages[validator as usize];
                *average = (1.0 - RATE) * *average + RATE * mean;
                // The chain keeps shares as 16-bit numbers, the largest being 65,535.
                let largest = others.iter().copied().fold(*average, f64::max);
                let quantised = |weight: f64| (weight.max(0.0) / largest * 65_535.0).round();
                let rated: Vec<f64> =
                    others.iter().map(|other| quantised(other * (1.0 + 0.02 * world.random.normal()))).collect();
                let relative = relative_weight(quantised(*average), &rated).unwrap();
                shown[validator as usize].insert(epoch, relative);
            }
            if let Some(answered) = answered_in(epoch, REVEAL) {
                for &validator in &validators {
                    let seen: BTreeMap<u64, f64> = shown[validator as usize]
                        .range(answered.saturating_sub(1)..=answered)
                        .map(|(e, v)| (*e, *v))
                        .collect();
                    for instant in undo_average(&seen, RATE).into_iter().filter(|instant| instant.epoch == answered) {
                        let answers = given[&(answered, validator)].clone();
                        let score = score(instant.value).unwrap();
                        strategist.add(Evidence { epoch: answered, validator, answers, score }).unwrap();
                    }
                }
            }
            strategist.revise(epoch, &validators, &choices());
        }
        let truth = |task: u32, arm: u32| score(world.truth[task as usize][arm as usize] / mean_of_others).unwrap();
        let (h, a) = covered(&mut strategist, &counts, truth);
        (holding, all) = (holding + h, all + a);
    }

    let share = f64::from(holding) / f64::from(all);
    println!("{holding} of {all} intervals hold the truth: {share:.3}");
    assert!(all > 150, "{all}");
    assert!((0.84..=0.96).contains(&share), "{holding} of {all}: {share:.3}");
}
