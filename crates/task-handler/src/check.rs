//! What only task-handler can say about the configuration: whether the strategies of the profiles exist, and whether the
//! vendors' addresses can be called. Pure.

use daemon_kit::config::{Config, ConfigError, ConfigErrors, File};
use llm::check_vendor;
use llm_router::check_strategies;

/// Checks the strategies of all profiles and the addresses of all vendors.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn check(config: &Config) -> Result<(), ConfigErrors> {
    let errors: Vec<_> = strategies(config).chain(addresses(config)).collect();
    if errors.is_empty() { Ok(()) } else { Err(ConfigErrors(errors)) }
}

fn strategies(config: &Config) -> impl Iterator<Item = ConfigError> {
    config.subnets.subnets.iter().flat_map(|(netuid, profile)| {
        check_strategies(profile).into_iter().map(move |wrong| {
            let key = format!("subnets.{netuid}.prompt_strategies[{}]", wrong.index());
            ConfigError::contradiction(File::SubnetProfiles, key, wrong.to_string())
        })
    })
}

fn addresses(config: &Config) -> impl Iterator<Item = ConfigError> {
    config.miner.vendors.iter().filter_map(|(name, vendor)| {
        let error = check_vendor(vendor).err()?;
        let key = format!("vendors.{name}.{}", error.key());
        Some(ConfigError::contradiction(File::MinerConfig, key, error.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use common::config::credential::LlmCredentials;
    use common::config::miner::Vendor;

    use super::*;

    #[test]
    fn the_shipped_examples_are_good() {
        assert!(check(&example()).is_ok());
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let mut config = example();
        let vendor = config.miner.vendors.values().next().unwrap().clone();
        for (name, base_url) in [("a", "nonsense"), ("b", "ftp://b"), ("c", "http://127.0.0.1:1/v1")] {
            let vendor = Vendor { base_url: base_url.into(), ..vendor.clone() };
            config.miner.vendors.insert(name.into(), vendor);
        }
        config.subnets.subnets.values_mut().next().unwrap().prompt_strategies = vec!["direkt".into()];

        let errors = check(&config).unwrap_err();

        let keys: Vec<_> = errors.0.iter().map(|error| error.key.as_str()).collect();
        assert_eq!(keys, ["subnets.1.prompt_strategies[0]", "vendors.a.base_url", "vendors.b.base_url"]);
    }

    fn example() -> Config {
        Config {
            miner: serde_json::from_str(include_str!("../../../config/examples/miner-config.json")).unwrap(),
            subnets: serde_json::from_str(include_str!("../../../config/examples/subnet-profiles.json")).unwrap(),
            budgets: serde_json::from_str(include_str!("../../../config/examples/token-budgets.json")).unwrap(),
            credentials: LlmCredentials { version: 1, entries: [].into() },
        }
    }
}
