//! `minerctl models`: the models that can be named, what they cost today and what will change.

mod check;

use std::process::ExitCode;

use anyhow::Context;
use common::call::task::{KnownDay, ListModels, ModelFacts, ModelList, ModelTerms, TaskCall};
use common::ipc::Call;
use common::money::NanoUsd;
use daemon_kit::ipc::{self, Client};
use daemon_kit::{Home, Workers};
use serde_json::json;

use crate::cli::CommonArgs;
use crate::output::{self, printable};
use crate::status::PATIENCE;

pub(crate) use check::check;

/// Runs the command.
///
/// # Errors
/// If task-handler does not answer or the output cannot be written.
pub(crate) async fn run(common: &CommonArgs) -> anyhow::Result<ExitCode> {
    let workers = Workers::new();
    let list = list(&connect(common, &workers).await?).await?;
    if common.json {
        output::json(&json!({ "schema": 1, "models": list.models }))?;
    } else {
        output::text(&output::table(&rows(&list.models)))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn connect(common: &CommonArgs, workers: &Workers) -> anyhow::Result<Client<TaskCall>> {
    let home = Home::new(common.home.clone());
    Ok(ipc::connect(&home.socket("task-handler"), "task-handler", workers).await?)
}

async fn list(client: &Client<<ListModels as Call>::Service>) -> anyhow::Result<ModelList> {
    client.call(ListModels {}, PATIENCE).await.context("task-handler does not say what models there are")
}

/// Returns the heading and a row for each model, the preferred ones first.
fn rows(models: &[ModelFacts]) -> Vec<Vec<String>> {
    let heading = ["", "MODEL", "CONTEXT", "OUTPUT", "IN", "CACHED", "OUT", "CHANGES"].map(str::to_owned).to_vec();
    let (preferred, others): (Vec<_>, Vec<_>) = models.iter().partition(|model| model.preferred);
    [heading].into_iter().chain(preferred.into_iter().chain(others).map(row)).collect()
}

fn row(facts: &ModelFacts) -> Vec<String> {
    let mark = if facts.preferred { "*" } else { "" };
    let name = format!("{}/{}", printable(facts.vendor.as_str()), printable(facts.model.as_str()));
    let cells = match &facts.terms {
        ModelTerms::Callable { context_tokens, max_output_tokens, prices, long_prices } => {
            let more = if long_prices.is_empty() { "" } else { "+" };
            [
                context_tokens.to_string(),
                max_output_tokens.to_string(),
                format!("{}{more}", dollars(prices.input)),
                dollars(prices.cache_read),
                dollars(prices.output),
                changes(facts.next_price.as_ref(), facts.shutdown.as_ref()),
            ]
        }
        ModelTerms::Uncallable { problem } => {
            let none = || "-".to_owned();
            [none(), none(), none(), none(), none(), printable(problem)]
        }
    };
    [mark.to_owned(), name].into_iter().chain(cells).collect()
}

fn changes(next_price: Option<&KnownDay>, shutdown: Option<&KnownDay>) -> String {
    let price = next_price.map(|known| format!("new price from {}", printable(&known.day)));
    let end = shutdown.map(|known| format!("gone from {}", printable(&known.day)));
    price.into_iter().chain(end).collect::<Vec<_>>().join(", ")
}

/// Dollars per million tokens, without the zeros at the end.
fn dollars(price: NanoUsd) -> String {
    let (whole, nano) = (price.0 / 1_000_000_000, price.0 % 1_000_000_000);
    let cents = format!("{nano:09}");
    let cents = cents.trim_end_matches('0');
    if cents.is_empty() { whole.to_string() } else { format!("{whole}.{cents}") }
}

#[cfg(test)]
mod tests {
    use common::call::task::PricePerMillion;

    use super::*;

    #[test]
    fn preferred_models_stand_first_with_price_and_future() {
        let rows = rows(&[
            facts("gpt-6-luna", false, None, Vec::new()),
            facts("gemini-4-argon", true, Some("2026-12-01"), vec![(200_000, price(4_000_000_000))]),
        ]);

        let [_, argon, luna] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!(argon[..5].join(" "), "* a/gemini-4-argon 1000 100 0.1+");
        assert_eq!(argon[7], "new price from 2026-12-01");
        assert_eq!(luna[..5].join(" "), " a/gpt-6-luna 1000 100 0.1");
    }

    #[test]
    fn what_cannot_be_called_says_why() {
        let terms = ModelTerms::Uncallable { problem: "no price\u{1b}[31m".into() };

        let row = row(&ModelFacts { terms, ..facts("m", true, None, Vec::new()) });

        assert_eq!(row.last().unwrap(), "no price\u{fffd}[31m");
    }

    #[test]
    fn dollars_have_no_needless_digits() {
        for (nano, text) in [(0, "0"), (2_000_000_000, "2"), (100_000_000, "0.1"), (12_500_000_001, "12.500000001")] {
            assert_eq!(dollars(NanoUsd(nano)), text);
        }
    }

    fn price(nano: u64) -> PricePerMillion {
        PricePerMillion {
            input: NanoUsd(nano),
            cache_read: NanoUsd(nano),
            cache_write: NanoUsd(nano),
            output: NanoUsd(nano),
        }
    }

    fn facts(
        model: &str,
        preferred: bool,
        next_price: Option<&str>,
        long_prices: Vec<(u64, PricePerMillion)>,
    ) -> ModelFacts {
        let prices = price(100_000_000);
        ModelFacts {
            vendor: "a".into(),
            model: model.into(),
            preferred,
            terms: ModelTerms::Callable { context_tokens: 1000, max_output_tokens: 100, prices, long_prices },
            next_price: next_price.map(|day| KnownDay { day: day.into(), unix_ms: 0 }),
            shutdown: None,
        }
    }
}
