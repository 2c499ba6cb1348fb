//! Summarises a report with the facts that must appear.

use super::{Form, Solution, between};

pub(super) fn solve(prompt: &str) -> Option<Solution> {
    prompt.strip_prefix("Summarise the report in one line")?;
    let facts: Vec<_> = between(prompt, "It must contain each of: ", ". Report:")?.split("; ").collect();
    let (_, all_but_first) = facts.split_first()?;
    let written = |facts: &[&str]| format!("The harbour's report names {}.", facts.join(" and "));
    Some(Solution { form: Form::Summary, right: written(&facts), wrong: written(all_but_first) })
}
