//! What many judged tasks come to.

use std::fmt;

use serde::Serialize;

use crate::score_log::{Outcome, Score};

/// Counts and means.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Tasks that were asked.
    pub asked: usize,
    /// Tasks with an answer, right or wrong.
    pub answered: usize,
    /// Tasks that the miner refused honestly.
    pub refused: usize,
    /// The mean score of all tasks asked, from 0 to 1.
    pub mean_score: f64,
    /// The mean score of the tasks answered, from 0 to 1.
    pub mean_score_of_answers: f64,
    /// The share of tasks asked that got an honest reply, answer or refusal, from 0 to 1.
    pub availability: f64,
}

impl Summary {
    /// Sums up.
    #[must_use]
    pub fn of(scores: &[Score]) -> Self {
        let count = |outcome: Outcome| scores.iter().filter(|score| score.outcome == outcome).count();
        let (answered, refused) = (count(Outcome::Answered), count(Outcome::Refused));
        // Not `sum`, which makes a minus zero of nothing.
        let total = scores.iter().fold(0.0, |total, score| total + score.score);
        let per = |number: usize| number.max(1) as f64;
        Self {
            asked: scores.len(),
            answered,
            refused,
            mean_score: total / per(scores.len()),
            mean_score_of_answers: total / per(answered),
            availability: (answered + refused) as f64 / per(scores.len()),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, answered, refused, mean_score, mean_score_of_answers, availability } = self;
        let availability = availability * 100.0;
        write!(f, "{asked} asked, {answered} answered, {refused} refused; ")?;
        write!(f, "mean score {mean_score:.2}, of answers {mean_score_of_answers:.2}; availability {availability:.1} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Kind;

    #[test]
    fn refusals_are_available_but_score_nothing() {
        let scores = [
            score(Outcome::Answered, 1.0),
            score(Outcome::Answered, 0.5),
            score(Outcome::Refused, 0.0),
            score(Outcome::Broken, 0.0),
        ];

        let summary = Summary::of(&scores);

        assert_eq!((summary.asked, summary.answered, summary.refused), (4, 2, 1));
        assert_eq!((summary.mean_score, summary.mean_score_of_answers), (0.375, 0.75));
        assert_eq!(summary.availability, 0.75);
    }

    #[test]
    fn nothing_comes_to_nothing() {
        let summary = Summary::of(&[]);

        assert_eq!(summary.availability, 0.0);
        assert!(summary.mean_score.is_sign_positive());
    }

    fn score(outcome: Outcome, score: f64) -> Score {
        Score {
            unix_ms: 1,
            validator: "even".into(),
            number: 0,
            kind: Kind::Choice,
            status: 200,
            outcome,
            reason: None,
            correct: 1.0,
            format_ok: true,
            latency_ms: 7,
            score,
            model: None,
        }
    }
}
