//! From a reply to a line in the scores: pure.

use std::time::Duration;

use super::milliseconds;
use crate::dendrite::Reply;
use crate::score_log::{Outcome, Score};
use crate::settings;
use crate::task::{Judgement, Task};

/// The longest message of a miner that is kept.
const LONGEST_REASON: usize = 200;

/// A question and what became of it.
pub(super) struct Asked<'a> {
    pub(super) habits: &'a settings::Validator,
    pub(super) number: u64,
    pub(super) task: &'a Task,
    pub(super) unix_ms: u64,
    pub(super) latency: Duration,
}

impl Asked<'_> {
    /// Scores the reply.
    pub(super) fn judge(&self, reply: Reply, model: Option<String>) -> Score {
        let nothing = Judgement { correct: 0.0, format_ok: false };
        let (status, outcome, reason, judgement) = match reply {
            Reply::Answered(answer) => (200, Outcome::Answered, None, self.task.expected.judge(&answer)),
            Reply::Refused { status, message } => (status, Outcome::Refused, Some(shortened(message)), nothing),
            Reply::Broken { status, why } => (status, Outcome::Broken, Some(shortened(why)), nothing),
        };
        Score {
            unix_ms: self.unix_ms,
            validator: self.habits.name.clone(),
            number: self.number,
            kind: self.task.kind,
            status,
            outcome,
            reason,
            correct: judgement.correct,
            format_ok: judgement.format_ok,
            latency_ms: milliseconds(self.latency),
            score: self.habits.strictness.score(judgement, self.latency, self.habits.timeout()),
            // An answer that came in spite of the vendor's silence is nobody's.
            model: model.filter(|_| outcome == Outcome::Answered),
        }
    }
}

fn shortened(mut message: String) -> String {
    message.truncate(message.floor_char_boundary(LONGEST_REASON));
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use crate::task::{self, Kind, Mix};

    #[test]
    fn only_an_answer_scores() {
        let settings = Settings::new(1, "127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
        let task = task::generate(1, 0, &Mix::from([(Kind::Choice, 1)]));
        let habits = &settings.validators[0];
        let asked = Asked { habits, number: 0, task: &task, unix_ms: 5, latency: Duration::ZERO };
        let letters = ["A", "B", "C", "D"];

        let scores = letters.map(|letter| asked.judge(Reply::Answered(letter.into()), Some("m".into())).score);
        let refused = asked.judge(Reply::Refused { status: 503, message: "x".repeat(999) }, Some("m".into()));
        let broken = asked.judge(Reply::Broken { status: 408, why: "late".into() }, None);

        assert_eq!(scores.iter().filter(|score| **score == 1.0).count(), 1);
        assert_eq!((refused.score, refused.outcome, refused.model), (0.0, Outcome::Refused, None));
        assert_eq!(refused.reason.map(|reason| reason.len()), Some(LONGEST_REASON));
        assert_eq!((broken.status, broken.outcome), (408, Outcome::Broken));
    }
}
