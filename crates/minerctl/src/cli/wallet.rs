//! `minerctl wallet`: which keys are made of what, and where their passwords come from.

use std::path::PathBuf;

use bittensor::keys::Scheme;
use clap::{Args, Subcommand, ValueEnum};
use common::id::Ss58;

use super::WriteArgs;

/// What to do with the wallet.
#[derive(Debug, Subcommand)]
pub(crate) enum WalletCommand {
    /// Show the wallet's keys, how they are kept, and what is wrong with their files
    Show(NamesArgs),
    /// List all wallets and hotkeys
    List(NamesArgs),
    /// Make new keys and show their mnemonics, this once: write them down
    Create {
        /// Which key
        key: KeyName,
        /// How many words the mnemonic has
        #[arg(long, default_value_t = 12, value_parser = words)]
        words: u8,
        #[command(flatten)]
        make: KeyArgs,
    },
    /// Make a key again of its mnemonic, seed or private key, read from the terminal or stdin; or watch an address
    #[command(subcommand)]
    Regen(RegenKey),
    /// Take over a key file of any format that the wallet tools ever wrote
    Import {
        /// Which key it becomes
        key: KeyName,
        /// The file
        file: PathBuf,
        /// Read the password of that file from this file descriptor
        #[arg(long, value_name = "FD")]
        file_password_fd: Option<u32>,
        #[command(flatten)]
        make: KeyArgs,
    },
    /// Let wallet-manager sign with the coldkey, until it is locked or has been idle
    Unlock {
        #[command(flatten)]
        password: PasswordArgs,
        #[command(flatten)]
        write: WriteArgs,
    },
    /// Make wallet-manager forget the coldkey
    Lock(WriteArgs),
    /// One-time codes, by which approvals can be sent from a phone
    #[command(subcommand)]
    Totp(TotpCommand),
}

/// A key that is made again.
#[derive(Debug, Subcommand)]
pub(crate) enum RegenKey {
    /// The coldkey, behind a password
    Coldkey(SecretArgs),
    /// The hotkey, without a password
    Hotkey(SecretArgs),
    /// Only the coldkey's address: enough to mine, while the coldkey stays elsewhere
    Coldkeypub {
        /// The coldkey's address
        address: Ss58,
        #[command(flatten)]
        names: NamesArgs,
        #[command(flatten)]
        write: WriteArgs,
    },
}

/// What to do with one-time codes.
#[derive(Debug, Subcommand)]
pub(crate) enum TotpCommand {
    /// Make a secret and show it, this once, for an authenticator app; then ask for a first code
    Enrol(WriteArgs),
    /// Let the secret count, with a first code from the app, read from the terminal or stdin
    Confirm(WriteArgs),
}

/// Flags of commands that make a key of a secret.
#[derive(Args, Debug)]
pub(crate) struct SecretArgs {
    /// Read the mnemonic, seed or private key from this file descriptor
    #[arg(long, value_name = "FD")]
    pub(crate) secret_fd: Option<u32>,
    #[command(flatten)]
    pub(crate) make: KeyArgs,
}

/// Flags of commands that make a key.
#[derive(Args, Debug)]
pub(crate) struct KeyArgs {
    #[command(flatten)]
    pub(crate) names: NamesArgs,
    /// How the key signs
    #[arg(long, value_parser = scheme, default_value = "sr25519", value_name = "SCHEME")]
    pub(crate) scheme: Scheme,
    /// Keep a coldkey without a password: whoever reads the file owns the wallet
    #[arg(long, conflicts_with = "password_fd")]
    pub(crate) no_password: bool,
    #[command(flatten)]
    pub(crate) password: PasswordArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// Where a password comes from; never the command line or the environment.
#[derive(Args, Debug)]
pub(crate) struct PasswordArgs {
    /// Read the coldkey's password from this file descriptor, not from the systemd credential coldkey-password or the terminal
    #[arg(long, value_name = "FD")]
    pub(crate) password_fd: Option<u32>,
}

/// Which wallet.
#[derive(Args, Debug)]
pub(crate) struct NamesArgs {
    /// The directory with all wallets [default: wallet.path of miner-config.json]
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) path: Option<String>,
    /// The wallet's name [default: wallet.name of miner-config.json]
    #[arg(long, value_name = "NAME")]
    pub(crate) wallet: Option<String>,
    /// The hotkey's name [default: wallet.hotkey of miner-config.json]
    #[arg(long, value_name = "NAME")]
    pub(crate) hotkey: Option<String>,
}

/// A key of a wallet.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum KeyName {
    /// Owns the TAO; kept behind a password
    Coldkey,
    /// Signs for the miner; kept without a password
    Hotkey,
}

impl KeyName {
    /// The word for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Coldkey => "coldkey",
            Self::Hotkey => "hotkey",
        }
    }
}

fn words(text: &str) -> Result<u8, String> {
    match text.parse() {
        Ok(words @ (12 | 15 | 18 | 21 | 24)) => Ok(words),
        Ok(_) | Err(_) => Err("12, 15, 18, 21 or 24 is expected".into()),
    }
}

fn scheme(text: &str) -> Result<Scheme, String> {
    match text {
        "sr25519" => Ok(Scheme::Sr25519),
        "ed25519" => Ok(Scheme::Ed25519),
        _ => Err("sr25519 or ed25519 is expected".into()),
    }
}
