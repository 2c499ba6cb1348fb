//! An experiment: two strategies, compared in pairs of epochs of one validator, that may be looked at after every pair.
//!
//! What a validator says is a mean over an epoch, so its epoch is the unit: single answers are not scored, and validators
//! differ. In each pair of epochs a validator is answered by one strategy in one epoch and by the other in the other; which comes
//! first is drawn. The boundary is that of a mixture of likelihoods (Robbins): however often one looks, and whenever one stops,
//! a difference that does not exist is found with at most the chosen probability.

mod design;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use design::FEWEST_PAIRS;
pub use design::{Design, DesignError, Length};

use crate::random::Random;

/// One of the two strategies.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What is done today.
    Control,
    /// What might be better.
    Treatment,
}

/// A running experiment.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    design: Design,
    seed: u64,
    /// The epoch that the first pair begins in.
    start: u64,
    /// By validator and pair: the scores of control and treatment.
    pairs: BTreeMap<u32, BTreeMap<u64, [Option<f64>; 2]>>,
}

/// What is known so far.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Complete pairs.
    pub pairs: u64,
    /// The mean difference, treatment less control.
    pub difference: f64,
    /// Half the width of the interval that holds the true difference at all times together, with the chosen probability.
    pub half_width: f64,
    /// What follows from it.
    pub verdict: Verdict,
}

/// What follows from the pairs so far.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is not known yet.
    Continue,
    /// The treatment is better.
    Better,
    /// The treatment is worse.
    Worse,
    /// The time is over, and no difference was found. A smaller one may exist.
    NoDifference,
}

impl Experiment {
    /// Starts an experiment in an epoch.
    ///
    /// # Errors
    /// If the design cannot be carried out.
    pub fn new(design: Design, start: u64, seed: u64) -> Result<Self, DesignError> {
        design.check()?;
        Ok(Self { design, seed, start, pairs: BTreeMap::new() })
    }

    /// Returns which strategy a validator is answered by in an epoch; nothing before the experiment.
    #[must_use]
    pub fn side(&self, validator: u32, epoch: u64) -> Option<Side> {
        let since = epoch.checked_sub(self.start)?;
        let treatment_first = Random::new(self.seed, &[validator.into(), since / 2]).uniform() < 0.5;
        Some(if treatment_first == since.is_multiple_of(2) { Side::Treatment } else { Side::Control })
    }

    /// Takes in a validator's score of an epoch. A second one for the same epoch counts for nothing, as does one that is no
    /// number.
    pub fn note(&mut self, validator: u32, epoch: u64, score: f64) {
        let Some(side) = self.side(validator, epoch).filter(|_| score.is_finite()) else { return };
        let pair = (epoch - self.start) / 2;
        let scores = self.pairs.entry(validator).or_default().entry(pair).or_default();
        let [control, treatment] = scores;
        let known = match side {
            Side::Control => control,
            Side::Treatment => treatment,
        };
        known.get_or_insert(score);
    }

    /// Says what is known so far. It may be asked at any time.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let differences = self.pairs.values().flat_map(BTreeMap::values).filter_map(|pair| match pair {
            [Some(control), Some(treatment)] => Some(treatment - control),
            _ => None,
        });
        let (count, sum, squares) =
            differences.fold((0_u64, 0.0, 0.0), |(n, sum, squares), d| (n + 1, sum + d, squares + d * d));
        let n = count as f64;
        let difference = if count == 0 { 0.0 } else { sum / n };
        if count < FEWEST_PAIRS {
            return Finding { pairs: count, difference, half_width: f64::INFINITY, verdict: Verdict::Continue };
        }
        let length = self.design.length();
        // Few pairs may vary less than they should: the deviation is taken a little larger, as a t-test does.
        let variance = (squares - sum * difference) / (n - 1.0) * (1.0 + 4.0 / n);
        let half_width = self.design.boundary(count, length.fixed_pairs) * variance.max(0.0).sqrt() / n;
        let verdict = if difference > half_width {
            Verdict::Better
        } else if difference < -half_width {
            Verdict::Worse
        } else if count >= length.most_pairs {
            Verdict::NoDifference
        } else {
            Verdict::Continue
        };
        Finding { pairs: count, difference, half_width, verdict }
    }
}
