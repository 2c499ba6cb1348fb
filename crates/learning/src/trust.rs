//! How far each validator's scores can be believed: one that scores at random, or copies others, varies for no reason.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Epochs that a validator is believed to have been as expected before its first.
const BENEFIT_OF_DOUBT: f64 = 10.0;
/// What is kept of a validator's record from epoch to epoch, so that it can win trust back.
const KEEP: f64 = 0.98;

/// What is known of each validator's reliability.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Trust(BTreeMap<u32, Record>);

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Record {
    epochs: f64,
    squares: f64,
}

impl Trust {
    /// Takes in how far a score was off, in standard deviations.
    pub fn note(&mut self, validator: u32, deviation: f64) {
        let record = self.0.entry(validator).or_default();
        record.epochs = record.epochs * KEEP + 1.0;
        record.squares = record.squares * KEEP + deviation * deviation;
    }

    /// Returns the factor by which the validator's scores vary more than answers explain; at least 1.
    #[must_use]
    pub fn inflation(&self, validator: u32) -> f64 {
        let record = self.0.get(&validator).copied().unwrap_or_default();
        ((BENEFIT_OF_DOUBT + record.squares) / (BENEFIT_OF_DOUBT + record.epochs)).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_that_jump_lose_weight_and_win_it_back() {
        let mut trust = Trust::default();

        (0..20).for_each(|_| trust.note(1, 4.0));
        let doubted = trust.inflation(1);
        (0..200).for_each(|_| trust.note(1, 0.5));

        assert!(doubted > 5.0, "{doubted}");
        assert!(trust.inflation(1) < 1.3, "{}", trust.inflation(1));
        assert!((trust.inflation(2) - 1.0).abs() < f64::EPSILON);
    }
}
