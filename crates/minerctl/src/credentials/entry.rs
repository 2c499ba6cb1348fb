//! Entries of llm-credentials.json: made, listed, removed, encrypted anew.

use std::io::{self, IsTerminal, Read};
use std::process::ExitCode;

use anyhow::Context;
use common::config::credential::{Audience, CredentialEntry};
use credentials::{check_secret, load, save, seal};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::Vault;
use crate::cli::WriteArgs;
use crate::confirm::{Consent, confirm};
use crate::output;

/// More than any secret that is taken.
const MAX_SECRET_BYTES: u64 = 16 * 1024;

/// Asks for a secret and keeps it encrypted.
pub(super) fn set(vault: &Vault, name: &str, audience: Audience, write: &WriteArgs) -> anyhow::Result<ExitCode> {
    let mut file = load(&vault.path)?;
    let effect = match file.entries.get(name) {
        Some(_) => format!("the secret {name} will be replaced"),
        None => format!("the secret {name} will be kept for {}", audience.name()),
    };
    if write.dry_run || file.entries.contains_key(name) {
        match confirm(write, &effect)? {
            Consent::Given => {}
            Consent::DryRun => return Ok(ExitCode::SUCCESS),
            Consent::Refused => return Ok(ExitCode::FAILURE),
        }
    }
    let secret = read_secret(name)?;
    check_secret(&secret)?;
    let keyring = vault.keyring()?;
    keyring.ensure(audience)?;
    let age = seal(&secret, &keyring.recipients(audience)?)?;
    file.entries.insert(name.to_owned(), CredentialEntry { audience, age });
    save(&file, &vault.path)?;
    let words = format!("Kept {name}, encrypted for {}. It is used from its next start on.\n", audience.name());
    output::done(vault.json, &json!({ "schema": 1, "kept": name, "for": audience }), &words)?;
    if keyring.recovery()?.is_none() {
        output::note("without a recovery key, secrets are lost with this machine: minerctl credentials recovery");
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a secret from the terminal without showing it, or all of stdin: never from the command line.
fn read_secret(name: &str) -> anyhow::Result<SecretString> {
    if io::stdin().is_terminal() {
        let prompt = format!("Secret {name} (not shown): ");
        return Ok(rpassword::prompt_password(prompt).context("the terminal cannot be read")?.into());
    }
    let mut text = String::new();
    io::stdin().lock().take(MAX_SECRET_BYTES).read_to_string(&mut text).context("the secret is not text")?;
    // `echo` and editors end a line.
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(text.into())
}

/// Forgets a secret.
pub(super) fn remove(vault: &Vault, name: &str, write: &WriteArgs) -> anyhow::Result<ExitCode> {
    let mut file = load(&vault.path)?;
    anyhow::ensure!(file.entries.contains_key(name), "there is no secret {name}; see `minerctl credentials list`");
    match confirm(write, &format!("the secret {name} will be forgotten"))? {
        Consent::Given => {}
        Consent::DryRun => return Ok(ExitCode::SUCCESS),
        Consent::Refused => return Ok(ExitCode::FAILURE),
    }
    file.entries.remove(name);
    save(&file, &vault.path)?;
    let words = format!("Forgot {name}. Its key at the vendor is still valid until you revoke it there.\n");
    output::done(vault.json, &json!({ "schema": 1, "forgot": name }), &words)?;
    Ok(ExitCode::SUCCESS)
}

/// Gives a process a new key, and encrypts its entries to it.
pub(super) fn rotate(vault: &Vault, audience: Audience, write: &WriteArgs) -> anyhow::Result<ExitCode> {
    let file = load(&vault.path)?;
    let count = file.entries.values().filter(|entry| entry.audience == audience).count();
    let process = audience.name();
    match confirm(write, &format!("{process} will get a new key, and {count} secrets will be encrypted to it"))? {
        Consent::Given => {}
        Consent::DryRun => return Ok(ExitCode::SUCCESS),
        Consent::Refused => return Ok(ExitCode::FAILURE),
    }
    vault.keyring()?.rotate(audience, &file, |file| save(file, &vault.path))?;
    let words = format!(
        "{process} has a new key; {count} secrets are encrypted to it. A running {process} goes on with what it has opened.\n"
    );
    output::done(vault.json, &json!({ "schema": 1, "rotated": process, "secrets": count }), &words)?;
    Ok(ExitCode::SUCCESS)
}

/// Lists the names of the secrets; no key is needed for that.
pub(super) fn list(vault: &Vault) -> anyhow::Result<ExitCode> {
    let file = load(&vault.path)?;
    if vault.json {
        let entries: Vec<Value> =
            file.entries.iter().map(|(name, entry)| json!({ "name": name, "for": entry.audience })).collect();
        output::json(&json!({ "schema": 1, "entries": entries }))?;
    } else if file.entries.is_empty() {
        output::note("no secrets yet; keep one with: minerctl credentials set NAME");
    } else {
        let rows: Vec<_> =
            file.entries.iter().map(|(name, entry)| vec![name.clone(), entry.audience.name().into()]).collect();
        output::text(&output::table(&rows))?;
    }
    Ok(ExitCode::SUCCESS)
}
