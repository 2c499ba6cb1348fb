//! `minerctl wallet`: key files made, listed and taken over here; the coldkey opened by wallet-manager only.

mod make;
mod names;
mod secrets;
mod show;
mod totp;
mod unlock;

use std::process::ExitCode;

use anyhow::Context;

use crate::cli::{CommonArgs, RegenKey, TotpCommand, WalletCommand};

/// Runs the command.
///
/// # Errors
/// If a file cannot be read or written, a secret is none, or wallet-manager refuses.
pub(crate) async fn run(common: &CommonArgs, command: &WalletCommand) -> anyhow::Result<ExitCode> {
    // Some of these commands have keys in memory for a moment.
    daemon_kit::harden().context("this process cannot be protected from others")?;
    match command {
        WalletCommand::Show(names) => show::show(common, names),
        WalletCommand::List(names) => show::list(common, names),
        WalletCommand::Create { key, words, make } => make::create(common, *key, *words, make),
        WalletCommand::Regen(RegenKey::Coldkey(args)) => make::regen_coldkey(common, args),
        WalletCommand::Regen(RegenKey::Hotkey(args)) => make::regen_hotkey(common, args),
        WalletCommand::Regen(RegenKey::Coldkeypub { address, names, write }) => {
            make::watch(common, address, names, write)
        }
        WalletCommand::Import { key, file, file_password_fd, make } => {
            make::import(common, *key, file, *file_password_fd, make)
        }
        WalletCommand::Unlock { password, write } => unlock::unlock(common, password, write).await,
        WalletCommand::Lock(write) => unlock::lock(common, write).await,
        WalletCommand::Totp(TotpCommand::Enrol(write)) => totp::enrol(common, write).await,
        WalletCommand::Totp(TotpCommand::Confirm(write)) => totp::confirm_code(common, write).await,
    }
}
