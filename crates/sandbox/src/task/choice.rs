//! Questions with four options.

use super::words::{CAPITALS, WORDS};
use super::{Expected, Judgement};
use crate::random::Draws;

/// The options' letters.
const LETTERS: [char; 4] = ['A', 'B', 'C', 'D'];

/// The letter of the right option.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Letter(char);

/// Makes a question.
pub(super) fn make(draws: &mut Draws) -> (String, Expected) {
    let (question, right, wrong) = match draws.below(4) {
        0 => numbers(draws, "largest", |numbers| numbers.last().copied()),
        1 => numbers(draws, "smallest", |numbers| numbers.first().copied()),
        2 => first_word(draws),
        _ => capital(draws),
    };
    let mut options = wrong;
    let place = draws.below(LETTERS.len() as u64) as usize;
    options.insert(place.min(options.len()), right);
    let listed: Vec<_> = LETTERS.iter().zip(&options).map(|(letter, option)| format!("{letter}) {option}")).collect();
    let letter = LETTERS.get(place).copied().unwrap_or('A');
    let prompt = format!("{question} {} Answer with the letter only.", listed.join(" "));
    (prompt, Expected::Letter(Letter(letter)))
}

type Question = (String, String, Vec<String>);

fn numbers(draws: &mut Draws, which: &str, right: fn(&[i64]) -> Option<i64>) -> Question {
    let mut numbers = Vec::new();
    while numbers.len() < LETTERS.len() {
        let number = draws.between(100, 9_999);
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    let right = right(&numbers).unwrap_or_default();
    let mut wrong: Vec<_> =
        numbers.into_iter().filter(|number| *number != right).map(|number| number.to_string()).collect();
    draws.shuffle(&mut wrong);
    (format!("Which of these numbers is the {which}?"), right.to_string(), wrong)
}

fn first_word(draws: &mut Draws) -> Question {
    let words = draws.pick_some(&WORDS, LETTERS.len());
    let right = words.iter().min().copied().unwrap_or_default();
    let wrong = words.iter().filter(|word| **word != right).map(|word| (*word).to_owned()).collect();
    ("Which of these words comes first in the alphabet?".into(), right.to_owned(), wrong)
}

fn capital(draws: &mut Draws) -> Question {
    let mut countries = draws.pick_some(&CAPITALS, LETTERS.len()).into_iter();
    let (country, capital) = countries.next().unwrap_or_default();
    let wrong = countries.map(|(_, capital)| capital.to_owned()).collect();
    (format!("What is the capital of {country}?"), capital.to_owned(), wrong)
}

impl Letter {
    /// The last letter of an option that stands by itself counts; nothing else may stand there.
    pub(super) fn judge(self, answer: &str) -> Judgement {
        let words = answer.split(|c: char| !c.is_ascii_alphanumeric());
        let last = words.filter_map(letter).next_back();
        Judgement::all_or_nothing(last == Some(self.0), letter(answer.trim()).is_some())
    }
}

fn letter(word: &str) -> Option<char> {
    let mut chars = word.chars();
    let first = chars.next().filter(|first| LETTERS.contains(first))?;
    chars.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bare_letter_is_best() {
        let cases = [
            ("B", 1.0, true),
            ("The answer is B.", 1.0, false),
            ("B)", 1.0, false),
            ("C", 0.0, true),
            ("b", 0.0, false),
        ];

        for (answer, correct, format_ok) in cases {
            assert_eq!(Letter('B').judge(answer), Judgement { correct, format_ok }, "{answer}");
        }
    }
}
