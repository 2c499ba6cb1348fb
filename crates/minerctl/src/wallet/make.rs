//! Keys made new, made again, or taken over. A key that is there is never replaced.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use bittensor::keys::Scheme;
use bittensor::wallet::{self, KeySecret, Protection, Seal, Wallet};
use common::config::miner;
use common::id::Ss58;
use rand::TryRng as _;
use rand::rngs::SysRng;
use serde_json::json;
use zeroize::Zeroizing;

use super::{names, secrets};
use crate::cli::{CommonArgs, KeyArgs, KeyName, NamesArgs, SecretArgs, WriteArgs};
use crate::confirm::{Consent, confirm};
use crate::output;

/// Makes a new key and shows its mnemonic.
pub(super) fn create(common: &CommonArgs, key: KeyName, words: u8, args: &KeyArgs) -> anyhow::Result<ExitCode> {
    let names = names::names(common, &args.names)?;
    if let Some(code) = ask(&names, key, "made", &args.write)? {
        return Ok(code);
    }
    let secret = fresh(words)?;
    let address = write(&names::wallet(&names)?, key, &secret, args.scheme, args)?;
    let mnemonic = secret.mnemonic().context("a fresh key has a mnemonic")?;
    if common.json {
        let data = Zeroizing::new(
            json!({
                "schema": 1, "wallet": names.name, "key": key.name(), "address": address, "mnemonic": mnemonic
            })
            .to_string(),
        );
        output::text(&format!("{}\n", *data))?;
    } else {
        let text = Zeroizing::new(format!(
            "{} {address}\n\n  {mnemonic}\n\nWrite these words down and keep them off this machine: they are the key, and are not shown again.\n",
            title(&names, key),
        ));
        output::text(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the coldkey again.
pub(super) fn regen_coldkey(common: &CommonArgs, args: &SecretArgs) -> anyhow::Result<ExitCode> {
    regen(common, KeyName::Coldkey, args)
}

/// Makes the hotkey again.
pub(super) fn regen_hotkey(common: &CommonArgs, args: &SecretArgs) -> anyhow::Result<ExitCode> {
    regen(common, KeyName::Hotkey, args)
}

fn regen(common: &CommonArgs, key: KeyName, args: &SecretArgs) -> anyhow::Result<ExitCode> {
    let names = names::names(common, &args.make.names)?;
    if let Some(code) = ask(&names, key, "made again", &args.make.write)? {
        return Ok(code);
    }
    let text = secrets::secret(args.secret_fd, "Mnemonic, seed or private key (not shown): ")?;
    let secret = KeySecret::parse(&text)?;
    let address = write(&names::wallet(&names)?, key, &secret, args.make.scheme, &args.make)?;
    told(common, &names, key, &address)
}

/// Takes a key file over.
pub(super) fn import(
    common: &CommonArgs,
    key: KeyName,
    file: &Path,
    file_password_fd: Option<u32>,
    args: &KeyArgs,
) -> anyhow::Result<ExitCode> {
    let names = names::names(common, &args.names)?;
    if let Some(code) = ask(&names, key, &format!("taken from {}", file.display()), &args.write)? {
        return Ok(code);
    }
    let password =
        if wallet::is_encrypted(file)? { secrets::file_password(file_password_fd)? } else { Zeroizing::default() };
    let (secret, scheme) = wallet::import(file, password.as_bytes())?;
    let address = write(&names::wallet(&names)?, key, &secret, scheme, args)?;
    told(common, &names, key, &address)
}

/// Writes the coldkey's address only.
pub(super) fn watch(
    common: &CommonArgs,
    address: &Ss58,
    names: &NamesArgs,
    write: &WriteArgs,
) -> anyhow::Result<ExitCode> {
    let names = names::names(common, names)?;
    // An address has no scheme. btcli's own default is written, and nothing reads it for a key that only receives.
    let scheme = Scheme::Sr25519;
    bittensor::ss58::decode(address.as_str())?;
    match confirm(write, &format!("wallet {} will be watched at {address}", names.name))? {
        Consent::Given => {}
        Consent::DryRun => return Ok(ExitCode::SUCCESS),
        Consent::Refused => return Ok(ExitCode::FAILURE),
    }
    names::wallet(&names)?.write_coldkeypub(address, scheme)?;
    told(common, &names, KeyName::Coldkey, address)
}

/// Asks for consent; nothing is answered if it was given.
fn ask(names: &miner::Wallet, key: KeyName, verb: &str, write: &WriteArgs) -> anyhow::Result<Option<ExitCode>> {
    let effect = format!("{} in {} will be {verb}", title(names, key), names.path);
    Ok(match confirm(write, &effect)? {
        Consent::Given => None,
        Consent::DryRun => Some(ExitCode::SUCCESS),
        Consent::Refused => Some(ExitCode::FAILURE),
    })
}

fn title(names: &miner::Wallet, key: KeyName) -> String {
    match key {
        KeyName::Coldkey => format!("the coldkey of wallet {}", names.name),
        KeyName::Hotkey => format!("the hotkey {} of wallet {}", names.hotkey, names.name),
    }
}

fn fresh(words: u8) -> anyhow::Result<KeySecret> {
    // 32 bits of entropy for each three words.
    let mut entropy = Zeroizing::new(vec![0; usize::from(words) / 3 * 4]);
    SysRng.try_fill_bytes(&mut entropy).context("the system has no randomness")?;
    Ok(KeySecret::fresh(&entropy)?)
}

fn write(wallet: &Wallet, key: KeyName, secret: &KeySecret, scheme: Scheme, args: &KeyArgs) -> anyhow::Result<Ss58> {
    match key {
        KeyName::Hotkey => Ok(wallet.write_hotkey(secret, scheme, Protection::Plain)?),
        KeyName::Coldkey if args.no_password => Ok(wallet.write_coldkey(secret, scheme, Protection::Plain)?),
        KeyName::Coldkey => {
            let password = secrets::new_password(&args.password)?;
            let mut nonce = [0; 24];
            SysRng.try_fill_bytes(&mut nonce).context("the system has no randomness")?;
            let seal = Seal { password: password.as_bytes(), nonce };
            Ok(wallet.write_coldkey(secret, scheme, Protection::Password(seal))?)
        }
    }
}

fn told(common: &CommonArgs, names: &miner::Wallet, key: KeyName, address: &Ss58) -> anyhow::Result<ExitCode> {
    let data = json!({ "schema": 1, "wallet": names.name, "key": key.name(), "address": address });
    output::done(common.json, &data, &format!("Wrote {}: {address}\n", title(names, key)))?;
    Ok(ExitCode::SUCCESS)
}
