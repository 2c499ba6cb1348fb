//! What is believed of scores: a linear model with normal errors, kept as sums so that evidence may come in any order.
//!
//! A score is the sum of effects: of the task class, of the arm, of the arm in that class, of the validator. Evidence is
//! a mean over answers, so its features are shares. Precision and shift of the evidence are plain sums; forgetting scales
//! them, and the belief falls back towards the prior.

mod draw;
mod prior;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use draw::Draw;
pub use prior::{Effect, Estimate, Prior};

use crate::random::Random;
use crate::triangle::Triangle;

/// The belief about all effects.
///
/// Effects without evidence are not stored: they still are what the prior says, independent of all others.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Posterior {
    prior: Prior,
    /// In the order of the rows.
    effects: Vec<Effect>,
    /// Sum over the evidence of `x * xᵀ / variance`.
    precision: Triangle,
    /// Sum over the evidence of `x * (score - mean) / variance`.
    shift: Vec<f64>,
    #[serde(skip)]
    index: BTreeMap<Effect, usize>,
    #[serde(skip)]
    solved: Option<Solved>,
}

/// What follows from the sums.
#[derive(Clone, Debug, PartialEq)]
struct Solved {
    factor: Triangle,
    means: Vec<f64>,
}

impl Posterior {
    /// Starts without evidence.
    #[must_use]
    pub fn new(prior: Prior) -> Self {
        Self {
            prior,
            effects: Vec::new(),
            precision: Triangle::default(),
            shift: Vec::new(),
            index: BTreeMap::new(),
            solved: None,
        }
    }

    /// Returns how many effects there is evidence of.
    #[must_use]
    pub fn size(&self) -> usize {
        self.effects.len()
    }

    /// Takes in that the effects, each with its weight, added up to `score` with an error of `variance`.
    pub fn observe(&mut self, weights: &[(Effect, f64)], score: f64, variance: f64) {
        self.reindex();
        let mut x: Vec<(usize, f64)> = weights.iter().map(|&(effect, weight)| (self.place(effect), weight)).collect();
        x.sort_unstable_by_key(|&(index, _)| index);
        self.precision.add_square(&x, variance.recip());
        for &(index, weight) in &x {
            if let Some(shift) = self.shift.get_mut(index) {
                *shift += weight * (score - self.prior.mean) / variance;
            }
        }
        if let Some(mut solved) = self.solved.take() {
            let root = variance.sqrt();
            solved.factor.update(dense(self.size(), x.iter().map(|&(index, weight)| (index, weight / root))));
            solved.means = means(&solved.factor, &self.shift);
            self.solved = Some(solved);
        }
    }

    /// Keeps the share `keep` of all evidence, as if there had been so much less of it.
    pub fn forget(&mut self, keep: f64) {
        self.precision.scale(keep);
        self.shift.iter_mut().for_each(|value| *value *= keep);
        self.solved = None;
    }

    /// Lets the evidence say how much arms differ, in general and from class to class, and how much validators do: the
    /// deviations that explain it best.
    ///
    /// With specialists among the arms the second becomes large, and each class is learnt by itself; without them it becomes
    /// small, and what is seen in one class counts in all.
    pub fn tune(&mut self) {
        /// Beyond this size it would take too long.
        const LARGEST: usize = 400;
        const ARM: [f64; 4] = [0.03, 0.06, 0.12, 0.25];
        const CELL: [f64; 4] = [0.02, 0.04, 0.08, 0.16];
        const VALIDATOR: [f64; 4] = [0.02, 0.04, 0.08, 0.15];
        if self.size() > LARGEST {
            return;
        }
        let prior = self.most_plausible(self.prior, &CELL.map(|cell| Prior { cell, ..self.prior }));
        let prior = self.most_plausible(prior, &ARM.map(|arm| Prior { arm, ..prior }));
        let prior = self.most_plausible(prior, &VALIDATOR.map(|validator| Prior { validator, ..prior }));
        if prior != self.prior {
            self.prior = prior;
            self.solved = None;
        }
    }

    fn most_plausible(&self, otherwise: Prior, candidates: &[Prior]) -> Prior {
        let scored = candidates.iter().map(|&prior| (self.plausibility(prior), prior));
        scored.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(otherwise, |(_, prior)| prior)
    }

    /// The logarithm of how likely the evidence was under a prior, up to a constant.
    fn plausibility(&self, prior: Prior) -> f64 {
        let deviations = self.effects.iter().map(|&effect| prior.deviation(effect));
        let diagonal: Vec<f64> = deviations.clone().map(|deviation| deviation.powi(-2)).collect();
        let factor = self.precision.cholesky(&diagonal);
        let mut explained = self.shift.clone();
        factor.solve_down(&mut explained);
        let explained: f64 = explained.iter().map(|value| value * value).sum();
        explained / 2.0 - factor.log_diagonal(self.size()) - deviations.map(f64::ln).sum::<f64>()
    }

    /// Makes means and variances ready; without it each reading would have to.
    pub fn solve(&mut self) {
        self.reindex();
        if self.solved.is_none() {
            let diagonal: Vec<f64> = self.effects.iter().map(|&effect| self.prior.deviation(effect).powi(-2)).collect();
            let factor = self.precision.cholesky(&diagonal);
            let means = means(&factor, &self.shift);
            self.solved = Some(Solved { factor, means });
        }
    }

    /// Returns what is believed of the weighted sum of effects, the prior's mean included.
    pub fn estimate(&mut self, weights: &[(Effect, f64)]) -> Estimate {
        self.solve();
        let mut mean = self.prior.mean;
        let mut variance = 0.0;
        let mut known = Vec::with_capacity(weights.len());
        for &(effect, weight) in weights {
            match self.index.get(&effect) {
                Some(&index) => known.push((index, weight)),
                None => variance += (weight * self.prior.deviation(effect)).powi(2),
            }
        }
        if let Some(solved) = &self.solved {
            let mut x = dense(self.size(), known.into_iter());
            mean += x.iter().zip(&solved.means).map(|(weight, mean)| weight * mean).sum::<f64>();
            solved.factor.solve_down(&mut x);
            variance += x.iter().map(|value| value * value).sum::<f64>();
        }
        Estimate { mean, deviation: variance.sqrt() }
    }

    /// Returns the expected value of the weighted sum of effects, the prior's mean included.
    pub fn expect(&mut self, weights: &[(Effect, f64)]) -> f64 {
        self.solve();
        let mean = |effect: &Effect| {
            let index = self.index.get(effect)?;
            self.solved.as_ref()?.means.get(*index).copied()
        };
        let sum: f64 = weights.iter().filter_map(|(effect, weight)| Some(weight * mean(effect)?)).sum();
        self.prior.mean + sum
    }

    /// Draws all effects together, `LANES` times. Their deviations are multiplied by `spread`: 1 draws what is believed.
    pub fn draw<const LANES: usize>(&mut self, spread: f64, random: &mut Random) -> Draw<'_, LANES> {
        self.solve();
        let mut values: Vec<[f64; LANES]> =
            (0..self.size()).map(|_| std::array::from_fn(|_| random.normal())).collect();
        if let Some(solved) = &self.solved {
            solved.factor.solve_up(&mut values);
            for (value, mean) in values.iter_mut().zip(&solved.means) {
                value.iter_mut().for_each(|value| *value = *value * spread + mean);
            }
        }
        Draw::new(self.prior, spread, &self.index, values)
    }

    fn place(&mut self, effect: Effect) -> usize {
        if let Some(&index) = self.index.get(&effect) {
            return index;
        }
        let index = self.size();
        self.effects.push(effect);
        self.index.insert(effect, index);
        self.precision.grow(index, 0.0);
        self.shift.push(0.0);
        if let Some(solved) = &mut self.solved {
            solved.factor.grow(index, self.prior.deviation(effect).recip());
            solved.means.push(0.0);
        }
        index
    }

    /// Restores what is not stored.
    fn reindex(&mut self) {
        if self.index.len() != self.effects.len() {
            self.index = self.effects.iter().enumerate().map(|(index, &effect)| (effect, index)).collect();
        }
    }
}

fn means(factor: &Triangle, shift: &[f64]) -> Vec<f64> {
    let mut down = shift.to_vec();
    factor.solve_down(&mut down);
    let mut up: Vec<[f64; 1]> = down.into_iter().map(|value| [value]).collect();
    factor.solve_up(&mut up);
    up.into_iter().map(|[value]| value).collect()
}

fn dense(size: usize, entries: impl Iterator<Item = (usize, f64)>) -> Vec<f64> {
    let mut values = vec![0.0; size];
    for (index, value) in entries {
        if let Some(entry) = values.get_mut(index) {
            *entry += value;
        }
    }
    values
}
