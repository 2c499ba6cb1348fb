//! Which of several answers most of them agree on.

use std::collections::HashMap;

use common::strategy::TaskClass;
use serde_json::Value;

/// Returns the place of the first answer of the largest group that says the same; none if there are no answers. Of groups of
/// the same size the earliest is taken.
#[must_use]
pub fn vote(class: TaskClass, answers: &[Value]) -> Option<usize> {
    let mut groups: HashMap<String, (usize, usize)> = HashMap::new();
    for (index, answer) in answers.iter().enumerate() {
        groups.entry(said(class, answer)).or_insert((0, index)).0 += 1;
    }
    groups.into_values().max_by_key(|(count, first)| (*count, std::cmp::Reverse(*first))).map(|(_, first)| first)
}

/// What an answer says, without its manner.
fn said(class: TaskClass, answer: &Value) -> String {
    match answer {
        Value::String(text) => match class {
            TaskClass::MultipleChoice => letter(text).map_or_else(|| plain(text), |letter| letter.to_string()),
            TaskClass::Math => last_number(text).unwrap_or_else(|| plain(text)),
            TaskClass::Code
            | TaskClass::Logic
            | TaskClass::Translation
            | TaskClass::Summary
            | TaskClass::Structured
            | TaskClass::Question
            | TaskClass::Creative
            | TaskClass::Rewrite
            | TaskClass::Labelling
            | TaskClass::Chat
            | TaskClass::Unknown => plain(text),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => answer.to_string(),
    }
}

/// Words in lower case, without punctuation.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// The last capital from A to H that stands alone.
fn letter(text: &str) -> Option<char> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.filter_map(|word| word.parse().ok()).rfind(|letter| ('A'..='H').contains(letter))
}

/// The last number, without separators of thousands.
fn last_number(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| *c != ',').collect();
    let numbers = text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'));
    let mut numbers = numbers.map(|number| number.trim_end_matches('.')).rev();
    numbers.find_map(|number| number.parse::<f64>().ok()).map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_answer_of_most_is_taken_in_the_words_of_the_first_of_them() {
        let cases = [
            (TaskClass::Math, json!(["It is 12.", "13", "So the answer is 12"]), 0),
            (TaskClass::Math, json!(["1", "1,200 apples", "x = 1200.0"]), 1),
            (TaskClass::MultipleChoice, json!(["A", "The answer is (B)", "B) 7"]), 1),
            (TaskClass::Labelling, json!(["Negative", "positive.", "Positive"]), 1),
            (TaskClass::Unknown, json!([{ "a": 1 }, { "a": 2 }, { "a": 2 }]), 1),
            (TaskClass::Unknown, json!([7, 8, 9]), 0),
        ];

        for (class, answers, expected) in cases {
            let answers = answers.as_array().unwrap();

            assert_eq!(vote(class, answers), Some(expected), "{class} {answers:?}");
        }
    }

    #[test]
    fn without_answers_nobody_wins() {
        assert_eq!(vote(TaskClass::Math, &[]), None);
    }
}
