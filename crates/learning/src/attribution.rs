//! What a validator's weight says of which answers: relative to others, without its moving average, in the right epoch.
//!
//! A weight is what the chain shows. It is a share of one, so it depends on how many others there are and how good they are; it
//! is often a moving average, so it tells of earlier epochs too; and it may have been hidden for some epochs.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The least share of an epoch in which the miner could answer, for the epoch to count.
pub const LEAST_UPTIME: f64 = 0.9;

/// What is known of an epoch besides its weights.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EpochFacts {
    /// The share of the epoch's minutes in which the miner could answer; unknown minutes count as none. None if nothing is known.
    pub uptime: Option<f64>,
    /// Whether a part of what the chain said was missed.
    pub has_gap: bool,
    /// The validator's tasks that were answered.
    pub answers: u32,
}

/// Why an epoch is no evidence.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Excluded {
    /// The miner was not there for too long, or it is not known whether it was: its absence was scored, not its answers.
    Uptime,
    /// Something is missing of what the chain said.
    Gap,
    /// There were no answers that could have been scored.
    NoAnswers,
    /// The weights are another validator's: one opinion is not counted twice.
    Copied,
    /// The weight is no number of its kind, or the validator weighs nobody else.
    NoScore,
    /// It is the first that is known of the validator, or the first after a gap: since when it counts is not known.
    First,
}

impl EpochFacts {
    /// Says why the epoch is no evidence, if it is none.
    #[must_use]
    pub fn excluded(&self) -> Option<Excluded> {
        if self.has_gap {
            Some(Excluded::Gap)
        } else if !self.uptime.is_some_and(|uptime| uptime >= LEAST_UPTIME) {
            Some(Excluded::Uptime)
        } else if self.answers == 0 {
            Some(Excluded::NoAnswers)
        } else {
            None
        }
    }
}

/// Returns our weight relative to the mean of the others that the validator weighs at all: 1 is average.
///
/// Nothing if a number is none or negative, or if it weighs nobody else.
#[must_use]
pub fn relative_weight(own: f64, others: &[f64]) -> Option<f64> {
    let is_weight = |weight: &f64| weight.is_finite() && *weight >= 0.0;
    if !is_weight(&own) || !others.iter().all(is_weight) {
        return None;
    }
    let weighed: Vec<f64> = others.iter().copied().filter(|weight| *weight > 0.0).collect();
    let mean = weighed.iter().sum::<f64>() / weighed.len() as f64;
    (mean > 0.0).then(|| own / mean)
}

/// One validator's row of weights, as far as it concerns us.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What it gives us.
    pub weight: u16,
    /// What it gives to all.
    pub total: u64,
    /// How many it gives something to.
    pub rated: u16,
    /// The most that it gives.
    pub largest: u16,
}

impl Row {
    /// Returns our weight relative to the mean of the others that have any; nothing if there are none.
    #[must_use]
    pub fn relative(&self) -> Option<f64> {
        let others = self.total.checked_sub(self.weight.into())?;
        let count = self.rated.checked_sub(u16::from(self.weight > 0))?;
        (others > 0 && count > 0).then(|| f64::from(self.weight) * f64::from(count) / others as f64)
    }

    /// Whether an equal row of another validator must be a copy: with few neurons rated, rows are alike by chance.
    #[must_use]
    pub fn is_telling(&self) -> bool {
        self.rated >= 8 && self.total < u64::from(self.largest) * u64::from(self.rated)
    }
}

/// Turns a relative weight into a score from 0 to 1: 0.5 is average, and no outlier is worth more than a few good epochs.
#[must_use]
pub fn score(relative_weight: f64) -> Option<f64> {
    let is_weight = relative_weight.is_finite() && relative_weight >= 0.0;
    is_weight.then(|| relative_weight / (1.0 + relative_weight))
}

/// The epoch whose answers a weight is about, if it was hidden for `reveal_epochs` before it was seen.
#[must_use]
pub fn answered_in(seen_in: u64, reveal_epochs: u64) -> Option<u64> {
    seen_in.checked_sub(reveal_epochs)
}

/// One epoch's value behind a moving average.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Instant {
    /// The epoch.
    pub epoch: u64,
    /// The value of that epoch alone; not below 0.
    pub value: f64,
    /// By how much small errors of the averages have grown in it: their standard deviation is multiplied by this.
    pub growth: f64,
}

/// Undoes a moving average, `average = (1 - rate) * before + rate * value`.
///
/// Only where the epoch before is known too: over a gap nobody can tell which of the missed epochs a change belongs to. Values
/// that are no numbers are gaps. A rate of 1 is no average at all.
#[must_use]
pub fn undo_average(averages: &BTreeMap<u64, f64>, rate: f64) -> Vec<Instant> {
    if !(rate > 0.0 && rate <= 1.0) {
        return Vec::new();
    }
    let kept = 1.0 - rate;
    let growth = (1.0 + kept * kept).sqrt() / rate;
    let instant = |(&epoch, &average): (&u64, &f64)| {
        let before = if kept == 0.0 { Some(0.0) } else { averages.get(&epoch.checked_sub(1)?).copied() };
        let value = (average - kept * before?) / rate;
        value.is_finite().then(|| Instant { epoch, value: value.max(0.0), growth })
    };
    averages.iter().filter_map(instant).collect()
}

/// Estimates the rate of a moving average from how much each value resembles the one before.
///
/// It takes what is averaged to be unrelated from epoch to epoch, so that all resemblance comes from the average; where the
/// quality itself moves slowly the rate comes out too low. Nothing with fewer than 30 pairs of epochs; 1 if there is no resemblance
/// beyond chance.
#[must_use]
pub fn fit_rate(averages: &BTreeMap<u64, f64>) -> Option<f64> {
    const FEWEST: usize = 30;
    /// Slower averages cannot be told from a drift.
    const SLOWEST: f64 = 0.05;
    let pairs: Vec<(f64, f64)> = averages
        .iter()
        .filter_map(|(epoch, &now)| Some((averages.get(&epoch.checked_sub(1)?).copied()?, now)))
        .filter(|(before, now)| before.is_finite() && now.is_finite())
        .collect();
    if pairs.len() < FEWEST {
        return None;
    }
    let count = pairs.len() as f64;
    let mean = |value: fn(&(f64, f64)) -> f64| pairs.iter().map(value).sum::<f64>() / count;
    let (before, now) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let together: f64 = pairs.iter().map(|pair| (pair.0 - before) * (pair.1 - now)).sum();
    let alone: f64 = pairs.iter().map(|pair| (pair.0 - before).powi(2)).sum();
    let resemblance = together / alone;
    // Short series resemble themselves less than their source does (Kendall's correction).
    let corrected = resemblance + (1.0 + 3.0 * resemblance) / count;
    let by_chance = 2.0 / count.sqrt();
    if !corrected.is_finite() || corrected < by_chance {
        return Some(1.0);
    }
    Some((1.0 - corrected).clamp(SLOWEST, 1.0))
}
