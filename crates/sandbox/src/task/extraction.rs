//! One detail of one person, to be found among those of others.

use super::words::{CITIES, FIRST_NAMES, LAST_NAMES};
use super::{Expected, Judgement};
use crate::random::Draws;

/// The detail that is asked for, and those that are not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Detail {
    wanted: String,
    others: Vec<String>,
}

struct Person {
    name: String,
    city: &'static str,
    order: i64,
    mail: String,
}

/// Makes a text about three people and a question about one.
pub(super) fn make(draws: &mut Draws) -> (String, Expected) {
    let people = people(draws);
    let asked_about = draws.below(3) as usize;
    let (question, detail): (&str, fn(&Person) -> String) = match draws.below(3) {
        0 => ("e-mail address", |person| person.mail.clone()),
        1 => ("order number", |person| person.order.to_string()),
        _ => ("city", |person| person.city.to_owned()),
    };
    let mut others: Vec<String> = people.iter().map(detail).collect();
    let wanted = others.remove(asked_about.min(others.len().saturating_sub(1)));
    let name = people.get(asked_about).map_or("", |person| person.name.as_str());
    let text: Vec<String> = people.iter().map(Person::sentence).collect();
    let prompt = format!("Find the {question} of {name} in the text. Answer with it only. Text: {}", text.join(" "));
    (prompt, Expected::Detail(Detail { wanted, others }))
}

fn people(draws: &mut Draws) -> Vec<Person> {
    let firsts = draws.pick_some(&FIRST_NAMES, 3);
    let lasts = draws.pick_some(&LAST_NAMES, 3);
    let cities = draws.pick_some(&CITIES, 3);
    // Ranges that do not meet, so that no two orders are equal.
    let orders = [draws.between(10_000, 39_999), draws.between(40_000, 69_999), draws.between(70_000, 99_999)];
    let names = firsts.into_iter().zip(lasts);
    let rest = cities.into_iter().zip(orders);
    let person = |((first, last), (city, order)): ((&str, &str), (&'static str, i64))| Person {
        name: format!("{first} {last}"),
        city,
        order,
        mail: format!("{}.{}@example.org", first.to_lowercase(), last.to_lowercase()),
    };
    names.zip(rest).map(person).collect()
}

impl Person {
    fn sentence(&self) -> String {
        let Self { name, city, order, mail } = self;
        format!("{name} lives in {city}, has the order number {order} and reads mail at {mail} every day.")
    }
}

impl Detail {
    /// The detail must be named and no other one.
    pub(super) fn judge(&self, answer: &str) -> Judgement {
        let named = |detail: &String| answer.contains(detail.as_str());
        let correct = named(&self.wanted) && !self.others.iter().any(named);
        Judgement::all_or_nothing(correct, !answer.trim().is_empty() && !answer.trim().contains(char::is_whitespace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_detail_itself_is_right() {
        let detail = Detail { wanted: "Oslo".into(), others: vec!["Lyon".into()] };
        let cases =
            [("Oslo", 1.0, true), ("She lives in Oslo", 1.0, false), ("Lyon", 0.0, true), ("Oslo or Lyon", 0.0, false)];

        for (answer, correct, format_ok) in cases {
            assert_eq!(detail.judge(answer), Judgement { correct, format_ok }, "{answer}");
        }
    }
}
