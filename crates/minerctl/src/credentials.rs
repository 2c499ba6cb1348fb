//! `minerctl credentials`: the secrets of llm-credentials.json. Nothing here prints one.

mod check;
mod entry;
pub(crate) mod vendors;

use std::path::PathBuf;
use std::process::ExitCode;

use credentials::Keyring;
use daemon_kit::Home;
use serde_json::json;

use crate::cli::{CommonArgs, CredentialsCommand, WriteArgs};
use crate::confirm::{Consent, confirm};
use crate::output;

/// Where the secrets and the keys to them are.
struct Vault {
    home: Home,
    /// llm-credentials.json
    path: PathBuf,
    /// Whether results are printed as JSON.
    json: bool,
}

impl Vault {
    fn new(common: &CommonArgs) -> Self {
        let home = Home::new(common.home.clone());
        let path = home.config_dir().join("llm-credentials.json");
        Self { home, path, json: common.json }
    }

    /// Opens the keys, making the directories if there are none: for changes only.
    fn keyring(&self) -> anyhow::Result<Keyring> {
        self.home.prepare()?;
        std::fs::create_dir_all(self.home.config_dir())?;
        Ok(Keyring::open(&self.home.state_dir())?)
    }
}

/// Runs the command.
///
/// # Errors
/// If a file cannot be trusted, read or written, or the secret is not one that is taken.
pub(crate) async fn run(common: &CommonArgs, command: &CredentialsCommand) -> anyhow::Result<ExitCode> {
    let vault = Vault::new(common);
    match command {
        CredentialsCommand::Set { name, audience, write } => entry::set(&vault, name, *audience, write),
        CredentialsCommand::Remove { name, write } => entry::remove(&vault, name, write),
        CredentialsCommand::Rotate { audience, write } => entry::rotate(&vault, *audience, write),
        CredentialsCommand::List => entry::list(&vault),
        CredentialsCommand::Check => check::run(&vault).await,
        CredentialsCommand::Recovery { recipient, write } => recovery(&vault, recipient.as_deref(), write),
    }
}

/// Makes a recovery key, or takes one that was made elsewhere.
fn recovery(vault: &Vault, recipient: Option<&str>, write: &WriteArgs) -> anyhow::Result<ExitCode> {
    let taken = recipient.map(str::parse).transpose()?;
    let effect = match &taken {
        Some(recipient) => format!("secrets will be encrypted to {recipient} as well from now on"),
        None => "a recovery key will be made, and secrets encrypted to it as well from now on".into(),
    };
    match confirm(write, &effect)? {
        Consent::Given => {}
        Consent::DryRun => return Ok(ExitCode::SUCCESS),
        Consent::Refused => return Ok(ExitCode::FAILURE),
    }
    let keyring = vault.keyring()?;
    if let Some(recipient) = taken {
        keyring.set_recovery(&recipient)?;
        let words = "Taken. `minerctl credentials rotate` encrypts the existing entries to it.\n";
        output::done(vault.json, &json!({ "schema": 1, "recipient": recipient.to_string() }), words)?;
    } else {
        let path = keyring.make_recovery()?;
        let words = format!(
            "Made {}.\nMove this file to a safe place off this machine: it opens every secret.\n\
             `minerctl credentials rotate` encrypts the existing entries to it.\n",
            path.display()
        );
        output::done(vault.json, &json!({ "schema": 1, "made": path }), &words)?;
    }
    Ok(ExitCode::SUCCESS)
}
