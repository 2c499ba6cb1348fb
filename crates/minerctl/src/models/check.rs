//! `minerctl models check`: whether the preferred models can be called, are listed by their vendors, and for how long.

use std::process::ExitCode;
use std::time::Duration;

use common::call::task::{CheckVendors, KnownDay, ModelFacts, ModelTerms, VendorCheck, VendorOutcome};
use daemon_kit::Workers;
use serde_json::json;

use super::{connect, list};
use crate::cli::CommonArgs;
use crate::credentials::vendors::{unlisted, words};
use crate::output::{self, printable};

/// How long task-handler may take to ask all vendors; it leaves them after 10 s.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long before its end a model is warned of, in days.
const END_DAYS: u64 = 90;
/// How long before a new price it is warned of, in days.
const PRICE_DAYS: u64 = 30;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What the check came to.
#[derive(Debug, Default, Eq, PartialEq)]
struct Findings {
    /// What keeps a preferred model from answering.
    problems: Vec<String>,
    /// What will, or may.
    warnings: Vec<String>,
}

/// Runs the command: exit code 1 if a preferred model cannot be called, or a vendor does not answer.
///
/// # Errors
/// If task-handler does not answer or the output cannot be written.
pub(crate) async fn check(common: &CommonArgs) -> anyhow::Result<ExitCode> {
    let workers = Workers::new();
    let client = connect(common, &workers).await?;
    let models = list(&client).await?.models;
    let vendors = client.call(CheckVendors {}, PATIENCE).await?.vendors;
    let now = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0);
    let findings = Findings::of(&models, &vendors, now);
    let good = findings.problems.is_empty();
    if common.json {
        let data = json!({
            "schema": 1,
            "good": good,
            "vendors": vendors,
            "problems": findings.problems,
            "warnings": findings.warnings,
        });
        output::json(&data)?;
    } else {
        let row = |check: &VendorCheck| vec![printable(check.vendor.as_str()), printable(&words(&check.outcome))];
        output::text(&output::table(&vendors.iter().map(row).collect::<Vec<_>>()))?;
        findings.problems.iter().for_each(|problem| output::note(&format!("error: {problem}")));
        findings.warnings.iter().for_each(|warning| output::note(&format!("warning: {warning}")));
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Findings {
    fn of(models: &[ModelFacts], vendors: &[VendorCheck], now_ms: u64) -> Self {
        let mut findings = Self::default();
        models.iter().filter(|model| model.preferred).for_each(|model| findings.add_model(model, now_ms));
        vendors.iter().for_each(|vendor| findings.add_vendor(vendor));
        findings
    }

    fn add_model(&mut self, facts: &ModelFacts, now_ms: u64) {
        let name = format!("{}/{}", printable(facts.vendor.as_str()), printable(facts.model.as_str()));
        match &facts.terms {
            ModelTerms::Callable { .. } => {}
            ModelTerms::Uncallable { problem } => return self.problems.push(printable(problem)),
        }
        if let Some(left) = facts.shutdown.as_ref().and_then(|end| days_left(end, now_ms, END_DAYS)) {
            self.warnings.push(format!("{name} is gone {left}: name another model in subnet-profiles.json"));
        }
        if let Some(left) = facts.next_price.as_ref().and_then(|price| days_left(price, now_ms, PRICE_DAYS)) {
            self.warnings.push(format!("{name} has a new price {left}: look at the limits in token-budgets.json"));
        }
    }

    fn add_vendor(&mut self, check: &VendorCheck) {
        let vendor = printable(check.vendor.as_str());
        match &check.outcome {
            VendorOutcome::Accepted { retiring, .. } => {
                let remark = unlisted(check).map(|remark| remark.trim_start_matches("warning: ").to_owned());
                self.warnings.extend(remark);
                self.warnings.extend(retiring.iter().map(|(model, day)| {
                    format!("{vendor} says that it retires {} on {}", printable(model.as_str()), printable(day))
                }));
            }
            VendorOutcome::Failed(_) | VendorOutcome::NoKey { .. } => {
                self.problems.push(format!("{vendor}: {}", printable(&words(&check.outcome))));
            }
        }
    }
}

/// Says when a day is, if it is at most `within` days away.
fn days_left(known: &KnownDay, now_ms: u64, within: u64) -> Option<String> {
    let days = known.unix_ms.saturating_sub(now_ms).div_ceil(DAY_MS);
    (days <= within).then(|| format!("from {}, in {days} days", printable(&known.day)))
}

#[cfg(test)]
mod tests {
    use common::call::task::PricePerMillion;
    use common::money::NanoUsd;
    use common::outcome::VendorFailure;

    use super::*;

    const NOW: u64 = 1_795_824_000_000;

    #[test]
    fn what_ends_or_changes_soon_is_warned_of() {
        let soon = ModelFacts { shutdown: Some(day(13)), next_price: Some(day(3)), ..facts(true) };
        let late = ModelFacts { shutdown: Some(day(91)), next_price: Some(day(31)), ..facts(true) };

        let findings = Findings::of(&[soon, late, facts(false)], &[], NOW);

        assert_eq!(
            findings.warnings,
            [
                "v/m is gone from day 13, in 13 days: name another model in subnet-profiles.json",
                "v/m has a new price from day 3, in 3 days: look at the limits in token-budgets.json",
            ]
        );
        assert!(findings.problems.is_empty());
    }

    #[test]
    fn a_preferred_model_that_cannot_be_called_is_a_problem_and_another_is_not() {
        let gone = ModelTerms::Uncallable { problem: "v/m was shut down".into() };
        let preferred = ModelFacts { terms: gone.clone(), ..facts(true) };
        let other = ModelFacts { terms: gone, ..facts(false) };

        let findings = Findings::of(&[preferred, other], &[], NOW);

        assert_eq!(findings.problems, ["v/m was shut down"]);
    }

    #[test]
    fn vendors_have_their_say() {
        let accepted = VendorOutcome::Accepted {
            models: 7,
            unlisted: vec!["gpt-0".into()],
            retiring: [("gpt-5".into(), "2026-12-11".into())].into(),
        };
        let vendors = [("a", accepted), ("b", VendorOutcome::Failed(VendorFailure::Auth))]
            .map(|(vendor, outcome)| VendorCheck { vendor: vendor.into(), outcome });

        let findings = Findings::of(&[], &vendors, NOW);

        assert_eq!(
            findings.warnings,
            [
                "a does not list gpt-0: check preferred_models in subnet-profiles.json",
                "a says that it retires gpt-5 on 2026-12-11",
            ]
        );
        assert!(findings.problems[0].starts_with("b: auth"), "{findings:?}");
    }

    fn day(days: u64) -> KnownDay {
        KnownDay { day: format!("day {days}"), unix_ms: NOW + days * DAY_MS }
    }

    fn facts(preferred: bool) -> ModelFacts {
        let nothing = NanoUsd::ZERO;
        let prices = PricePerMillion { input: nothing, cache_read: nothing, cache_write: nothing, output: nothing };
        let terms =
            ModelTerms::Callable { context_tokens: 1000, max_output_tokens: 100, prices, long_prices: Vec::new() };
        ModelFacts { vendor: "v".into(), model: "m".into(), preferred, terms, next_price: None, shutdown: None }
    }
}
