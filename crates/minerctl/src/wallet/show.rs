//! `minerctl wallet show` and `list`: what stands in the clear. No password is asked for.

use std::process::ExitCode;

use bittensor::wallet::{self, ListedWallet};
use common::call::wallet::KeyPresence;
use common::id::Ss58;
use serde_json::{Value, json};

use super::names;
use crate::cli::{CommonArgs, NamesArgs};
use crate::output::{self, printable, table};

/// Shows one wallet; exit code 1 if something is wrong with it.
pub(super) fn show(common: &CommonArgs, args: &NamesArgs) -> anyhow::Result<ExitCode> {
    let names = names::names(common, args)?;
    let seen = names::wallet(&names)?.inspect();
    if common.json {
        output::json(&json!({
            "schema": 1,
            "path": names.path,
            "wallet": names.name,
            "coldkey": { "address": seen.coldkey, "file": seen.coldkey_file },
            "hotkey": { "name": names.hotkey, "address": seen.hotkey, "file": seen.hotkey_file },
            "findings": seen.findings,
        }))?;
    } else {
        let rows = [
            vec!["coldkey".into(), address(seen.coldkey.as_ref()), presence(seen.coldkey_file).into()],
            vec![
                format!("hotkey {}", printable(&names.hotkey)),
                address(seen.hotkey.as_ref()),
                presence(seen.hotkey_file).into(),
            ],
        ];
        let mut text = format!("Wallet {} in {}\n{}", printable(&names.name), printable(&names.path), table(&rows));
        for finding in &seen.findings {
            let [path, problem, fix] = [&finding.path, &finding.problem, &finding.fix].map(|part| printable(part));
            text.push_str(&format!("  {path}: {problem}\n    fix: {fix}\n"));
        }
        output::text(&text)?;
    }
    Ok(if seen.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lists all wallets of the directory.
pub(super) fn list(common: &CommonArgs, args: &NamesArgs) -> anyhow::Result<ExitCode> {
    let names = names::names(common, args)?;
    let wallets = wallet::list(&names.path)?;
    if common.json {
        let wallets: Vec<Value> = wallets.iter().map(data).collect();
        output::json(&json!({ "schema": 1, "path": names.path, "wallets": wallets }))?;
    } else if wallets.is_empty() {
        output::note(&format!("no wallets in {}; make one with: minerctl wallet create", printable(&names.path)));
    } else {
        let rows: Vec<_> = wallets.iter().flat_map(rows).collect();
        output::text(&table(&rows))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn data(wallet: &ListedWallet) -> Value {
    let hotkeys = wallet.hotkeys.iter();
    let hotkeys: Vec<Value> =
        hotkeys.map(|hotkey| json!({ "name": hotkey.name, "address": hotkey.address, "file": hotkey.file })).collect();
    json!({
        "name": wallet.name,
        "coldkey": { "address": wallet.coldkey, "file": wallet.coldkey_file },
        "hotkeys": hotkeys,
    })
}

fn rows(wallet: &ListedWallet) -> Vec<Vec<String>> {
    let coldkey = [
        printable(&wallet.name),
        "coldkey".into(),
        address(wallet.coldkey.as_ref()),
        presence(wallet.coldkey_file).into(),
    ];
    let hotkeys = wallet.hotkeys.iter().map(|hotkey| {
        let name = format!("hotkey {}", printable(&hotkey.name));
        vec![String::new(), name, address(hotkey.address.as_ref()), presence(hotkey.file).into()]
    });
    [coldkey.to_vec()].into_iter().chain(hotkeys).collect()
}

fn address(address: Option<&Ss58>) -> String {
    address.map_or("unknown".into(), ToString::to_string)
}

fn presence(presence: KeyPresence) -> &'static str {
    match presence {
        KeyPresence::Absent => "not on this host",
        KeyPresence::Plain => "on this host",
        KeyPresence::Encrypted => "on this host, encrypted",
        KeyPresence::Unreadable => "unreadable",
    }
}
