//! What one validator's score of one epoch is evidence for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::posterior::Effect;

/// The largest score, to both sides of 0, that is believed to be one.
const LARGEST_SCORE: f64 = 10.0;

/// One validator's score of one epoch, and the answers it is the mean of.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The epoch in which the answers were given.
    pub epoch: u64,
    /// Who scored them.
    pub validator: u32,
    /// What was answered; the order is of no importance.
    pub answers: Vec<Answers>,
    /// The mean score; 1 is as good as an answer can be.
    pub score: f64,
}

/// Answers of one arm to tasks of one class.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// The class.
    pub task: u32,
    /// The arm.
    pub arm: u32,
    /// How many.
    pub count: u32,
}

/// Evidence that cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EvidenceError {
    /// The score is not a number, or infinite.
    #[error("the score is no finite number")]
    NotFinite,
    /// No validator scores like this.
    #[error("the score is not between -{LARGEST_SCORE} and {LARGEST_SCORE}")]
    OutOfRange,
    /// A score without answers says nothing about an arm.
    #[error("there are no answers that the score could be of")]
    NoAnswers,
    /// The epoch is so old that it is no longer told apart from others.
    #[error("the evidence is older than the window for late evidence")]
    TooLate,
}

impl Evidence {
    /// Checks that the score can be one.
    ///
    /// # Errors
    /// If it is no number, out of range, or of no answers.
    pub fn check(&self) -> Result<(), EvidenceError> {
        if !self.score.is_finite() {
            return Err(EvidenceError::NotFinite);
        }
        if self.score.abs() > LARGEST_SCORE {
            return Err(EvidenceError::OutOfRange);
        }
        if self.count() == 0 { Err(EvidenceError::NoAnswers) } else { Ok(()) }
    }

    /// Returns how many answers the score is the mean of.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.answers.iter().map(|answers| u64::from(answers.count)).sum()
    }

    /// Returns the effects that the score is the sum of, each with its share.
    #[must_use]
    pub fn weights(&self) -> Vec<(Effect, f64)> {
        let total = self.count() as f64;
        let mut weights = BTreeMap::from([(Effect::Validator(self.validator), 1.0)]);
        for answers in self.answers.iter().filter(|answers| answers.count > 0) {
            let (task, arm) = (answers.task, answers.arm);
            for effect in [Effect::Task(task), Effect::Arm(arm), Effect::Cell { task, arm }] {
                *weights.entry(effect).or_insert(0.0) += f64::from(answers.count) / total;
            }
        }
        weights.into_iter().collect()
    }

    /// Puts the answers into the order of classes and arms, each pair once, so that equal evidence looks equal.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        let mut counts: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        for answers in &self.answers {
            let count = counts.entry((answers.task, answers.arm)).or_insert(0);
            *count = count.saturating_add(answers.count);
        }
        self.answers = counts.into_iter().map(|((task, arm), count)| Answers { task, arm, count }).collect();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(score: f64, answers: &[(u32, u32, u32)]) -> Evidence {
        let answers = answers.iter().map(|&(task, arm, count)| Answers { task, arm, count }).collect();
        Evidence { epoch: 1, validator: 2, answers, score }
    }

    #[test]
    fn weights_are_shares_of_the_answers() {
        let weights = evidence(0.5, &[(0, 0, 1), (1, 0, 2), (1, 5, 1)]).weights();

        let of = |effect| weights.iter().find(|(other, _)| *other == effect).map(|(_, weight)| *weight);
        assert_eq!(of(Effect::Validator(2)), Some(1.0));
        assert_eq!(of(Effect::Task(1)), Some(0.75));
        assert_eq!(of(Effect::Arm(0)), Some(0.75));
        assert_eq!(of(Effect::Cell { task: 1, arm: 5 }), Some(0.25));
        assert_eq!(weights.len(), 8);
    }

    #[test]
    fn what_cannot_be_a_score_is_refused() {
        let cases = [
            (f64::NAN, EvidenceError::NotFinite),
            (f64::INFINITY, EvidenceError::NotFinite),
            (-11.0, EvidenceError::OutOfRange),
        ];

        for (score, error) in cases {
            assert_eq!(evidence(score, &[(0, 0, 1)]).check(), Err(error), "{score}");
        }
        assert_eq!(evidence(0.5, &[(0, 0, 0)]).check(), Err(EvidenceError::NoAnswers));
        assert_eq!(evidence(-3.0, &[(0, 0, 1)]).check(), Ok(()));
    }

    #[test]
    fn equal_evidence_looks_equal_when_sorted() {
        let one = evidence(0.5, &[(1, 0, 1), (0, 0, 1), (1, 0, 1)]).sorted();

        assert_eq!(one, evidence(0.5, &[(0, 0, 1), (1, 0, 2)]));
    }
}
