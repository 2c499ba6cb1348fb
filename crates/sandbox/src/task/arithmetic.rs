//! Sums and small word problems.

use super::words::THINGS;
use super::{Expected, Judgement};
use crate::random::Draws;

/// The number that is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Number(i64);

/// Makes a problem.
pub(super) fn make(draws: &mut Draws) -> (String, Expected) {
    let (a, b, c) = (draws.between(12, 99), draws.between(3, 40), draws.between(2, 90));
    let (prompt, result) = match draws.below(4) {
        0 => (format!("Compute {a} * {b} - {c}."), a * b - c),
        1 => (format!("Compute {a} - {c} + {b} * {c}."), a - c + b * c),
        2 => (format!("What's ({a} + {b}) * {c}?"), (a + b) * c),
        _ => {
            let things = draws.pick(&THINGS);
            let left = a * b - c.min(a * b);
            let story = format!("A shelf holds {a} boxes with {b} {things} each, and {c} {things} are taken away.");
            (format!("{story} How many {things} are left?"), left)
        }
    };
    (format!("{prompt} Answer with the number only."), Expected::Number(Number(result)))
}

impl Number {
    /// The last whole number in the answer counts; nothing else may stand there.
    pub(super) fn judge(self, answer: &str) -> Judgement {
        let answer = answer.trim();
        let given = answer.split(|c: char| !c.is_ascii_digit() && c != '-').rfind(|part| !part.is_empty());
        let given: Option<i64> = given.and_then(|part| part.parse().ok());
        Judgement::all_or_nothing(given == Some(self.0), answer.parse::<i64>().is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bare_number_is_best() {
        let cases = [("42", 1.0, true), (" 42\n", 1.0, true), ("It is 42.", 1.0, false), ("41", 0.0, true)];

        for (answer, correct, format_ok) in cases {
            assert_eq!(Number(42).judge(answer), Judgement { correct, format_ok }, "{answer}");
        }
        assert_eq!(Number(-7).judge("-7").correct, 1.0);
        assert_eq!(Number(1).judge("99999999999999999999").correct, 0.0);
    }
}
