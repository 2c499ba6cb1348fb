//! Whether files that are right by themselves agree with each other. Pure.

mod budgets;
mod chain;
mod listeners;
mod profiles;
mod routes;
mod settings;
mod vendors;

use common::config::miner::MinerConfig;

use super::Config;
use super::error::{ConfigError, File};

/// The only format so far.
const VERSION: u32 = 1;

/// Returns everything in which the files contradict each other or themselves.
pub(super) fn check(config: &Config) -> Vec<ConfigError> {
    let Config { miner, subnets, budgets, credentials } = config;
    let MinerConfig { listeners, vendors, .. } = miner;
    [
        versions(config),
        settings::check(miner),
        chain::check(miner),
        listeners::check(listeners, subnets),
        vendors::check(vendors, credentials),
        profiles::check(subnets, vendors),
        routes::check(subnets),
        budgets::check(budgets, vendors, subnets),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn versions(config: &Config) -> Vec<ConfigError> {
    [
        (File::MinerConfig, config.miner.version),
        (File::SubnetProfiles, config.subnets.version),
        (File::TokenBudgets, config.budgets.version),
        (File::LlmCredentials, config.credentials.version),
    ]
    .into_iter()
    .filter(|(_, version)| *version != VERSION)
    .map(|(file, version)| {
        ConfigError::contradiction(
            file,
            "version",
            format!("is {version}, but this program knows format {VERSION} only"),
        )
    })
    .collect()
}

#[cfg(test)]
mod tests;
