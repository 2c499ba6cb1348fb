//! `minerctl config check`: what the daemons would make of the files, without starting anything.

mod findings;

use std::process::ExitCode;

use daemon_kit::Home;
use daemon_kit::config::Config;
use serde_json::{Value, json};

use crate::cli::CommonArgs;
use crate::output;

pub(crate) use findings::{Findings, findings};

/// Exit code for a configuration that cannot be used, as the daemons give it.
pub(crate) const BAD_CONFIG: u8 = 78;

/// Runs the command: prints the effective configuration, or every error.
///
/// # Errors
/// If a daemon cannot be asked, or the output cannot be written.
pub(crate) async fn check(common: &CommonArgs) -> anyhow::Result<ExitCode> {
    let home = Home::new(common.home.clone());
    let findings = findings(&home).await?;
    if !findings.is_empty() {
        if common.json {
            output::json(&json!({ "schema": 1, "errors": findings }))?;
        } else {
            output::note(&findings.to_string());
        }
        return Ok(ExitCode::from(BAD_CONFIG));
    }
    let config = Config::load(&home)?;
    if common.json {
        output::json(&effective(&config)?)?;
    } else {
        let subnets = config.subnets.subnets.len();
        let (limits, vendors) = (config.budgets.limits.len(), config.miner.vendors.len());
        output::text(&format!(
            "Configuration in {} is good: {subnets} subnet profiles, {vendors} vendors, {limits} limits.\n\
             `minerctl --json config check` prints it with all defaults.\n",
            home.config_dir().display(),
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the configuration with all defaults; of the secrets only names.
fn effective(config: &Config) -> serde_json::Result<Value> {
    let credentials: Value = config
        .credentials
        .entries
        .iter()
        .map(|(name, entry)| (name.clone(), json!({ "for": entry.audience })))
        .collect();
    Ok(json!({
        "schema": 1,
        "errors": [],
        "miner-config": serde_json::to_value(&config.miner)?,
        "subnet-profiles": serde_json::to_value(&config.subnets)?,
        "token-budgets": serde_json::to_value(&config.budgets)?,
        "llm-credentials": credentials,
    }))
}
