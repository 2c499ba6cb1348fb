//! What the columns of a table mean, by their headings.

use std::collections::BTreeSet;

use csv::StringRecord;

use crate::output::printable;

/// The most arms.
const MAX_ARMS: usize = 256;

/// Where things stand in a row.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    /// The prompt's text.
    pub(crate) prompt: Option<usize>,
    /// The prompt's length in tokens.
    pub(crate) prompt_tokens: Option<usize>,
    /// The arms in the order of the file.
    pub(crate) arms: Vec<ArmColumns>,
    /// Everything else: what is known of the prompt.
    pub(crate) context: Vec<(usize, String)>,
}

/// Where an arm's outcomes stand.
#[derive(Debug)]
pub(crate) struct ArmColumns {
    /// The arm.
    pub(crate) name: String,
    /// `.reward`
    pub(crate) reward: usize,
    /// `.in_tokens`
    pub(crate) input_tokens: Option<usize>,
    /// `.out_tokens`
    pub(crate) output_tokens: Option<usize>,
    /// `.cost_usd`
    pub(crate) cost_usd: Option<usize>,
}

impl Columns {
    /// Reads the headings; says what is wrong with them.
    pub(crate) fn new(headings: &StringRecord) -> Result<Self, String> {
        let mut seen = BTreeSet::new();
        if let Some(twice) = headings.iter().find(|heading| !seen.insert(heading.trim())) {
            return Err(format!("the column `{}` is there twice", printable(twice)));
        }
        let find = |name: &str| headings.iter().position(|heading| heading.trim() == name);
        let mut columns = Self { prompt: find("prompt"), prompt_tokens: find("prompt_tokens"), ..Self::default() };
        for (place, heading) in headings.iter().map(str::trim).enumerate() {
            match heading.rsplit_once('.') {
                Some(("", "reward")) => return Err("a column `.reward` without an arm's name".into()),
                Some((arm, "reward")) => columns.arms.push(ArmColumns {
                    name: arm.to_owned(),
                    reward: place,
                    input_tokens: find(&format!("{arm}.in_tokens")),
                    output_tokens: find(&format!("{arm}.out_tokens")),
                    cost_usd: find(&format!("{arm}.cost_usd")),
                }),
                Some((arm, "in_tokens" | "out_tokens" | "cost_usd")) => {
                    if find(&format!("{arm}.reward")).is_none() {
                        return Err(format!("the arm `{}` has no column `.reward`", printable(arm)));
                    }
                }
                Some(_) | None if heading == "prompt" || heading == "prompt_tokens" => {}
                Some(_) | None => columns.context.push((place, heading.to_owned())),
            }
        }
        match columns.arms.len() {
            0 => Err("no column `ARM.reward`: this is no table of outcomes".into()),
            1..=MAX_ARMS => Ok(columns),
            many => Err(format!("{many} arms, but at most {MAX_ARMS} can be replayed")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(headings: &[&str]) -> Result<Columns, String> {
        Columns::new(&StringRecord::from(headings))
    }

    #[test]
    fn arms_are_found_with_what_is_known_of_them() {
        let columns = columns(&["task", "prompt", "v1.5.reward", "m.reward", "m.cost_usd"]).unwrap();

        assert_eq!(columns.arms.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>(), ["v1.5", "m"]);
        assert_eq!((columns.arms[1].reward, columns.arms[1].cost_usd), (3, Some(4)));
        assert_eq!(columns.context, [(0, "task".to_owned())]);
    }

    #[test]
    fn headings_that_make_no_sense_are_refused() {
        let cases: [(&[&str], &str); 4] = [
            (&["task", "prompt"], "no column `ARM.reward`: this is no table of outcomes"),
            (&["a.reward", "a.reward"], "the column `a.reward` is there twice"),
            (&["a.reward", "b.cost_usd"], "the arm `b` has no column `.reward`"),
            (&[".reward"], "a column `.reward` without an arm's name"),
        ];

        for (headings, problem) in cases {
            assert_eq!(columns(headings).unwrap_err(), problem);
        }
    }
}
