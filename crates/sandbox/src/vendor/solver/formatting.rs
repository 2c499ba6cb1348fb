//! Writes given data in the form asked for.

use super::{Form, Solution, between};

pub(super) fn solve(prompt: &str) -> Option<Solution> {
    object(prompt).or_else(|| list(prompt))
}

fn object(prompt: &str) -> Option<Solution> {
    let given = between(prompt, "with exactly these keys and values: ", ". Answer with the JSON object only.")?;
    let fields: Option<Vec<_>> = given.split(", ").map(|field| field.split_once(" is ")).collect();
    let fields = fields?;
    let written = |fields: &[(&str, &str)]| {
        let fields: Vec<_> = fields.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        format!("{{{}}}", fields.join(", "))
    };
    // Values are exchanged: all keys are there, but two do not mean what they should.
    let mut exchanged = fields.clone();
    if let [(_, first), (_, second), ..] = exchanged.as_mut_slice() {
        std::mem::swap(first, second);
    }
    Some(Solution { form: Form::Json, right: written(&fields), wrong: written(&exchanged) })
}

fn list(prompt: &str) -> Option<Solution> {
    let given = between(prompt, "Sort these words alphabetically: ", ". Answer")?;
    let mut words: Vec<_> = given.split(", ").collect();
    words.sort_unstable();
    let right = words.join(", ");
    if let [first, second, ..] = words.as_mut_slice() {
        std::mem::swap(first, second);
    }
    Some(Solution { form: Form::List, right, wrong: words.join(", ") })
}
