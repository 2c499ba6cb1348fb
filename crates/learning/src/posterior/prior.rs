//! Effects on scores, and what is believed of them before there is evidence.

use serde::{Deserialize, Serialize};

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
    pub(super) fn deviation(&self, effect: Effect) -> f64 {
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
