//! Which wallet a command is about: the flags, then miner-config.json, then the defaults.

use std::fs;
use std::io::ErrorKind;

use anyhow::Context;
use bittensor::wallet::Wallet;
use common::config::miner;
use daemon_kit::Home;
use serde_json::Value;

use crate::cli::{CommonArgs, NamesArgs};

/// Finds the names. The rest of the configuration may be missing or wrong: keys are made before it is written.
pub(super) fn names(common: &CommonArgs, args: &NamesArgs) -> anyhow::Result<miner::Wallet> {
    let path = Home::new(common.home.clone()).config_dir().join("miner-config.json");
    let mut names = match fs::read(&path) {
        Ok(text) => {
            let file: Value =
                serde_json::from_slice(&text).with_context(|| format!("{} is no JSON", path.display()))?;
            let wallet = file.get("wallet").cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
            serde_json::from_value(wallet).with_context(|| format!("{}: wallet", path.display()))?
        }
        Err(error) if error.kind() == ErrorKind::NotFound => miner::Wallet::default(),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    };
    names.path = args.path.clone().unwrap_or(names.path);
    names.name = args.wallet.clone().unwrap_or(names.name);
    names.hotkey = args.hotkey.clone().unwrap_or(names.hotkey);
    Ok(names)
}

/// Finds the wallet itself.
pub(super) fn wallet(names: &miner::Wallet) -> anyhow::Result<Wallet> {
    Ok(Wallet::locate(&names.path, &names.name, &names.hotkey)?)
}
