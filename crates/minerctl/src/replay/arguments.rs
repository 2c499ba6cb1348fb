//! What `replay` can be asked.

use std::num::{NonZeroU16, NonZeroU32};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use learning::replay::run::{best_single, mean_cost};
use learning::replay::table::{Table, Unit};

/// Flags of `replay`.
#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// A CSV file, compressed with gzip or not: columns `ARM.reward` (and `.out_tokens`, `.in_tokens`, `.cost_usd`) for each
    /// arm, `prompt`, `prompt_tokens`, and columns that say what sort of prompt it is
    pub(crate) file: PathBuf,
    /// When rewards are heard: after each answer, or as one mean per validator and epoch
    #[arg(long, value_enum, default_value_t = Feedback::Immediate)]
    pub(crate) feedback: Feedback,
    /// How often the table is gone through with immediate feedback; by default until there are 3,000 prompts
    #[arg(long, value_name = "N")]
    pub(crate) passes: Option<NonZeroU16>,
    /// Epochs, with feedback per epoch
    #[arg(long, value_name = "N", default_value = "286")]
    pub(crate) epochs: NonZeroU16,
    /// Prompts in each epoch
    #[arg(long, value_name = "N", default_value = "72")]
    pub(crate) requests: NonZeroU16,
    /// Validators that ask them in turn
    #[arg(long, value_name = "N", default_value = "6")]
    pub(crate) validators: NonZeroU16,
    /// The most that a run may spend: an amount, or a share of what the best arm costs (`25%`), or a named one (`25%:ARM`)
    #[arg(long, value_parser = Budget::parse)]
    pub(crate) budget: Option<Budget>,
    /// At half time the best arm's rewards fall to 0.6 of what they were, and another's rise by 0.15
    #[arg(long)]
    pub(crate) drift: bool,
    /// The reward of a prompt that is declined
    #[arg(long, value_name = "REWARD", default_value_t = 0.0, value_parser = finite, allow_negative_numbers = true)]
    pub(crate) declined: f64,
    /// How many runs, each with a seed of its own
    #[arg(long, value_name = "N", default_value = "10")]
    pub(crate) seeds: NonZeroU32,
    /// The first seed
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub(crate) first_seed: u64,
    /// The column with the class of each prompt; by default one with few values, rare ones together
    #[arg(long, value_name = "COLUMN")]
    pub(crate) class_column: Option<String>,
    /// Dollars per million tokens of prompt and answer, for arms without a column `.cost_usd`
    #[arg(long = "price", value_name = "ARM=IN:OUT", value_parser = ArmPrice::parse)]
    pub(crate) prices: Vec<ArmPrice>,
    /// Leave out rows that cannot be used, instead of refusing the file
    #[arg(long)]
    pub(crate) skip_bad_rows: bool,
}

/// When rewards are heard.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Feedback {
    /// After each answer.
    Immediate,
    /// As one mean per validator and epoch.
    Epoch,
}

/// The most that a run may spend.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Budget {
    /// So much, in the table's unit.
    Amount(f64),
    /// A share of what an arm costs; of the best arm if none is named.
    Share(f64, Option<String>),
}

impl Budget {
    fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "an amount such as 2.5, a share such as 25%, or a share of an arm such as 25%:gpt-6-luna";
        let positive = |text: &str| {
            let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
            number.ok_or_else(|| format!("{FORM} is expected"))
        };
        match text.split_once('%') {
            None => positive(text).map(Self::Amount),
            Some((share, "")) => Ok(Self::Share(positive(share)? / 100.0, None)),
            Some((share, arm)) => match arm.strip_prefix(':') {
                Some(arm) if !arm.is_empty() => Ok(Self::Share(positive(share)? / 100.0, Some(arm.to_owned()))),
                Some(_) | None => Err(format!("{FORM} is expected")),
            },
        }
    }

    /// What it comes to for a table.
    pub(crate) fn of(&self, table: &Table, prompts: usize) -> anyhow::Result<f64> {
        if table.unit == Unit::Unknown {
            anyhow::bail!("the table says nothing of costs, so there can be no budget; --price needs `.out_tokens`");
        }
        match self {
            Self::Amount(amount) => Ok(*amount),
            Self::Share(share, name) => {
                let arm = match name {
                    None => best_single(table),
                    Some(name) => {
                        let found = table.arms.iter().position(|arm| arm == name);
                        found.ok_or_else(|| anyhow::anyhow!("there is no arm `{}`", crate::output::printable(name)))?
                    }
                };
                Ok(share * mean_cost(table, arm) * prompts as f64)
            }
        }
    }
}

/// What an arm's tokens cost.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ArmPrice {
    /// The arm.
    pub(crate) arm: String,
    /// Dollars per million tokens of prompt.
    pub(crate) input: f64,
    /// Dollars per million tokens of answer.
    pub(crate) output: f64,
}

impl ArmPrice {
    fn parse(text: &str) -> Result<Self, String> {
        let price = |text: &str| text.parse::<f64>().ok().filter(|price| price.is_finite() && *price >= 0.0);
        let parts = || {
            let (arm, prices) = text.rsplit_once('=')?;
            let (input, output) = prices.split_once(':')?;
            Some(Self { arm: arm.to_owned(), input: price(input)?, output: price(output)? })
        };
        parts().ok_or_else(|| "ARM=IN:OUT is expected, such as gpt-6-luna=0.1:0.5".into())
    }
}

fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| "a number is expected".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_amounts_or_shares() {
        assert_eq!(Budget::parse("2.5"), Ok(Budget::Amount(2.5)));
        assert_eq!(Budget::parse("25%"), Ok(Budget::Share(0.25, None)));
        assert_eq!(Budget::parse("150%:a/b"), Ok(Budget::Share(1.5, Some("a/b".into()))));
        for text in ["", "-1", "0", "nan", "inf", "%", "25%x", "25%:", "-5%"] {
            assert!(Budget::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn prices_name_their_arm() {
        assert_eq!(ArmPrice::parse("a=b=1:2.5"), Ok(ArmPrice { arm: "a=b".into(), input: 1.0, output: 2.5 }));
        for text in ["a", "a=1", "a=1:x", "a=-1:2", "a=nan:1"] {
            assert!(ArmPrice::parse(text).is_err(), "{text}");
        }
    }
}
