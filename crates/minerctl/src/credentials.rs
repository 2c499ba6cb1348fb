//! `minerctl credentials`: the secrets of llm-credentials.json. Nothing here prints one.

mod check;
mod entry;

use std::path::PathBuf;
use std::process::ExitCode;

use credentials::Keyring;
use daemon_kit::Home;

use crate::cli::{CommonArgs, CredentialsCommand};
use crate::output;

/// Where the secrets and the keys to them are.
struct Vault {
    path: PathBuf,
    keyring: Keyring,
}

impl Vault {
    fn open(common: &CommonArgs) -> anyhow::Result<Self> {
        let home = Home::new(common.home.clone());
        home.prepare()?;
        std::fs::create_dir_all(home.config_dir())?;
        let path = home.config_dir().join("llm-credentials.json");
        Ok(Self { path, keyring: Keyring::open(&home.state_dir())? })
    }
}

/// Runs the command.
///
/// # Errors
/// If a file cannot be trusted, read or written, or the secret is not one that is taken.
pub(crate) fn run(common: &CommonArgs, command: &CredentialsCommand) -> anyhow::Result<ExitCode> {
    let vault = Vault::open(common)?;
    match command {
        CredentialsCommand::Set { name, audience, write } => entry::set(&vault, name, *audience, write),
        CredentialsCommand::Remove { name, write } => entry::remove(&vault, name, write),
        CredentialsCommand::Rotate { audience, write } => entry::rotate(&vault, *audience, write),
        CredentialsCommand::List => entry::list(&vault, common),
        CredentialsCommand::Check => check::run(&vault, common),
        CredentialsCommand::Recovery { recipient, write } => recovery(&vault, recipient.as_deref(), write),
    }
}

/// Makes a recovery key, or takes one that was made elsewhere.
fn recovery(vault: &Vault, recipient: Option<&str>, write: &crate::cli::WriteArgs) -> anyhow::Result<ExitCode> {
    use crate::confirm::{Consent, confirm};

    let effect = match recipient {
        Some(recipient) => format!("secrets will be encrypted to {recipient} as well from now on"),
        None => "a recovery key will be made, and secrets encrypted to it as well from now on".into(),
    };
    match confirm(write, &effect)? {
        Consent::Given => {}
        Consent::DryRun => return Ok(ExitCode::SUCCESS),
        Consent::Refused => return Ok(ExitCode::FAILURE),
    }
    if let Some(recipient) = recipient {
        vault.keyring.set_recovery(&recipient.parse()?)?;
        output::text("Taken. `minerctl credentials rotate` encrypts the existing entries to it.\n")?;
    } else {
        let path = vault.keyring.make_recovery()?;
        output::text(&format!(
            "Made {}.\nMove this file to a safe place off this machine: it opens every secret.\n\
             `minerctl credentials rotate` encrypts the existing entries to it.\n",
            path.display()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
