//! Sums with the usual precedence, and the word problem.

use super::{Form, Solution, between, numbers};

/// The longest sum that is worked out.
const LONGEST: usize = 200;

pub(super) fn solve(prompt: &str) -> Option<Solution> {
    let question = prompt.strip_suffix("Answer with the number only.")?.trim();
    let result = match question.strip_prefix("A shelf holds ") {
        Some(story) => shelf(story)?,
        None => {
            let sum = question.strip_prefix("Compute ").or_else(|| between_question(question))?;
            evaluate(sum.trim_end_matches(['.', '?']))?
        }
    };
    // The digit that is carried is the one that is forgotten.
    let wrong = result + if result % 2 == 0 { 10 } else { -10 };
    Some(Solution { form: Form::Number(result), right: result.to_string(), wrong: wrong.to_string() })
}

fn between_question(question: &str) -> Option<&str> {
    question.strip_prefix("What's ").or_else(|| question.strip_prefix("What is "))
}

fn shelf(story: &str) -> Option<i64> {
    let given = between(story, "", "How many")?;
    match numbers(given).as_slice() {
        [boxes, each, taken] => boxes.checked_mul(*each)?.checked_sub(*taken),
        _ => None,
    }
}

fn evaluate(sum: &str) -> Option<i64> {
    let sum: Vec<char> = sum.chars().filter(|c| !c.is_whitespace()).take(LONGEST + 1).collect();
    if sum.len() > LONGEST {
        return None;
    }
    let mut rest = sum.as_slice();
    let result = terms(&mut rest)?;
    rest.is_empty().then_some(result)
}

/// Factors added and subtracted.
fn terms(rest: &mut &[char]) -> Option<i64> {
    let mut result = factors(rest)?;
    loop {
        match rest.split_first() {
            Some(('+', after)) => {
                *rest = after;
                result = result.checked_add(factors(rest)?)?;
            }
            Some(('-', after)) => {
                *rest = after;
                result = result.checked_sub(factors(rest)?)?;
            }
            Some(_) | None => return Some(result),
        }
    }
}

/// Values multiplied.
fn factors(rest: &mut &[char]) -> Option<i64> {
    let mut result = value(rest)?;
    while let Some(('*', after)) = rest.split_first() {
        *rest = after;
        result = result.checked_mul(value(rest)?)?;
    }
    Some(result)
}

/// A number, or a sum in parentheses.
fn value(rest: &mut &[char]) -> Option<i64> {
    if let Some(('(', after)) = rest.split_first() {
        *rest = after;
        let result = terms(rest)?;
        let (')', after) = rest.split_first()? else { return None };
        *rest = after;
        return Some(result);
    }
    let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    let (number, after) = rest.split_at_checked(digits)?;
    *rest = after;
    number.iter().collect::<String>().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_is_kept() {
        let cases = [("2 + 3 * 4", Some(14)), ("(2 + 3) * 4", Some(20)), ("9 - 3 - 2", Some(4)), ("7", Some(7))];

        for (sum, expected) in cases {
            assert_eq!(evaluate(sum), expected, "{sum}");
        }
    }

    #[test]
    fn nonsense_has_no_result() {
        let deep = "(".repeat(100_000);
        let huge = format!("{} * {}", i64::MAX, i64::MAX);

        for sum in ["", "+", "1 +", "(1", "1)", "1 2 x", "99999999999999999999", &deep, &huge] {
            assert_eq!(evaluate(sum), None);
        }
    }
}
