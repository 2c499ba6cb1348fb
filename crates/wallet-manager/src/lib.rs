//! wallet-manager: says what is known of the wallet, and is the only process that decrypts the coldkey.

mod approvals;
mod automatic;
mod backoff;
mod balance;
mod desk;
mod earnings;
mod journal;
mod keyring;
mod ledger;
pub mod mcp;
mod operations;
mod policy;
mod quote;
mod service;
mod totp;
mod unattended;

use std::sync::Arc;

use anyhow::Context;
use bittensor::wallet::Wallet;
use common::call::tracker::TrackerCall;
use daemon_kit::Daemon;
use daemon_kit::config::{Config, ConfigError, ConfigErrors, File};
use daemon_kit::ipc::{Client, Listener, serve};

use crate::desk::Desk;
use crate::keyring::Keyring;
use crate::service::{Counter, Rights, WalletManager, unix_ms};

/// The name that stands in the `Hello` of both sockets.
const SERVICE: &str = "wallet-manager";

/// Checks what only wallet-manager can say about the configuration: whether the names can be a wallet's, and whether the policy
/// names accounts. Pure.
///
/// # Errors
/// Everything that cannot be used.
pub fn check(config: &Config) -> Result<(), ConfigErrors> {
    let wrong = |key: &str, problem: String| ConfigError::contradiction(File::MinerConfig, key, problem);
    let names = &config.miner.wallet;
    let located = Wallet::locate(&names.path, &names.name, &names.hotkey);
    let mut errors: Vec<ConfigError> =
        located.err().map(|error| wrong("wallet", error.to_string())).into_iter().collect();
    for (place, account) in names.policy.destinations.iter().enumerate() {
        if let Err(error) = bittensor::ss58::decode(account.as_str()) {
            errors.push(wrong(&format!("wallet.policy.destinations[{place}]"), error.to_string()));
        }
    }
    for (netuid, range) in &names.policy.prices {
        if range.min.zip(range.max).is_some_and(|(min, max)| min > max) {
            errors.push(wrong(&format!("wallet.policy.prices.{netuid}"), "min is above max".to_owned()));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(ConfigErrors(errors)) }
}

/// Opens both sockets, and serves until the workers stop. A wallet that is missing or damaged is a finding, no failure.
///
/// # Errors
/// When the configured names cannot be a wallet's, or another wallet-manager runs in the same home.
pub async fn run(daemon: Daemon) -> anyhow::Result<()> {
    let config = &daemon.config.miner;
    let wallet = Wallet::locate(&config.wallet.path, &config.wallet.name, &config.wallet.hotkey)
        .context("`wallet` in miner-config.json names no wallet")?;
    let miner = Listener::bind(&daemon.home.socket("wallet"), &config.daemons.allowed_uids)?;
    // No foreign uid: the operator calls as this daemon's own user or as root, and no other daemon gets his rights.
    let operator = Listener::bind(&daemon.home.socket("wallet-admin"), &[])?;
    let workers = daemon.workers.clone();
    let tracker = Client::<TrackerCall>::new(daemon.home.socket("tracker"), "tracker", &workers);
    // The wishes are for those who answer tasks.
    let _wishes = daemon_kit::beat::start(&daemon, tracker.clone(), None, ());
    let keyring = Arc::new(Keyring::new(wallet.clone(), daemon.config.miner.wallet.lock_after_idle()));
    let idle = Arc::clone(&keyring).lock_when_idle();
    let stopping = workers.clone();
    workers.spawn("coldkey-lock", async move {
        tokio::select! {
            () = idle => {}
            () = stopping.stopping() => {}
        }
    });
    workers.spawn("coldkey-unlock", unattended::unlock(Arc::clone(&keyring)));
    let by_code = daemon.config.miner.wallet.policy.code_approves_up_to.is_some();
    let desk = Desk::open(&daemon, &wallet, &keyring, unix_ms).await?;
    let manager = Arc::new(WalletManager::new(daemon, wallet, keyring, desk));
    manager.log_findings().await;
    if by_code {
        workers.spawn("approvals", approvals::take(Arc::clone(&manager), tracker, workers.clone()));
    }
    let to_miner = Counter { manager: Arc::clone(&manager), rights: Rights::Miner };
    let to_operator = Counter { manager, rights: Rights::Operator };
    workers.spawn("ipc-server", serve(miner, SERVICE, Arc::new(to_miner), workers.clone()));
    workers.spawn("ipc-admin-server", serve(operator, SERVICE, Arc::new(to_operator), workers.clone()));
    Ok(())
}
