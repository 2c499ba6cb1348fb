//! Short summaries in which given facts must appear.

use super::words::{CITIES, FIRST_NAMES, GOODS, LAST_NAMES};
use super::{Expected, Judgement};
use crate::random::Draws;

/// The facts, and how long the summary may be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Facts {
    facts: Vec<String>,
    max_words: usize,
}

/// Makes a report and what must be kept of it.
pub(super) fn make(draws: &mut Draws) -> (String, Expected) {
    let director = format!("{} {}", draws.pick(&FIRST_NAMES), draws.pick(&LAST_NAMES));
    let (city, goods) = (draws.pick(&CITIES), draws.pick(&GOODS));
    let (year, tonnes, ships) = (draws.between(1990, 2024), draws.between(120, 990), draws.between(11, 60));
    let report = format!(
        "In {year} the harbour of {city} handled {tonnes} tonnes of {goods}, more than in any year before. \
         The director, {director}, said that {ships} ships had called and that a second quay was needed. \
         Work on the quay began after a long dispute about noise and traffic."
    );
    let mut facts =
        vec![city.to_owned(), year.to_string(), format!("{tonnes} tonnes"), format!("{ships} ships"), director];
    draws.shuffle(&mut facts);
    facts.truncate(3);
    let max_words = 20 + draws.below(11) as usize;
    let prompt = format!(
        "Summarise the report in one line of at most {max_words} words. It must contain each of: {}. Report: {report}",
        facts.join("; ")
    );
    (prompt, Expected::Facts(Facts { facts, max_words }))
}

impl Facts {
    /// Each fact counts; one line that is short enough is the form.
    pub(super) fn judge(&self, answer: &str) -> Judgement {
        let answer = answer.trim();
        let words = answer.split_whitespace().count();
        let format_ok = (1..=self.max_words).contains(&words) && answer.lines().count() == 1;
        let present = self.facts.iter().filter(|fact| answer.contains(fact.as_str())).count();
        Judgement::share(present, self.facts.len(), format_ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_counts() {
        let facts = Facts { facts: vec!["Oslo".into(), "1999".into()], max_words: 5 };
        let cases = [
            ("Oslo grew in 1999.", 1.0, true),
            ("Oslo grew.", 0.5, true),
            ("Summary:\nOslo, 1999", 1.0, false),
            ("In 1999 Oslo grew very much indeed.", 1.0, false),
        ];

        for (answer, correct, format_ok) in cases {
            assert_eq!(facts.judge(answer), Judgement { correct, format_ok }, "{answer}");
        }
    }
}
