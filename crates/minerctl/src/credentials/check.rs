//! `minerctl credentials check`: whether each secret can be opened, and whether each vendor takes its key.

use std::process::ExitCode;

use common::config::credential::{Audience, CredentialEntry};
use credentials::identity::Lookup;
use credentials::{load, open_entry};
use serde::Serialize;
use serde_json::json;

use super::{Vault, vendors};
use crate::output;

/// Whether a secret can be opened.
#[derive(Debug, Serialize)]
struct SecretCheck {
    name: String,
    #[serde(rename = "for")]
    audience: Audience,
    /// Why it cannot be opened.
    problem: Option<String>,
}

/// Runs the command: exit code 1 if a secret cannot be opened, or a vendor does not take its key.
pub(super) async fn run(vault: &Vault) -> anyhow::Result<ExitCode> {
    let file = load(&vault.path)?;
    let lookup = Lookup::from_env(&vault.home.state_dir());
    let secrets: Vec<_> = file.entries.iter().map(|(name, entry)| check(&lookup, name, entry)).collect();
    let vendors = vendors::ask(vault).await;
    let good = secrets.iter().all(|secret| secret.problem.is_none()) && vendors.are_good();
    let remarks = vendors.remarks();
    if vault.json {
        let data = json!({
            "schema": 1,
            "good": good,
            "entries": secrets,
            "vendors": vendors.checks(),
            "remarks": remarks,
        });
        output::json(&data)?;
    } else {
        output::text(&format!("Secrets\n{}{}", table(&secrets), vendors.table()))?;
        remarks.iter().for_each(|remark| output::note(remark));
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Tries to open a secret, which is forgotten at once.
fn check(lookup: &Lookup, name: &str, entry: &CredentialEntry) -> SecretCheck {
    let opened = lookup
        .find(entry.audience)
        .map_err(anyhow::Error::from)
        .and_then(|identity| Ok(open_entry(name, entry, &identity).map(drop)?));
    let problem = opened.err().map(|error| format!("{error:#}"));
    SecretCheck { name: name.to_owned(), audience: entry.audience, problem }
}

fn table(secrets: &[SecretCheck]) -> String {
    if secrets.is_empty() {
        return "  none; keep one with: minerctl credentials set NAME\n".into();
    }
    let row = |secret: &SecretCheck| {
        let state = secret.problem.clone().unwrap_or_else(|| "can be opened".into());
        [secret.name.clone(), secret.audience.name().into(), state].map(|cell| output::printable(&cell)).to_vec()
    };
    output::table(&secrets.iter().map(row).collect::<Vec<_>>())
}
