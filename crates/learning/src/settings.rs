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
    /// Standard deviation of what a validator adds to a mean by rounding and the like.
    pub mean_deviation: f64,
    /// The share of the evidence that is kept from epoch to epoch.
    pub keep: f64,
    /// The share of the evidence that is kept when a change is noticed.
    pub keep_on_change: f64,
    /// When a change is noticed.
    pub vigilance: Vigilance,
    /// For so many epochs of evidence no change is looked for.
    pub watch_after: u64,
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
    /// How far draws spread, in parts of what is believed. Less than 1 tries less of what is unlikely to be the best: drawing
    /// all that is believed explores for an eternity that no arm has.
    pub spread: f64,
    /// How many draws decide how likely an arm is the best.
    pub draws: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            prior: Prior::default(),
            mean_deviation: 0.02,
            keep: 0.999,
            keep_on_change: 0.15,
            vigilance: Vigilance::default(),
            watch_after: 12,
            late_epochs: 12,
            step: 0.15,
            exploration: 0.02,
            canary: 0.02,
            known_after: 200,
            spread: 0.7,
            draws: 1000,
        }
    }
}

impl Settings {
    /// Whether an arm with so many answers is known; before, one that came later is a canary.
    #[must_use]
    pub fn is_known(&self, answers: u64) -> bool {
        answers >= self.known_after
    }

    /// Returns the variance that is expected of a mean over `count` answers whose expected score is `mean`.
    ///
    /// Scores between 0 and 1 vary the most when each is either: then the variance of one is `mean * (1 - mean)`. How much less
    /// they vary is learnt. Expectations near the ends are not believed that much.
    #[must_use]
    pub fn variance(&self, mean: f64, count: u64) -> f64 {
        let mean = mean.clamp(0.1, 0.9);
        mean * (1.0 - mean) / count.max(1) as f64 + self.mean_deviation.powi(2)
    }
}
