//! What a validator makes of an answer: pure, so that a score is a fact.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::task::Judgement;

/// `validators[].strictness` in sandbox.json
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Strictness {
    /// The share of the score that a wrong form costs, from 0 to 1.
    pub format: f64,
    /// The share of the score that an answer just before the timeout loses, from 0 to 1; a quicker one loses less.
    pub latency: f64,
}

impl Strictness {
    /// Scores an answer, from 0 to 1: what is right of it, less what form and latency cost.
    #[must_use]
    pub fn score(self, judgement: Judgement, latency: Duration, timeout: Duration) -> f64 {
        let form = if judgement.format_ok { 1.0 } else { 1.0 - self.format };
        let waited = latency.as_secs_f64() / timeout.as_secs_f64().max(0.001);
        let speed = 1.0 - self.latency * waited.min(1.0);
        (judgement.correct * form * speed).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(10);

    #[test]
    fn a_perfect_answer_at_once_scores_one() {
        let perfect = Judgement { correct: 1.0, format_ok: true };

        assert_eq!(strict().score(perfect, Duration::ZERO, TIMEOUT), 1.0);
    }

    #[test]
    fn form_and_latency_cost_what_they_say() {
        let formless = Judgement { correct: 1.0, format_ok: false };
        let perfect = Judgement { correct: 1.0, format_ok: true };

        assert_eq!(strict().score(formless, Duration::ZERO, TIMEOUT), 0.5);
        assert_eq!(strict().score(perfect, TIMEOUT / 2, TIMEOUT), 0.9);
        assert_eq!(strict().score(perfect, TIMEOUT * 3, TIMEOUT), 0.8);
    }

    #[test]
    fn a_wrong_answer_scores_nothing() {
        let wrong = Judgement { correct: 0.0, format_ok: true };

        assert_eq!(strict().score(wrong, Duration::ZERO, Duration::ZERO), 0.0);
    }

    fn strict() -> Strictness {
        Strictness { format: 0.5, latency: 0.2 }
    }
}
