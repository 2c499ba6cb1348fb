//! Solves the sandbox's tasks from their text alone: what a model would find, and a mistake it could make.

mod choice;
mod expression;
mod extraction;
mod formatting;
mod summary;

use crate::task::Kind;

/// A task understood.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Solution {
    /// The form of the answer.
    pub(super) form: Form,
    /// The right answer, in the form asked for.
    pub(super) right: String,
    /// A wrong one, in the form asked for.
    pub(super) wrong: String,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// A number.
    Number(i64),
    /// A detail of a text.
    Detail,
    /// The letter of an option.
    Letter,
    /// A JSON object.
    Json,
    /// Words separated by commas.
    List,
    /// One line of text.
    Summary,
}

impl Solution {
    /// The sort of task.
    pub(super) fn kind(&self) -> Kind {
        match self.form {
            Form::Number(_) => Kind::Arithmetic,
            Form::Detail => Kind::Extraction,
            Form::Letter => Kind::Choice,
            Form::Json | Form::List => Kind::Formatting,
            Form::Summary => Kind::Summary,
        }
    }
}

/// Solves a prompt, if it is a task of the sandbox.
pub(super) fn solve(prompt: &str) -> Option<Solution> {
    let prompt = prompt.trim();
    expression::solve(prompt)
        .or_else(|| extraction::solve(prompt))
        .or_else(|| choice::solve(prompt))
        .or_else(|| formatting::solve(prompt))
        .or_else(|| summary::solve(prompt))
}

/// Returns what stands between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(middle, _)| middle)
}

/// Returns all whole numbers of a text.
fn numbers(text: &str) -> Vec<i64> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_task_is_left_alone() {
        let prompts = [
            "",
            "Hello",
            "Compute . Answer with the number only.",
            "Compute 1 + . Answer with the number only.",
            "What's ((((? Answer with the number only.",
            "Find the city of Nobody in the text. Answer with it only. Text: ",
            "Which of these numbers is the largest? Answer with the letter only.",
            "Sort these words alphabetically: .",
            "Write a JSON object with exactly these keys and values: . Answer with",
        ];

        for prompt in prompts {
            assert_eq!(solve(prompt), None, "{prompt}");
        }
    }
}
