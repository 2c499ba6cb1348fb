//! `minerctl credentials check`: whether each secret can be opened.

use std::process::ExitCode;

use common::config::credential::CredentialEntry;
use credentials::identity::Lookup;
use credentials::{load, open_entry};
use daemon_kit::Home;
use serde_json::json;

use super::Vault;
use crate::cli::CommonArgs;
use crate::output;

/// Runs the command: exit code 1 if a secret cannot be opened.
pub(super) fn run(vault: &Vault, common: &CommonArgs) -> anyhow::Result<ExitCode> {
    let file = load(&vault.path)?;
    let home = Home::new(common.home.clone());
    let lookup = Lookup::from_env(&home.state_dir());
    let checks: Vec<(&str, &str, Option<String>)> = file
        .entries
        .iter()
        .map(|(name, entry)| (name.as_str(), entry.audience.name(), problem(&lookup, name, entry)))
        .collect();
    let good = checks.iter().all(|(_, _, problem)| problem.is_none());
    if common.json {
        let entries: Vec<_> = checks
            .iter()
            .map(|(name, audience, problem)| json!({ "name": name, "for": audience, "problem": problem }))
            .collect();
        output::json(&json!({ "schema": 1, "good": good, "entries": entries }))?;
    } else {
        let words = |problem: &Option<String>| problem.clone().unwrap_or_else(|| "can be opened".into());
        let rows: Vec<_> = checks
            .iter()
            .map(|(name, audience, problem)| vec![(*name).to_owned(), (*audience).to_owned(), words(problem)])
            .collect();
        output::text(&output::table(&rows))?;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns why a secret cannot be opened; the secret is forgotten at once.
fn problem(lookup: &Lookup, name: &str, entry: &CredentialEntry) -> Option<String> {
    let identity = match lookup.find(entry.audience) {
        Ok(identity) => identity,
        Err(error) => return Some(error.to_string()),
    };
    open_entry(name, entry, &identity).err().map(|error| error.to_string())
}
