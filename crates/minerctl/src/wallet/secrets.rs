//! Passwords, mnemonics and codes: read without showing them, from the terminal, a file descriptor or systemd. Never from the
//! command line, which every user of the host can read, nor from the environment, which children inherit.

use std::fs::File;
use std::io::{self, IsTerminal};

use anyhow::{Context, bail, ensure};
use daemon_kit::{read_secret, systemd_credential};
use zeroize::Zeroizing;

use crate::cli::PasswordArgs;

/// The name of the systemd credential.
const CREDENTIAL: &str = "coldkey-password";

/// A password that protects all TAO of a wallet: key files have the same salt everywhere, so short ones are found quickly.
const SHORTEST: usize = 8;

/// Reads the password of a coldkey that is there.
pub(super) fn password(args: &PasswordArgs) -> anyhow::Result<Zeroizing<String>> {
    match given_password(args)? {
        Some(password) => Ok(password),
        None => prompt("Password of the coldkey (not shown): "),
    }
}

/// Reads the password for a new coldkey; twice, if somebody types it.
pub(super) fn new_password(args: &PasswordArgs) -> anyhow::Result<Zeroizing<String>> {
    let password = match given_password(args)? {
        Some(password) => password,
        None => {
            let first = prompt("New password of the coldkey (not shown): ")?;
            let again = prompt("Once more: ")?;
            ensure!(first == again, "the two passwords differ; nothing was done");
            first
        }
    };
    ensure!(password.chars().count() >= SHORTEST, "a password of at least {SHORTEST} characters is expected");
    Ok(password)
}

fn given_password(args: &PasswordArgs) -> anyhow::Result<Option<Zeroizing<String>>> {
    match args.password_fd {
        Some(descriptor) => from_descriptor(descriptor).map(Some),
        None => systemd_credential(CREDENTIAL).with_context(|| format!("the credential {CREDENTIAL} cannot be read")),
    }
}

/// Reads a secret from a file descriptor, else from the terminal, else from stdin.
pub(super) fn secret(descriptor: Option<u32>, prompt_text: &str) -> anyhow::Result<Zeroizing<String>> {
    match descriptor {
        Some(descriptor) => from_descriptor(descriptor),
        None if io::stdin().is_terminal() => prompt(prompt_text),
        None => read_secret(io::stdin().lock()).context("stdin cannot be read"),
    }
}

/// Reads the password of a file that is taken over.
pub(super) fn file_password(descriptor: Option<u32>) -> anyhow::Result<Zeroizing<String>> {
    match descriptor {
        Some(descriptor) => from_descriptor(descriptor),
        None => prompt("Password of the file (not shown): "),
    }
}

fn from_descriptor(descriptor: u32) -> anyhow::Result<Zeroizing<String>> {
    let file = File::open(format!("/dev/fd/{descriptor}"));
    let file = file.with_context(|| format!("file descriptor {descriptor} cannot be opened"))?;
    read_secret(file).with_context(|| format!("file descriptor {descriptor} cannot be read"))
}

fn prompt(text: &str) -> anyhow::Result<Zeroizing<String>> {
    if File::open("/dev/tty").is_err() {
        bail!("there is no terminal to ask for it: pass a file descriptor (see --help)");
    }
    rpassword::prompt_password(text).map(Zeroizing::new).context("the terminal cannot be read")
}
