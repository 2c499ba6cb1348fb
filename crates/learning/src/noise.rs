//! How much scores vary beyond what is expected of them: in general, and for validators that score at random or copy others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Scores that the expected variance counts for before the first.
const BENEFIT_OF_DOUBT: f64 = 20.0;
/// What is kept of a validator's record from epoch to epoch, so that it can win trust back.
const KEEP: f64 = 0.99;
/// The least and the most that scores vary, in parts of what is expected.
const RANGE: (f64, f64) = (0.02, 50.0);

/// What is known of the variance of each validator's scores, in parts of what was expected.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Noise(BTreeMap<u32, Record>);

/// The variance of one validator's scores.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    scores: f64,
    squares: f64,
}

impl Record {
    /// Takes in a squared difference, in parts of what was expected; what the belief itself may be off is taken away before,
    /// so that it can be negative.
    pub(crate) fn note(&mut self, square: f64, keep: f64) {
        self.scores = self.scores * keep + 1.0;
        self.squares = self.squares * keep + square;
    }

    /// The variance in parts of what was expected, when `before` was believed of it and counts for `weight` scores.
    pub(crate) fn variance(&self, before: f64, weight: f64) -> f64 {
        ((weight * before + self.squares) / (weight + self.scores)).clamp(RANGE.0, RANGE.1)
    }
}

impl Noise {
    /// Takes in a score's squared difference from what was believed, in parts of what was expected.
    pub fn note(&mut self, validator: u32, square: f64) {
        self.0.entry(validator).or_default().note(square, KEEP);
    }

    /// What holds for validators in general: the median, so that a few odd ones do not count.
    #[must_use]
    pub fn common(&self) -> f64 {
        let mut all: Vec<f64> = self.0.values().map(|record| record.variance(1.0, BENEFIT_OF_DOUBT)).collect();
        all.sort_unstable_by(f64::total_cmp);
        let middle = all.len() / 2;
        let at = |place: usize| all.get(place).copied().unwrap_or(1.0);
        if all.len().is_multiple_of(2) && middle > 0 { f64::midpoint(at(middle - 1), at(middle)) } else { at(middle) }
    }

    /// What holds for a validator, when `common` holds in general: never less than that.
    #[must_use]
    pub fn of(&self, validator: u32, common: f64) -> f64 {
        self.0.get(&validator).map_or(common, |record| record.variance(common, BENEFIT_OF_DOUBT).max(common))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn one_validator_that_scores_at_random_is_told_from_the_others() {
        let mut noise = Noise::default();
        let mut random = Random::new(1, &[]);
        for _ in 0..100 {
            for validator in 0..5 {
                let size = if validator == 3 { 4.0 } else { 0.7 };
                noise.note(validator, (size * random.normal()).powi(2));
            }
        }

        let common = noise.common();

        assert!((0.3..0.8).contains(&common), "{common}");
        assert!(noise.of(3, common) > 8.0, "{}", noise.of(3, common));
        assert!(noise.of(0, common) < 0.9, "{}", noise.of(0, common));
    }

    #[test]
    fn trust_is_won_back() {
        let mut noise = Noise::default();
        for validator in 0..3 {
            (0..50).for_each(|_| noise.note(validator, if validator == 0 { 20.0 } else { 1.0 }));
        }

        (0..600).for_each(|_| noise.note(0, 1.0));

        assert!(noise.of(0, 1.0) < 1.2, "{}", noise.of(0, 1.0));
    }

    #[test]
    fn unknown_validators_are_like_the_others() {
        assert!((Noise::default().common() - 1.0).abs() < f64::EPSILON);
        assert!((Noise::default().of(7, 0.5) - 0.5).abs() < f64::EPSILON);
    }
}
