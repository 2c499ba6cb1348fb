//! What a validator's weight says of which answers: relative to others, without its moving average, in the right epoch.
//!
//! A weight is what the chain shows. It is a share of one, so it depends on how many others there are and how good they are; it
//! is often a moving average, so it tells of earlier epochs too; and it may have been hidden for some epochs.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn averaged(values: impl Iterator<Item = f64>, rate: f64) -> BTreeMap<u64, f64> {
        let mut average = 1.0;
        let averages = values.map(|value| {
            average = (1.0 - rate) * average + rate * value;
            average
        });
        (0..).zip(averages).collect()
    }

    #[test]
    fn an_undone_average_is_what_was_averaged() {
        let values = [0.2, 1.4, 0.9, 0.0, 2.0];

        let instants = undo_average(&averaged(values.into_iter(), 0.3), 0.3);

        assert_eq!(instants.iter().map(|instant| instant.epoch).collect::<Vec<_>>(), [1, 2, 3, 4]);
        for (instant, value) in instants.iter().zip(&values[1..]) {
            assert!((instant.value - value).abs() < 1e-9, "{instant:?} {value}");
        }
    }

    #[test]
    fn nothing_is_told_over_a_gap_or_of_no_number() {
        let mut averages = averaged([0.5; 8].into_iter(), 0.3);
        averages.remove(&3);
        averages.insert(6, f64::NAN);

        let epochs: Vec<u64> = undo_average(&averages, 0.3).iter().map(|instant| instant.epoch).collect();

        assert_eq!(epochs, [1, 2, 5]);
        assert!(undo_average(&averages, 0.0).is_empty() && undo_average(&averages, f64::NAN).is_empty());
    }

    #[test]
    fn errors_grow_as_announced() {
        let mut random = Random::new(4, &[]);
        let clean = averaged((0..4000).map(|_| 1.0), 0.2);
        let noisy = clean.iter().map(|(&epoch, &average)| (epoch, average + 0.01 * random.normal())).collect();

        let instants = undo_average(&noisy, 0.2);

        let squares: f64 = instants.iter().map(|instant| (instant.value - 1.0).powi(2)).sum();
        let deviation = (squares / instants.len() as f64).sqrt();
        let announced = 0.01 * instants[0].growth;
        assert!((deviation / announced - 1.0).abs() < 0.1, "{deviation} {announced}");
    }

    #[test]
    fn the_rate_of_an_average_is_found() {
        for rate in [0.1, 0.3, 0.6] {
            let mut random = Random::new(8, &[]);
            let averages = averaged((0..600).map(|_| 1.0 + 0.3 * random.normal()), rate);

            let fitted = fit_rate(&averages).unwrap();

            assert!((fitted - rate).abs() < 0.09, "{fitted} {rate}");
        }
    }

    #[test]
    fn what_is_no_average_is_left_alone_and_little_is_not_judged() {
        let mut random = Random::new(8, &[]);
        let independent: BTreeMap<u64, f64> = (0..300).map(|epoch| (epoch, random.normal())).collect();

        assert_eq!(fit_rate(&independent), Some(1.0));
        assert_eq!(fit_rate(&independent.range(..20).map(|(k, v)| (*k, *v)).collect()), None);
        assert_eq!(undo_average(&independent, 1.0).len(), 300);
    }

    #[test]
    fn weights_are_relative_to_those_who_are_weighed_at_all() {
        assert_eq!(relative_weight(0.5, &[0.375, 0.125, 0.0]), Some(2.0));
        assert_eq!(relative_weight(0.0, &[0.2]), Some(0.0));
        for (own, others) in
            [(0.1, vec![]), (0.1, vec![0.0]), (f64::NAN, vec![0.1]), (-0.1, vec![0.1]), (0.1, vec![-1.0])]
        {
            assert_eq!(relative_weight(own, &others), None, "{own} {others:?}");
        }
    }

    #[test]
    fn a_row_tells_the_weight_relative_to_the_others() {
        let row = Row { weight: 300, total: 900, rated: 4, largest: 400 };

        assert_eq!(row.relative(), Some(1.5));
        assert_eq!(Row { weight: 0, total: 600, rated: 3, ..row }.relative(), Some(0.0));
        for row in [Row { total: 300, rated: 1, ..row }, Row { total: 200, ..row }, Row { rated: 0, ..row }] {
            assert_eq!(row.relative(), None, "{row:?}");
        }
    }

    #[test]
    fn an_average_weight_is_a_score_of_a_half() {
        assert_eq!(score(1.0), Some(0.5));
        assert_eq!(score(3.0), Some(0.75));
        assert_eq!((score(f64::NAN), score(-1.0)), (None, None));
    }

    #[test]
    fn hidden_weights_belong_to_the_epoch_in_which_they_were_made() {
        assert_eq!(answered_in(10, 0), Some(10));
        assert_eq!(answered_in(10, 3), Some(7));
        assert_eq!(answered_in(2, 3), None);
    }

    #[test]
    fn epochs_of_absence_or_with_gaps_are_no_evidence() {
        let good = EpochFacts { uptime: Some(0.95), has_gap: false, answers: 3 };

        assert_eq!(good.excluded(), None);
        assert_eq!(EpochFacts { uptime: Some(0.89), ..good }.excluded(), Some(Excluded::Uptime));
        assert_eq!(EpochFacts { uptime: None, ..good }.excluded(), Some(Excluded::Uptime));
        assert_eq!(EpochFacts { uptime: Some(f64::NAN), ..good }.excluded(), Some(Excluded::Uptime));
        assert_eq!(EpochFacts { has_gap: true, ..good }.excluded(), Some(Excluded::Gap));
        assert_eq!(EpochFacts { answers: 0, ..good }.excluded(), Some(Excluded::NoAnswers));
    }
}
