//! What an experiment is to find out, and how long that takes.

use serde::{Deserialize, Serialize};

use crate::normal::quantile;

/// The fewest pairs that a decision is made after: before, the variance is hardly known.
pub(super) const FEWEST_PAIRS: u64 = 12;

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
    pub(super) fn boundary(&self, n: u64, fixed_pairs: u64) -> f64 {
        // Where the boundary is the tightest: near the time at which a decision is expected.
        let loss = -2.0 * self.false_alarm.ln();
        let spread = fixed_pairs as f64 / (loss + loss.ln() + 1.0);
        let n = n as f64 + spread;
        (n * ((n / spread).ln() + loss)).sqrt()
    }
}
