//! What is believed of scores: a linear model with normal errors, kept as sums so that evidence may come in any order.
//!
//! A score is the sum of effects: of the task class, of the arm, of the arm in that class, of the validator. Evidence is
//! a mean over answers, so its features are shares. Precision and shift of the evidence are plain sums; forgetting scales
//! them, and the belief falls back towards the prior.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::random::Random;
use crate::triangle::Triangle;

/// One effect on a score.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Effect {
    /// How much better than usual the class is scored, whoever answers.
    Task(u32),
    /// How much better than usual the arm is, in all classes.
    Arm(u32),
    /// How much better the arm is in this class than in general.
    Cell {
        /// The class.
        task: u32,
        /// The arm.
        arm: u32,
    },
    /// How much more than usual the validator gives.
    Validator(u32),
}

/// What is believed before there is evidence.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Prior {
    /// The expected score.
    pub mean: f64,
    /// Standard deviation of a class's effect.
    pub task: f64,
    /// Standard deviation of an arm's effect.
    pub arm: f64,
    /// Standard deviation of the effect of an arm in a class.
    pub cell: f64,
    /// Standard deviation of a validator's effect.
    pub validator: f64,
}

impl Default for Prior {
    fn default() -> Self {
        Self { mean: 0.5, task: 0.30, arm: 0.25, cell: 0.12, validator: 0.15 }
    }
}

impl Prior {
    fn deviation(&self, effect: Effect) -> f64 {
        match effect {
            Effect::Task(_) => self.task,
            Effect::Arm(_) => self.arm,
            Effect::Cell { .. } => self.cell,
            Effect::Validator(_) => self.validator,
        }
    }
}

/// A believed number and how sure it is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Estimate {
    /// The expected value.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
}

impl Estimate {
    /// Standard deviations to both sides that hold 90 % of a normal distribution.
    const NINETY_PERCENT: f64 = 1.644_853_626_951_472_2;

    /// Returns the interval that holds the true value with a probability of 90 %, if the model is right.
    #[must_use]
    pub fn interval(&self) -> (f64, f64) {
        let half = Self::NINETY_PERCENT * self.deviation;
        (self.mean - half, self.mean + half)
    }
}

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
        Draw { prior: self.prior, spread, index: &self.index, values, unknown: BTreeMap::new() }
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

/// Values of all effects that could be true together.
#[derive(Debug)]
pub struct Draw<'a, const LANES: usize> {
    prior: Prior,
    spread: f64,
    index: &'a BTreeMap<Effect, usize>,
    values: Vec<[f64; LANES]>,
    /// Effects without evidence, drawn when first asked for.
    unknown: BTreeMap<Effect, [f64; LANES]>,
}

impl<const LANES: usize> Draw<'_, LANES> {
    /// Returns the drawn values of one effect.
    pub fn effect(&mut self, effect: Effect, random: &mut Random) -> [f64; LANES] {
        if let Some(values) = self.index.get(&effect).and_then(|&index| self.values.get(index)) {
            return *values;
        }
        let deviation = self.spread * self.prior.deviation(effect);
        *self.unknown.entry(effect).or_insert_with(|| std::array::from_fn(|_| deviation * random.normal()))
    }

    /// Returns the drawn scores of an arm in a class, by a validator of no effect.
    pub fn score(&mut self, task: u32, arm: u32, random: &mut Random) -> [f64; LANES] {
        let effects = [Effect::Task(task), Effect::Arm(arm), Effect::Cell { task, arm }];
        let [class, arm, cell] = effects.map(|effect| self.effect(effect, random));
        std::array::from_fn(|lane| {
            let value = |values: &[f64; LANES]| values.get(lane).copied().unwrap_or_default();
            self.prior.mean + value(&class) + value(&arm) + value(&cell)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELL: [(Effect, f64); 3] =
        [(Effect::Task(0), 1.0), (Effect::Arm(0), 1.0), (Effect::Cell { task: 0, arm: 0 }, 1.0)];

    #[test]
    fn without_evidence_the_prior_stands() {
        let mut posterior = Posterior::new(Prior::default());

        let estimate = posterior.estimate(&CELL);

        let expected = (0.30_f64.powi(2) + 0.25_f64.powi(2) + 0.12_f64.powi(2)).sqrt();
        assert!((estimate.mean - 0.5).abs() < 1e-12 && (estimate.deviation - expected).abs() < 1e-12);
    }

    #[test]
    fn one_observation_moves_the_mean_as_the_formula_for_one_says() {
        let mut posterior = Posterior::new(Prior { mean: 0.0, arm: 2.0, ..Prior::default() });

        posterior.observe(&[(Effect::Arm(3), 1.0)], 5.0, 1.0);

        let estimate = posterior.estimate(&[(Effect::Arm(3), 1.0)]);
        assert!((estimate.mean - 4.0).abs() < 1e-12, "{estimate:?}");
        assert!((estimate.deviation - 0.8_f64.sqrt()).abs() < 1e-12, "{estimate:?}");
    }

    #[test]
    fn updating_what_is_solved_is_as_good_as_solving_anew() {
        let mut kept = Posterior::new(Prior::default());
        let mut anew = Posterior::new(Prior::default());
        for n in 0..40_u32 {
            let (task, arm) = (n % 3, n % 5);
            let weights =
                [(Effect::Task(task), 0.5), (Effect::Cell { task, arm }, 0.5), (Effect::Validator(n % 2), 1.0)];
            kept.solve();
            kept.observe(&weights, f64::from(n % 7) / 7.0, 0.05);
            anew.observe(&weights, f64::from(n % 7) / 7.0, 0.05);
        }

        let [kept, anew] = [kept, anew].map(|mut posterior| posterior.estimate(&CELL));

        assert!((kept.mean - anew.mean).abs() < 1e-9 && (kept.deviation - anew.deviation).abs() < 1e-9);
    }

    #[test]
    fn draws_have_the_mean_and_deviation_of_the_estimate() {
        let mut posterior = Posterior::new(Prior::default());
        posterior.observe(&CELL, 0.9, 0.02);
        posterior.observe(&[(Effect::Task(0), 1.0), (Effect::Arm(1), 1.0)], 0.2, 0.02);
        let estimate = posterior.estimate(&CELL);
        let mut random = Random::new(5, &[]);

        let scores: Vec<f64> = (0..4000)
            .flat_map(|_| {
                let mut draw = posterior.draw::<4>(1.0, &mut random);
                draw.score(0, 0, &mut random)
            })
            .collect();

        let mean = scores.iter().sum::<f64>() / 16_000.0;
        let deviation = (scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / 16_000.0).sqrt();
        assert!((mean - estimate.mean).abs() < 0.01, "{mean} {estimate:?}");
        assert!((deviation - estimate.deviation).abs() < 0.01, "{deviation} {estimate:?}");
    }

    #[test]
    fn forgetting_everything_restores_the_prior() {
        let mut posterior = Posterior::new(Prior::default());
        posterior.observe(&CELL, 0.9, 0.001);

        posterior.forget(0.0);

        assert_eq!(posterior.estimate(&CELL), Posterior::new(Prior::default()).estimate(&CELL));
    }

    #[test]
    fn the_deviation_between_classes_is_found_in_the_evidence() {
        let tuned = |difference: f64| {
            let mut posterior = Posterior::new(Prior::default());
            let mut random = Random::new(2, &[]);
            for n in 0..2000_u32 {
                let (task, arm) = (n % 6, n / 6 % 4);
                let specialist = if (task + arm) % 2 == 0 { difference } else { -difference };
                let score = 0.5 + specialist + 0.1 * random.normal();
                let effects = [Effect::Task(task), Effect::Arm(arm), Effect::Cell { task, arm }];
                posterior.observe(&effects.map(|effect| (effect, 1.0)), score, 0.01);
            }
            posterior.tune();
            posterior.prior.cell
        };

        assert!(tuned(0.0) <= 0.03, "{}", tuned(0.0));
        assert!(tuned(0.2) >= 0.12, "{}", tuned(0.2));
    }

    #[test]
    fn a_stored_belief_is_the_same_belief() {
        let mut posterior = Posterior::new(Prior::default());
        posterior.observe(&CELL, 0.9, 0.02);
        let stored = serde_json::to_string(&posterior).unwrap();

        let mut read: Posterior = serde_json::from_str(&stored).unwrap();

        assert_eq!(read.estimate(&CELL), posterior.estimate(&CELL));
    }
}
