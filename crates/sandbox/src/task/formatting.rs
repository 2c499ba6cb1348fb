//! Given data in a given form: a JSON object, or a sorted list.

use serde_json::{Map, Value};

use super::words::{CITIES, FIRST_NAMES, LAST_NAMES, WORDS};
use super::{Expected, Judgement};
use crate::random::Draws;

/// The JSON object that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Object(Map<String, Value>);

/// The words that are asked for, in their order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct List(Vec<String>);

/// Makes one or the other.
pub(super) fn make(draws: &mut Draws) -> (String, Expected) {
    if draws.chance(0.5) { object(draws) } else { list(draws) }
}

fn object(draws: &mut Draws) -> (String, Expected) {
    let name = format!("{} {}", draws.pick(&FIRST_NAMES), draws.pick(&LAST_NAMES));
    let city = draws.pick(&CITIES);
    let orders = draws.between(2, 400);
    let prompt = format!(
        "Write a JSON object with exactly these keys and values: \"name\" is \"{name}\", \"city\" is \"{city}\", \
         \"orders\" is {orders}. Answer with the JSON object only."
    );
    let fields = [("name", Value::from(name)), ("city", city.into()), ("orders", orders.into())];
    (prompt, Expected::Object(Object(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())))
}

fn list(draws: &mut Draws) -> (String, Expected) {
    let words = draws.pick_some(&WORDS, 5);
    let prompt = format!(
        "Sort these words alphabetically: {}. Answer with one line of the words separated by commas, and nothing else.",
        words.join(", ")
    );
    let mut sorted: Vec<_> = words.into_iter().map(str::to_owned).collect();
    sorted.sort_unstable();
    (prompt, Expected::List(List(sorted)))
}

impl Object {
    /// Each key with its value counts, if there are no others; nothing may stand around the object.
    pub(super) fn judge(&self, answer: &str) -> Judgement {
        let whole = serde_json::from_str::<Map<String, Value>>(answer.trim()).ok();
        let format_ok = whole.as_ref().is_some_and(|given| given.keys().len() == self.0.len());
        let given = whole.or_else(|| embedded(answer)).unwrap_or_default();
        let right = self.0.iter().filter(|(key, value)| given.get(*key) == Some(value)).count();
        let invented = given.len().saturating_sub(self.0.len());
        Judgement::share(right.saturating_sub(invented), self.0.len(), format_ok)
    }
}

fn embedded(answer: &str) -> Option<Map<String, Value>> {
    let (start, end) = (answer.find('{')?, answer.rfind('}')?);
    serde_json::from_str(answer.get(start..=end)?).ok()
}

impl List {
    /// Each word in its place counts; one line of words and commas is the form.
    pub(super) fn judge(&self, answer: &str) -> Judgement {
        let answer = answer.trim();
        let plain = |c: char| c.is_ascii_lowercase() || c == ',' || c == ' ';
        let format_ok = !answer.is_empty() && answer.chars().all(plain);
        let list = answer.rsplit(':').next().unwrap_or_default();
        let given: Vec<_> = list.split(',').map(|word| word.trim().trim_end_matches('.')).collect();
        let right = self.0.iter().zip(&given).filter(|(expected, word)| expected == *word).count();
        let invented = given.len().saturating_sub(self.0.len());
        Judgement::share(right.saturating_sub(invented), self.0.len(), format_ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_object_is_best() {
        let object = Object(Map::from_iter([("a".to_owned(), 1.into()), ("b".to_owned(), "x".into())]));
        let cases = [
            (r#"{"a": 1, "b": "x"}"#, 1.0, true),
            ("```json\n{\"b\":\"x\",\"a\":1}\n```", 1.0, false),
            (r#"{"a": 1, "b": "y"}"#, 0.5, true),
            (r#"{"a": 1, "b": "x", "c": 0}"#, 0.5, false),
            ("} {", 0.0, false),
        ];

        for (answer, correct, format_ok) in cases {
            assert_eq!(object.judge(answer), Judgement { correct, format_ok }, "{answer}");
        }
    }

    #[test]
    fn a_bare_list_is_best() {
        let list = List(vec!["apple".into(), "fig".into()]);
        let cases = [
            ("apple, fig", 1.0, true),
            ("apple,fig", 1.0, true),
            ("Sorted: apple, fig.", 1.0, false),
            ("fig, apple", 0.0, true),
            ("apple, fig, pear", 0.5, true),
        ];

        for (answer, correct, format_ok) in cases {
            assert_eq!(list.judge(answer), Judgement { correct, format_ok }, "{answer}");
        }
    }
}
