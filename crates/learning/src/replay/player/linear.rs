//! LinUCB: a linear model of each arm's reward in features of the text, and the upper end of what it may be.

use super::{Player, Request, best, jitter};
use crate::random::Random;
use crate::replay::prompt::FEATURES;

/// How many deviations above the mean an arm is given credit for.
const ALPHA: f32 = 0.1;

/// The player.
#[derive(Debug)]
pub(crate) struct LinUcb {
    arms: Vec<Model>,
}

/// Ridge regression, kept as the inverse of its matrix.
#[derive(Debug)]
struct Model {
    /// Row after row.
    inverse: Vec<f32>,
    sums: Vec<f32>,
    weights: Vec<f32>,
}

impl LinUcb {
    pub(crate) fn new(arms: usize) -> Self {
        Self { arms: (0..arms).map(|_| Model::new()).collect() }
    }
}

impl Player for LinUcb {
    fn choose(&mut self, request: &Request<'_>, random: &mut Random) -> Option<usize> {
        let features = &request.row.features;
        best(self.arms.iter().map(|arm| f64::from(arm.bound(features)) + jitter(random)), &request.affordable)
    }

    fn learn(&mut self, request: &Request<'_>, arm: usize, reward: f64) {
        if let Some(model) = self.arms.get_mut(arm) {
            model.note(&request.row.features, reward as f32);
        }
    }
}

impl Model {
    fn new() -> Self {
        let mut inverse = vec![0.0; FEATURES * FEATURES];
        inverse.iter_mut().step_by(FEATURES + 1).for_each(|diagonal| *diagonal = 1.0);
        Self { inverse, sums: vec![0.0; FEATURES], weights: vec![0.0; FEATURES] }
    }

    fn times(&self, x: &[f32]) -> Vec<f32> {
        self.inverse.chunks_exact(FEATURES).map(|row| dot(row, x)).collect()
    }

    fn bound(&self, x: &[f32]) -> f32 {
        dot(&self.weights, x) + ALPHA * dot(&self.times(x), x).max(0.0).sqrt()
    }

    fn note(&mut self, x: &[f32], reward: f32) {
        let turned = self.times(x);
        let scale = 1.0 + dot(&turned, x);
        for (row, left) in self.inverse.chunks_exact_mut(FEATURES).zip(&turned) {
            row.iter_mut().zip(&turned).for_each(|(value, right)| *value -= left * right / scale);
        }
        self.sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += reward * x);
        self.weights = self.times(&self.sums);
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_eight, a_rest) = a.as_chunks::<8>();
    let (b_eight, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in a_eight.iter().zip(b_eight) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}
