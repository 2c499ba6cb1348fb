//! Picks one of the options.

use super::{Form, Solution, between};
use crate::task::CAPITALS;

pub(super) fn solve(prompt: &str) -> Option<Solution> {
    let (question, options) = prompt.strip_suffix(" Answer with the letter only.")?.split_once("? ")?;
    let options = read(options)?;
    let right = if question.ends_with("is the largest") {
        best(&options, |option| option.parse::<i64>().ok())?
    } else if question.ends_with("is the smallest") {
        best(&options, |option| option.parse::<i64>().ok().map(|number| -number))?
    } else if question.ends_with("first in the alphabet") {
        options.iter().min_by_key(|(_, option)| *option)?.0
    } else {
        let country = question.strip_prefix("What is the capital of ")?;
        let (_, capital) = CAPITALS.iter().find(|(name, _)| *name == country)?;
        options.iter().find(|(_, option)| option == capital)?.0
    };
    let wrong = options.iter().map(|(letter, _)| *letter).find(|letter| *letter != right)?;
    Some(Solution { form: Form::Letter, right: right.to_owned(), wrong: wrong.to_owned() })
}

/// Returns letters and options.
fn read(options: &str) -> Option<Vec<(&'static str, &str)>> {
    // Each option ends where the next begins.
    let marks = [("A", "A) ", " B) "), ("B", " B) ", " C) "), ("C", " C) ", " D) ")];
    let mut read = Vec::new();
    for (letter, start, end) in marks {
        read.push((letter, between(options, start, end)?));
    }
    let (_, last) = options.split_once(" D) ")?;
    read.push(("D", last));
    Some(read)
}

fn best(options: &[(&'static str, &str)], value: impl Fn(&str) -> Option<i64>) -> Option<&'static str> {
    let valued: Option<Vec<_>> = options.iter().map(|(letter, option)| Some((value(option)?, *letter))).collect();
    valued?.into_iter().max().map(|(_, letter)| letter)
}
