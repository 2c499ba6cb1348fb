//! Tasks with answers that can be checked: made from a seed, judged without a model.

mod arithmetic;
mod choice;
mod extraction;
mod formatting;
mod summary;
mod words;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::random::Draws;

pub(crate) use words::CAPITALS;

/// A sort of task.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A sum, or a small word problem.
    Arithmetic,
    /// One detail to be found in a text.
    Extraction,
    /// One of four options.
    Choice,
    /// Given data in a given form.
    Formatting,
    /// A short summary that must contain given facts.
    Summary,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Arithmetic, Self::Extraction, Self::Choice, Self::Formatting, Self::Summary];

    /// Returns the kind's name as it stands in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Arithmetic => "arithmetic",
            Self::Extraction => "extraction",
            Self::Choice => "choice",
            Self::Formatting => "formatting",
            Self::Summary => "summary",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How often each kind comes, relative to the others; a kind that is left out never comes.
pub type Mix = BTreeMap<Kind, u32>;

/// One task.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its sort.
    pub kind: Kind,
    /// What is asked; printable ASCII.
    pub prompt: String,
    /// What a good answer is.
    pub expected: Expected,
}

/// What a good answer is.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// A whole number.
    Number(arithmetic::Number),
    /// One of several details of a text.
    Detail(extraction::Detail),
    /// The letter of an option.
    Letter(choice::Letter),
    /// A JSON object.
    Object(formatting::Object),
    /// Words in their order.
    List(formatting::List),
    /// A summary.
    Facts(summary::Facts),
}

/// What an answer is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// The share of the answer that is right, from 0 to 1.
    pub correct: f64,
    /// Whether it has the form that was asked for.
    pub format_ok: bool,
}

/// Makes the task of a seed and a number: always the same one.
#[must_use]
pub fn generate(seed: u64, number: u64, mix: &Mix) -> Task {
    let mut draws = Draws::new(seed.wrapping_add(number.wrapping_mul(0x9e37_79b9)), "task");
    let kind = kind(&mut draws, mix);
    let (prompt, expected) = match kind {
        Kind::Arithmetic => arithmetic::make(&mut draws),
        Kind::Extraction => extraction::make(&mut draws),
        Kind::Choice => choice::make(&mut draws),
        Kind::Formatting => formatting::make(&mut draws),
        Kind::Summary => summary::make(&mut draws),
    };
    Task { kind, prompt, expected }
}

fn kind(draws: &mut Draws, mix: &Mix) -> Kind {
    let total = mix.values().map(|weight| u64::from(*weight)).sum();
    let mut drawn = draws.below(total);
    for (kind, weight) in mix {
        match drawn.checked_sub(u64::from(*weight)) {
            Some(rest) => drawn = rest,
            None => return *kind,
        }
    }
    Kind::Arithmetic
}

impl Expected {
    /// Checks an answer.
    #[must_use]
    pub fn judge(&self, answer: &str) -> Judgement {
        match self {
            Self::Number(number) => number.judge(answer),
            Self::Detail(detail) => detail.judge(answer),
            Self::Letter(letter) => letter.judge(answer),
            Self::Object(object) => object.judge(answer),
            Self::List(list) => list.judge(answer),
            Self::Facts(facts) => facts.judge(answer),
        }
    }
}

impl Judgement {
    fn all_or_nothing(correct: bool, format_ok: bool) -> Self {
        Self { correct: f64::from(u8::from(correct)), format_ok }
    }

    /// Counts what is right of `all`.
    fn share(right: usize, all: usize, format_ok: bool) -> Self {
        Self { correct: right as f64 / all.max(1) as f64, format_ok }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_number_give_the_same_task() {
        let mix = even();

        for number in 0..200 {
            assert_eq!(generate(1, number, &mix), generate(1, number, &mix));
        }
        assert_ne!(generate(1, 0, &mix), generate(2, 0, &mix));
    }

    #[test]
    fn prompts_are_printable_ascii() {
        for number in 0..1_000 {
            let task = generate(3, number, &even());

            assert!(task.prompt.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{}", task.prompt);
        }
    }

    #[test]
    fn the_mix_is_kept() {
        let mix = Mix::from([(Kind::Choice, 3), (Kind::Summary, 1)]);

        let choices = (0..2_000).filter(|number| generate(5, *number, &mix).kind == Kind::Choice).count();

        assert!((1_400..1_600).contains(&choices), "{choices}");
        assert!((0..2_000).all(|number| matches!(generate(5, number, &mix).kind, Kind::Choice | Kind::Summary)));
    }

    #[test]
    fn no_answer_of_another_kind_is_right() {
        for number in 0..500 {
            let task = generate(4, number, &even());

            for answer in ["", "\u{0}", "I do not know", "{}", "Sure!"] {
                assert!(task.expected.judge(answer).correct < 0.01, "{}: {answer}", task.prompt);
            }
        }
    }

    fn even() -> Mix {
        Kind::ALL.into_iter().map(|kind| (kind, 1)).collect()
    }
}
