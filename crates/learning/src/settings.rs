//! How the learner judges evidence and how fast it may move. The defaults are used everywhere.

use serde::{Deserialize, Serialize};

use crate::cusum::Vigilance;
use crate::posterior::Prior;

/// How the learner judges evidence and how fast it may move.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What is believed at the start.
    pub prior: Prior,
    /// Variance of a single answer's score around its expectation. Of scores between 0 and 1 it is at most 0.25.
    pub answer_variance: f64,
    /// Standard deviation of what a validator adds to a mean by rounding and the like.
    pub mean_deviation: f64,
    /// The share of the evidence that is kept from epoch to epoch.
    pub keep: f64,
    /// The share of the evidence that is kept when a change is noticed.
    pub keep_on_change: f64,
    /// When a change is noticed.
    pub vigilance: Vigilance,
    /// For so many epochs after an epoch its evidence is still taken.
    pub late_epochs: u64,
    /// The most that the shares of a validator's class may move per epoch, in total variation.
    pub step: f64,
    /// The most of the traffic that goes to arms only to know them better.
    pub exploration: f64,
    /// The most of the traffic that goes to arms which came later and have few answers.
    pub canary: f64,
    /// With so many answers an arm is known.
    pub known_after: u64,
    /// How many draws decide how likely an arm is the best.
    pub draws: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            prior: Prior::default(),
            answer_variance: 0.22,
            mean_deviation: 0.02,
            keep: 0.999,
            keep_on_change: 0.15,
            vigilance: Vigilance::default(),
            late_epochs: 12,
            step: 0.15,
            exploration: 0.02,
            canary: 0.02,
            known_after: 200,
            draws: 1000,
        }
    }
}
