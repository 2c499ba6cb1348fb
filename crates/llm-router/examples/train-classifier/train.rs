//! Learns the weights: a linear softmax, by stochastic gradient descent. Written with sums, products and roots only, which
//! every machine computes alike, so the same prompts always give the same file.

use common::strategy::TaskClass;
use llm_router::class::{BUCKETS, CLASSES, Features, Model};

use crate::prompts::Dice;

/// What the shipped weights are learnt from.
pub(crate) const SEED: u64 = 1;
/// So many prompts of each class.
pub(crate) const COUNT: usize = 600;

const CLASS_COUNT: usize = CLASSES.len();
/// How often each prompt is seen.
const ROUNDS: usize = 4;
const FIRST_STEP: f32 = 3.0;
/// What a label is believed; the rest is spread over the other classes.
const BELIEF: f32 = 0.95;
/// What each weight loses with every prompt that it takes part in.
const DECAY: f32 = 0.001;

/// Learns from prompts.
pub(crate) fn train(prompts: &[(TaskClass, String)], seed: u64) -> Model {
    let known = |class| CLASSES.iter().position(|known| *known == class);
    let mut examples: Vec<(usize, Features)> =
        prompts.iter().filter_map(|(class, text)| Some((known(*class)?, Features::of(text)))).collect();
    let mut dice = Dice(seed);
    let mut weights = vec![[0.0_f32; CLASS_COUNT]; BUCKETS];
    let mut biases = [0.0_f32; CLASS_COUNT];
    for round in 0..ROUNDS {
        for last in (1..examples.len()).rev() {
            examples.swap(last, dice.below(last + 1));
        }
        let step = FIRST_STEP / (1.0 + round as f32);
        for (label, features) in &examples {
            learn(&mut weights, &mut biases, *label, features, step);
        }
    }
    Model::quantised(&weights, biases)
}

fn learn(
    weights: &mut [[f32; CLASS_COUNT]],
    biases: &mut [f32; CLASS_COUNT],
    label: usize,
    features: &Features,
    step: f32,
) {
    let groups = [(&features.body, norm(features.body.len())), (&features.edge, norm(features.edge.len()))];
    let mut scores = *biases;
    for (buckets, norm) in groups {
        for bucket in buckets {
            for (score, weight) in scores.iter_mut().zip(&weights[usize::from(*bucket)]) {
                *score += weight * norm;
            }
        }
    }
    let most = scores.iter().fold(f32::MIN, |most, score| most.max(*score));
    let shares = scores.map(|score| exp(score - most));
    let total: f32 = shares.iter().sum();
    let mut gradient = shares.map(|share| -share / total);
    for (class, gradient) in gradient.iter_mut().enumerate() {
        *gradient += if class == label { BELIEF } else { (1.0 - BELIEF) / (CLASS_COUNT - 1) as f32 };
    }
    for (bias, gradient) in biases.iter_mut().zip(gradient) {
        *bias += 0.1 * step * gradient;
    }
    for (buckets, norm) in groups {
        for bucket in buckets {
            for (weight, gradient) in weights[usize::from(*bucket)].iter_mut().zip(gradient) {
                *weight += step * (gradient * norm - DECAY * *weight);
            }
        }
    }
}

fn norm(count: usize) -> f32 {
    1.0 / (count.max(1) as f32).sqrt()
}

/// e to the power of a number that is not above 0; the library's differs between systems in the last bit.
fn exp(power: f32) -> f32 {
    // (1 + x/1024) to the power of 1024, by squaring ten times.
    (0..10).fold((1.0 + power.max(-1_000.0) / 1_024.0).max(0.0), |value, _| value * value)
}
