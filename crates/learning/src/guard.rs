//! Guardrails: arms that fail are switched off, and a strategy that made things worse is taken back.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::cusum::Change;

/// Calls after which an arm's failures are counted.
const CALLS: u64 = 50;
/// An arm is switched off if at least one call in so many fails for technical reasons.
const ONE_IN: u64 = 20;
/// The epochs that are compared with those before them.
const RECENT: usize = 12;
/// The epochs before them.
const BEFORE: usize = 60;
/// The fewest of those that say what is usual.
const ENOUGH: usize = 30;
/// So many standard deviations below what is usual is no chance.
const FALL: f64 = 3.0;
/// Epochs without learning after a strategy was taken back.
pub const FREEZE_EPOCHS: u64 = 6;

/// Whether an arm fails too often for technical reasons: no answer, an empty one, or one in a wrong form.
#[must_use]
pub fn is_unreliable(calls: u64, failures: u64) -> bool {
    calls >= CALLS && failures.saturating_mul(ONE_IN) >= calls
}

/// Remembers how each validator scored, to notice a fall.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// Each validator's last scores, oldest first.
    scores: BTreeMap<u32, VecDeque<f64>>,
    frozen_until: Option<u64>,
}

/// What the guard wants.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Go on.
    Learn,
    /// Leave the strategy as it is until this epoch.
    Hold {
        /// The first epoch in which it may change again.
        until: u64,
    },
    /// Take back what was changed since the scores fell, and hold it until this epoch.
    RollBack {
        /// The first epoch in which it may change again.
        until: u64,
    },
}

impl Guard {
    /// Takes in a score.
    pub fn note(&mut self, validator: u32, score: f64) {
        let scores = self.scores.entry(validator).or_default();
        scores.push_back(score);
        if scores.len() > RECENT + BEFORE {
            scores.pop_front();
        }
    }

    /// Says what to do after an epoch. A change that was noticed explains a fall: then learning is the remedy.
    ///
    /// One validator of several may have reasons of its own; the strategy is to blame if at least half of them score it lower.
    pub fn advise(&mut self, epoch: u64, last_change: Option<(u64, Change)>) -> Advice {
        if let Some(until) = self.frozen_until.filter(|&until| epoch < until) {
            return Advice::Hold { until };
        }
        let explained = last_change.is_some_and(|(at, _)| epoch.saturating_sub(at) <= 2 * RECENT as u64);
        let falls: Vec<bool> = self.scores.values().filter_map(has_fallen).collect();
        let fallen = falls.iter().filter(|fallen| **fallen).count();
        if explained || fallen == 0 || fallen * 2 < falls.len() {
            return Advice::Learn;
        }
        let until = epoch.saturating_add(FREEZE_EPOCHS);
        self.frozen_until = Some(until);
        self.scores.clear();
        Advice::RollBack { until }
    }

    /// Holds the strategy as it is until this epoch.
    pub fn freeze(&mut self, until: u64) {
        self.frozen_until = Some(until);
    }

    /// Lets the strategy change again.
    pub fn thaw(&mut self) {
        self.frozen_until = None;
    }
}

/// Whether the last scores are lower than chance explains; nothing if there are too few.
fn has_fallen(scores: &VecDeque<f64>) -> Option<bool> {
    let before = scores.len().checked_sub(RECENT).filter(|&before| before >= ENOUGH)?;
    let (usual, deviation) = moments(scores.iter().copied().take(before));
    let (now, _) = moments(scores.iter().copied().skip(before));
    let error = deviation * ((RECENT as f64).recip() + (before as f64).recip()).sqrt();
    Some(usual - now > FALL * error && error > 0.0)
}

fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    (mean, variance.sqrt())
}

/// The last states of something, to go back to.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshots<T> {
    /// Epoch and state, oldest first.
    kept: VecDeque<(u64, T)>,
}

impl<T> Default for Snapshots<T> {
    fn default() -> Self {
        Self { kept: VecDeque::new() }
    }
}

impl<T: Clone> Snapshots<T> {
    /// How many are kept.
    const KEPT: usize = 8;

    /// Keeps a state, unless one of the last epochs is kept: eight of them reach back to before any fall.
    pub fn keep(&mut self, epoch: u64, state: &T) {
        let last = self.kept.back().map(|(last, _)| *last);
        if last.is_some_and(|last| epoch < last.saturating_add(RECENT as u64)) {
            return;
        }
        self.kept.push_back((epoch, state.clone()));
        if self.kept.len() > Self::KEPT {
            self.kept.pop_front();
        }
    }

    /// Returns the newest state from before the epochs that a fall is noticed in, or the oldest.
    #[must_use]
    pub fn before_fall(&self, epoch: u64) -> Option<&(u64, T)> {
        let old = self.kept.iter().rev().find(|(kept, _)| kept.saturating_add(RECENT as u64) <= epoch);
        old.or_else(|| self.kept.front())
    }

    /// Returns the epochs that can be gone back to, oldest first.
    pub fn epochs(&self) -> impl Iterator<Item = u64> {
        self.kept.iter().map(|(epoch, _)| *epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Six validators' scores over epochs, falling by `fall` at the end.
    fn guard(fall: f64, validators_that_fall: u32) -> Guard {
        let mut guard = Guard::default();
        let mut random = Random::new(1, &[]);
        for epoch in 0..72 {
            for validator in 0..6 {
                let lower = if epoch >= 60 && validator < validators_that_fall { fall } else { 0.0 };
                guard.note(validator, 0.7 - lower + 0.1 * random.normal());
            }
        }
        guard
    }

    #[test]
    fn an_unexplained_fall_takes_the_strategy_back_and_holds_it() {
        let mut guard = guard(0.2, 6);

        assert_eq!(guard.advise(72, None), Advice::RollBack { until: 78 });
        assert_eq!(guard.advise(77, None), Advice::Hold { until: 78 });
        assert_eq!(guard.advise(78, None), Advice::Learn);
    }

    #[test]
    fn a_fall_that_a_noticed_change_explains_is_learnt_from() {
        assert_eq!(guard(0.2, 6).advise(72, Some((61, Change::Worse))), Advice::Learn);
    }

    #[test]
    fn one_validator_alone_takes_nothing_back() {
        assert_eq!(guard(0.3, 1).advise(72, None), Advice::Learn);
        assert_eq!(guard(0.0, 6).advise(72, None), Advice::Learn);
    }

    #[test]
    fn an_arm_is_switched_off_by_a_twentieth_of_failures_in_enough_calls() {
        assert!(!is_unreliable(49, 49));
        assert!(!is_unreliable(100, 4));
        assert!(is_unreliable(100, 5));
    }

    #[test]
    fn snapshots_go_back_to_before_a_fall() {
        let mut snapshots = Snapshots::default();
        (0..200_u64).for_each(|epoch| snapshots.keep(epoch, &epoch));

        assert_eq!(snapshots.epochs().count(), 8);
        assert_eq!(snapshots.before_fall(200), Some(&(180, 180)));
        assert_eq!(snapshots.before_fall(5), Some(&(108, 108)));
    }
}
