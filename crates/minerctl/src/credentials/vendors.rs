//! What the vendors say to their keys. task-handler asks them, because it alone has the keys that are used.

use std::path::Path;
use std::time::{Duration, SystemTime};

use common::call::task::{CheckVendors, TaskHandlerStatusQuery, VendorCheck, VendorChecks, VendorOutcome};
use common::outcome::VendorFailure;
use daemon_kit::Workers;

use super::Vault;
use crate::output::{printable, table};
use crate::status::{self, Answer};

/// How long task-handler may take to ask all vendors; it leaves them after 10 s.
const PATIENCE: Duration = Duration::from_secs(15);

/// What came of having the vendors asked.
#[derive(Debug)]
pub(super) struct Vendors {
    answer: Answer<VendorChecks>,
    /// Whether the configuration was changed after task-handler had read it.
    outdated: bool,
}

/// Has all vendors asked, if task-handler runs.
pub(super) async fn ask(vault: &Vault) -> Vendors {
    let workers = Workers::new();
    let home = &vault.home;
    let answer = status::ask(home, &workers, "task-handler", "task-handler", CheckVendors {}, PATIENCE).await;
    let status =
        status::ask(home, &workers, "task-handler", "task-handler", TaskHandlerStatusQuery {}, status::PATIENCE).await;
    let started = status.running().map(|status| status.process.started_unix_ms);
    let files = [vault.path.clone(), home.config_dir().join("miner-config.json")];
    let outdated = started.is_some_and(|started| files.iter().any(|file| is_newer(file, started)));
    Vendors { answer, outdated }
}

fn is_newer(file: &Path, unix_ms: u64) -> bool {
    let Ok(modified) = std::fs::metadata(file).and_then(|metadata| metadata.modified()) else { return false };
    modified > SystemTime::UNIX_EPOCH + Duration::from_millis(unix_ms)
}

impl Vendors {
    /// Whether every vendor took its key, as far as they could be asked.
    pub(super) fn are_good(&self) -> bool {
        match &self.answer {
            Answer::Running(checks) => {
                checks.vendors.iter().all(|check| matches!(check.outcome, VendorOutcome::Accepted { .. }))
            }
            Answer::NotRunning => true,
            Answer::Silent { .. } => false,
        }
    }

    /// Returns what came of each vendor, if they were asked.
    pub(super) fn checks(&self) -> Option<&[VendorCheck]> {
        self.answer.running().map(|checks| checks.vendors.as_slice())
    }

    /// Returns a line for each vendor that was asked.
    pub(super) fn table(&self) -> String {
        let Some(checks) = self.checks() else { return String::new() };
        let row = |check: &VendorCheck| vec![printable(check.vendor.as_str()), printable(&words(&check.outcome))];
        format!("\nVendors\n{}", table(&checks.iter().map(row).collect::<Vec<_>>()))
    }

    /// Returns what is worth a remark, one line each.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = match &self.answer {
            Answer::Running(checks) => checks.vendors.iter().filter_map(unlisted).collect(),
            Answer::NotRunning => {
                vec!["task-handler does not run: only the opening was checked, no key was tried at its vendor".into()]
            }
            Answer::Silent { problem } => vec![format!("no key was tried at its vendor: {}", printable(problem))],
        };
        if self.outdated {
            remarks.push(
                "warning: the configuration was changed after task-handler had started; what was tried is what it has \
                 read: restart it with `minerctl down` and `minerctl up`"
                    .into(),
            );
        }
        remarks
    }
}

/// The remark on models that a vendor does not list.
pub(crate) fn unlisted(check: &VendorCheck) -> Option<String> {
    match &check.outcome {
        VendorOutcome::Accepted { unlisted, .. } if !unlisted.is_empty() => {
            let names: Vec<_> = unlisted.iter().map(|model| printable(model.as_str())).collect();
            Some(format!(
                "warning: {} does not list {}: check preferred_models in subnet-profiles.json",
                printable(check.vendor.as_str()),
                names.join(", ")
            ))
        }
        VendorOutcome::Accepted { .. } | VendorOutcome::Failed(_) | VendorOutcome::NoKey { .. } => None,
    }
}

/// Says what a vendor said.
pub(crate) fn words(outcome: &VendorOutcome) -> String {
    match outcome {
        VendorOutcome::Accepted { models, .. } => format!("accepted, lists {models} models"),
        VendorOutcome::Failed(failure) => format!("{}: {}", failure.name(), explain(*failure)),
        VendorOutcome::NoKey { problem } => format!("not asked: {problem}"),
    }
}

/// Says what a failure means where only the list of models was asked for.
fn explain(failure: VendorFailure) -> &'static str {
    match failure {
        VendorFailure::Auth => "the vendor does not take the key: set another one with `minerctl credentials set`",
        VendorFailure::Billing => "the account has no credit, or has reached its spending limit",
        VendorFailure::RateLimited | VendorFailure::Overloaded => "the vendor is busy: try again later",
        VendorFailure::Server => "the vendor has failed: try again later",
        VendorFailure::Timeout => "no answer in time: check base_url in miner-config.json, and the network",
        VendorFailure::Unreachable => "no connection: check base_url in miner-config.json, and the network",
        VendorFailure::Disconnected => "the connection broke: check base_url in miner-config.json",
        VendorFailure::InvalidRequest
        | VendorFailure::ModelNotFound
        | VendorFailure::ContextTooLong
        | VendorFailure::Filtered
        | VendorFailure::Empty
        | VendorFailure::Truncated
        | VendorFailure::Malformed => {
            "there is no list of models, so the key was not tried: check base_url in miner-config.json"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_is_put_in_words() {
        let vendors = running(vec![
            check("a", VendorOutcome::Accepted { models: 7, unlisted: vec!["gpt-0".into()], retiring: [].into() }),
            check("b", VendorOutcome::Failed(VendorFailure::Auth)),
            check("c", VendorOutcome::NoKey { problem: "no entry".into() }),
        ]);

        let expected = "\nVendors\n  a  accepted, lists 7 models\n  b  auth: the vendor does not take the key: set another \
                        one with `minerctl credentials set`\n  c  not asked: no entry\n";
        assert_eq!(vendors.table(), expected);
        assert_eq!(
            vendors.remarks(),
            ["warning: a does not list gpt-0: check preferred_models in subnet-profiles.json"]
        );
        assert!(!vendors.are_good());
    }

    #[test]
    fn a_model_that_is_not_listed_is_no_failure() {
        let vendors = running(vec![check(
            "a",
            VendorOutcome::Accepted { models: 7, unlisted: vec!["gpt-0".into()], retiring: [].into() },
        )]);

        assert!(vendors.are_good());
    }

    #[test]
    fn a_task_handler_that_does_not_run_is_a_remark_and_one_that_is_silent_a_failure() {
        let stopped = Vendors { answer: Answer::NotRunning, outdated: false };
        let silent = Vendors { answer: Answer::Silent { problem: "timeout".into() }, outdated: false };

        assert!(stopped.are_good() && stopped.remarks()[0].contains("only the opening was checked"));
        assert!(!silent.are_good() && silent.remarks()[0].contains("timeout"));
    }

    fn running(vendors: Vec<VendorCheck>) -> Vendors {
        Vendors { answer: Answer::Running(VendorChecks { vendors }), outdated: false }
    }

    fn check(vendor: &str, outcome: VendorOutcome) -> VendorCheck {
        VendorCheck { vendor: vendor.into(), outcome }
    }
}
