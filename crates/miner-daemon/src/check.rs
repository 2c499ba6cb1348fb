//! What only miner-daemon can say about the configuration: whether its routes can be served, and its wallet be found. Pure.

use bittensor::wallet::Wallet;
use chain::Settings;
use daemon_kit::config::{Config, ConfigError, ConfigErrors, File};

use crate::routes::Routes;

/// Checks the routes of all listeners, the names of the wallet, and the nodes of the chain.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn check(config: &Config) -> Result<(), ConfigErrors> {
    let routes = compile(config).err().into_iter().flat_map(|errors| errors.0);
    let errors: Vec<_> = routes.chain(wallet(config)).chain(nodes(config)).collect();
    if errors.is_empty() { Ok(()) } else { Err(ConfigErrors(errors)) }
}

/// Makes the routes of all listeners ready.
///
/// # Errors
/// Everything that is wrong with any of them, at once.
pub(crate) fn compile(config: &Config) -> Result<Vec<Routes>, ConfigErrors> {
    let (mut routes, mut errors) = (Vec::new(), Vec::new());
    for listener in &config.miner.listeners {
        match Routes::compile(listener, &config.subnets) {
            Ok(compiled) => routes.push(compiled),
            Err(found) => errors.extend(found),
        }
    }
    if errors.is_empty() { Ok(routes) } else { Err(ConfigErrors(errors)) }
}

fn wallet(config: &Config) -> Option<ConfigError> {
    let names = &config.miner.wallet;
    let error = Wallet::locate(&names.path, &names.name, &names.hotkey).err()?;
    Some(ConfigError::contradiction(File::MinerConfig, "wallet", error.to_string()))
}

fn nodes(config: &Config) -> Option<ConfigError> {
    let error = Settings::new(config.miner.chain.as_ref()?).err()?.to_string();
    // The error itself begins with the key.
    let (key, problem) = error.split_once(": ").unwrap_or(("chain", &error));
    Some(ConfigError::contradiction(File::MinerConfig, key, problem.to_owned()))
}

#[cfg(test)]
mod tests {
    use common::config::credential::LlmCredentials;

    use super::*;

    #[test]
    fn the_shipped_examples_are_good() {
        assert!(check(&example()).is_ok());
    }

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let mut config = example();
        config.miner.wallet.name = "../elsewhere".into();
        config.miner.chain = serde_json::from_str(r#"{ "network": "finney", "endpoints": ["http://x"] }"#).unwrap();
        for profile in config.subnets.subnets.values_mut() {
            for route in profile.routes.values_mut() {
                route.hash_fields = vec!["no_such_field".into()];
            }
        }

        let errors = check(&config).unwrap_err().to_string();

        assert!(errors.contains("config/miner-config.json: wallet: the wallet name"), "{errors}");
        assert!(errors.contains("config/miner-config.json: chain.endpoints: `http://x` is not an address"), "{errors}");
        for netuid in config.subnets.subnets.keys() {
            assert!(errors.contains(&format!("config/subnet-profiles.json: subnets.{netuid}.")), "{errors}");
        }
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
