//! An experiment: two strategies, compared in pairs of epochs of one validator, that may be looked at after every pair.
//!
//! What a validator says is a mean over an epoch, so its epoch is the unit: single answers are not scored, and validators
//! differ. In each pair of epochs a validator is answered by one strategy in one epoch and by the other in the other; which comes
//! first is drawn. The boundary is that of a mixture of likelihoods (Robbins): however often one looks, and whenever one stops,
//! a difference that does not exist is found with at most the chosen probability.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::normal::quantile;
use crate::random::Random;

/// The fewest pairs that a decision is made after: before, the variance is hardly known.
const FEWEST_PAIRS: u64 = 12;

/// What is to be found out, and how surely.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// The difference in mean score that matters.
    pub effect: f64,
    /// The probability of finding a difference where there is none.
    pub false_alarm: f64,
    /// The probability of finding the difference if it is there.
    pub power: f64,
    /// The expected standard deviation of a validator's score from epoch to epoch under one strategy.
    pub deviation: f64,
    /// How many validators take part.
    pub validators: u32,
}

/// A design that cannot be carried out.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DesignError {
    /// Not above 0.
    #[error("the effect must be above 0")]
    Effect,
    /// Not between 0 and 1/2.
    #[error("the probability of a false alarm must be between 0 and 0.5")]
    FalseAlarm,
    /// Not between 1/2 and 1.
    #[error("the power must be between 0.5 and 1")]
    Power,
    /// Not above 0.
    #[error("the deviation must be above 0")]
    Deviation,
    /// There is nobody to ask.
    #[error("at least one validator must take part")]
    Validators,
}

/// How long an experiment takes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Length {
    /// Pairs that a test at a fixed time would need.
    pub fixed_pairs: u64,
    /// Pairs after which it ends at the latest: by then the difference is found with the chosen power if it is there.
    pub most_pairs: u64,
    /// Epochs that this takes.
    pub most_epochs: u64,
}

impl Design {
    /// Checks that the design can be carried out.
    ///
    /// # Errors
    /// The first number that is out of range.
    pub fn check(&self) -> Result<(), DesignError> {
        let positive = |number: f64| number > 0.0 && number.is_finite();
        if !positive(self.effect) {
            return Err(DesignError::Effect);
        }
        if !(positive(self.false_alarm) && self.false_alarm < 0.5) {
            return Err(DesignError::FalseAlarm);
        }
        if !(self.power >= 0.5 && self.power < 1.0) {
            return Err(DesignError::Power);
        }
        if !positive(self.deviation) {
            return Err(DesignError::Deviation);
        }
        if self.validators == 0 { Err(DesignError::Validators) } else { Ok(()) }
    }

    /// Returns how long it takes.
    #[must_use]
    pub fn length(&self) -> Length {
        /// Nobody waits longer.
        const MOST: u64 = 10_000_000;
        let pair_deviation = self.deviation * 2.0_f64.sqrt();
        let needed = quantile(1.0 - self.false_alarm / 2.0) + quantile(self.power);
        let fixed_pairs = ((needed * pair_deviation / self.effect).powi(2).ceil() as u64).clamp(FEWEST_PAIRS, MOST);
        // With the power, the sum of the differences is above this after n pairs.
        let reached = |n: u64| {
            let n = n as f64;
            self.effect * n - quantile(self.power) * pair_deviation * n.sqrt()
        };
        let is_enough = |n: u64| reached(n) >= self.boundary(n, fixed_pairs) * pair_deviation;
        let (mut low, mut high) = (fixed_pairs - 1, fixed_pairs);
        while !is_enough(high) && high < MOST {
            (low, high) = (high, high * 2);
        }
        while high - low > 1 {
            let middle = u64::midpoint(low, high);
            if is_enough(middle) { high = middle } else { low = middle }
        }
        let most_epochs = 2 * high.div_ceil(self.validators.max(1).into());
        Length { fixed_pairs, most_pairs: high, most_epochs }
    }

    /// How far a sum of `n` standardised differences may be from 0 by chance, at any time.
    fn boundary(&self, n: u64, fixed_pairs: u64) -> f64 {
        // Where the boundary is the tightest: near the time at which a decision is expected.
        let loss = -2.0 * self.false_alarm.ln();
        let spread = fixed_pairs as f64 / (loss + loss.ln() + 1.0);
        let n = n as f64 + spread;
        (n * ((n / spread).ln() + loss)).sqrt()
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    const DESIGN: Design = Design { effect: 0.08, false_alarm: 0.05, power: 0.8, deviation: 0.14, validators: 6 };

    /// Runs an experiment to its end, looking after every epoch; returns the last finding and the epochs it took.
    fn run(design: Design, effect: f64, seed: u64) -> (Finding, u64) {
        let mut experiment = Experiment::new(design, 100, seed).unwrap();
        let mut noise = Random::new(seed, &[9]);
        for epoch in 100.. {
            for validator in 0..design.validators {
                let side = experiment.side(validator, epoch).unwrap();
                let bonus = if side == Side::Treatment { effect } else { 0.0 };
                // Validators differ, which must not matter.
                let score = 0.4 + 0.05 * f64::from(validator) + bonus + design.deviation * noise.normal();
                experiment.note(validator, epoch, score);
            }
            let finding = experiment.finding();
            if finding.verdict != Verdict::Continue {
                return (finding, epoch - 99);
            }
        }
        unreachable!("an experiment ends")
    }

    #[test]
    fn a_fixed_test_needs_what_the_textbook_says() {
        let length = Design { effect: 1.0, deviation: 10.0 / 2.0_f64.sqrt(), ..DESIGN }.length();

        // (1.96 + 0.84)² * 10² for a paired test.
        assert_eq!(length.fixed_pairs, 785);
        assert!(length.most_pairs > 785 && length.most_pairs < 3 * 785, "{length:?}");
        assert_eq!(length.most_epochs, 2 * length.most_pairs.div_ceil(6));
    }

    #[test]
    fn looking_after_every_epoch_finds_no_more_than_the_chosen_share_of_false_differences() {
        let found = (0..1000).filter(|&seed| run(DESIGN, 0.0, seed).0.verdict != Verdict::NoDifference).count();

        assert!(found <= 50, "{found} of 1000 at a level of 5 %");
    }

    #[test]
    fn an_effect_is_found_with_the_chosen_power_and_mostly_early() {
        let most = DESIGN.length().most_epochs;
        let runs: Vec<_> = (0..300).map(|seed| run(DESIGN, DESIGN.effect, seed)).collect();

        let found = runs.iter().filter(|(finding, _)| finding.verdict == Verdict::Better).count();
        let mean = runs.iter().map(|(_, epochs)| *epochs as f64).sum::<f64>() / 300.0;
        assert!(found >= 240, "{found} of 300 with a power of 80 %");
        assert!(mean < 0.75 * most as f64, "{mean} of {most}");
    }

    #[test]
    fn the_interval_holds_the_truth_at_all_times() {
        let missed = (0..300).filter(|&seed| {
            let mut experiment = Experiment::new(DESIGN, 0, seed).unwrap();
            let mut noise = Random::new(seed, &[1]);
            (0..60).any(|epoch| {
                for validator in 0..6 {
                    let side = experiment.side(validator, epoch).unwrap();
                    let bonus = if side == Side::Treatment { 0.05 } else { 0.0 };
                    experiment.note(validator, epoch, bonus + 0.14 * noise.normal());
                }
                let finding = experiment.finding();
                (finding.difference - 0.05).abs() > finding.half_width
            })
        });

        assert!(missed.count() <= 15);
    }

    #[test]
    fn each_pair_has_one_epoch_of_each_side() {
        let experiment = Experiment::new(DESIGN, 7, 3).unwrap();

        assert_eq!(experiment.side(0, 6), None);
        for pair in 0..50 {
            let sides = [0, 1].map(|epoch| experiment.side(2, 7 + 2 * pair + epoch).unwrap());
            assert_ne!(sides[0], sides[1]);
        }
        let first = (0..200).filter(|pair| experiment.side(2, 7 + 2 * pair) == Some(Side::Control)).count();
        assert!((70..130).contains(&first), "{first}");
    }

    #[test]
    fn designs_that_cannot_be_carried_out_are_refused() {
        let cases = [
            (Design { effect: 0.0, ..DESIGN }, DesignError::Effect),
            (Design { effect: f64::NAN, ..DESIGN }, DesignError::Effect),
            (Design { false_alarm: 0.7, ..DESIGN }, DesignError::FalseAlarm),
            (Design { power: 1.0, ..DESIGN }, DesignError::Power),
            (Design { deviation: f64::INFINITY, ..DESIGN }, DesignError::Deviation),
            (Design { validators: 0, ..DESIGN }, DesignError::Validators),
        ];

        for (design, error) in cases {
            assert_eq!(Experiment::new(design, 0, 0).unwrap_err(), error);
        }
    }

    #[test]
    fn scores_that_are_no_numbers_or_come_twice_change_nothing() {
        let mut experiment = Experiment::new(DESIGN, 0, 0).unwrap();
        (0..40).for_each(|epoch| experiment.note(1, epoch, 0.5));
        let before = experiment.clone();

        experiment.note(1, 3, 0.9);
        experiment.note(2, 0, f64::NAN);

        assert_eq!(experiment, before);
    }
}
