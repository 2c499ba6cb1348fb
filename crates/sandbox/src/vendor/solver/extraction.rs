//! Finds one detail of one person in a text about several.

use super::{Form, Solution, between};

pub(super) fn solve(prompt: &str) -> Option<Solution> {
    let (question, text) = prompt.strip_prefix("Find the ")?.split_once(" Answer with it only. Text: ")?;
    let (detail, name) = question.strip_suffix(" in the text.")?.split_once(" of ")?;
    let (start, end) = match detail {
        "e-mail address" => (" reads mail at ", " "),
        "order number" => (" has the order number ", " "),
        "city" => (" lives in ", ","),
        _ => return None,
    };
    let sentences = text.split_inclusive("every day.");
    let (about, others): (Vec<_>, Vec<_>) = sentences.partition(|sentence| sentence.trim_start().starts_with(name));
    let find = |sentence: &&str| between(sentence, start, end).map(str::to_owned);
    let right = about.iter().find_map(find)?;
    let wrong = others.iter().find_map(find)?;
    Some(Solution { form: Form::Detail, right, wrong })
}
