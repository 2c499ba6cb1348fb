//! What only task-handler can say about the configuration: whether the strategies and models of the profiles exist, the prices
//! can be, and the vendors' addresses can be called. Pure.

use daemon_kit::config::{Config, ConfigError, ConfigErrors, File};
use llm::check_vendor;
use llm::models::{ModelError, ModelTable};
use llm_router::check_strategies;

/// Checks the strategies and models of all profiles, the prices, and the addresses of all vendors.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn check(config: &Config) -> Result<(), ConfigErrors> {
    let errors: Vec<_> =
        strategies(config).chain(models(config)).chain(prices(config)).chain(addresses(config)).collect();
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

/// Checks what does not depend on the day: a model that is shut down must not keep the others from being served.
fn models(config: &Config) -> impl Iterator<Item = ConfigError> {
    let table = ModelTable::shipped();
    let preferred = config.subnets.subnets.iter().flat_map(|(netuid, profile)| {
        profile.preferred_models.iter().enumerate().map(move |(index, model)| (netuid, index, model))
    });
    preferred.filter_map(move |(netuid, index, model)| {
        let vendor = config.miner.vendors.get(&model.vendor)?;
        let error = table.find(model, vendor, &config.budgets, 0).err()?;
        let key = format!("subnets.{netuid}.preferred_models[{index}]");
        match error {
            ModelError::Unknown(_) => Some(ConfigError::contradiction(File::SubnetProfiles, key, error.to_string())),
            ModelError::Limits(_) => {
                let key = format!("vendors.{}.models.{}", model.vendor, model.model);
                Some(ConfigError::contradiction(File::MinerConfig, key, error.to_string()))
            }
            // A price is checked below, whoever prefers the model.
            ModelError::Price { .. } | ModelError::NoPrice(_) | ModelError::ShutDown { .. } => None,
        }
    })
}

fn prices(config: &Config) -> impl Iterator<Item = ConfigError> {
    let table = ModelTable::shipped();
    config.budgets.prices.iter().filter_map(move |(model, price)| {
        let problem = table.check_price(model, price).err()?;
        Some(ConfigError::contradiction(File::TokenBudgets, format!("prices.{model}"), problem.to_string()))
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
    use common::config::budget::PriceOverride;
    use common::config::credential::LlmCredentials;
    use common::config::miner::{LocalModel, Vendor};
    use common::config::subnet::ModelRef;

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

    #[test]
    fn models_and_prices_that_cannot_be_are_named_with_the_fix() {
        let mut config = example();
        let profile = config.subnets.subnets.values_mut().next().unwrap();
        let vendor = profile.preferred_models[0].vendor.clone();
        let named = |model: &str| ModelRef { vendor: vendor.clone(), model: model.into() };
        profile.preferred_models = vec![named("gpt-6-lunar"), named("tiny")];
        let declared = &mut config.miner.vendors.get_mut(&vendor).unwrap().models;
        declared.insert("tiny".into(), LocalModel { context_tokens: 1_000, max_output_tokens: 1_001 });
        let price = |input: &str| PriceOverride {
            input_usd: input.parse().unwrap(),
            cache_read_usd: None,
            cache_write_usd: None,
            output_usd: "0.5".parse().unwrap(),
        };
        let prices = [("gpt-6-luna", "0.0000001"), ("gpt-6-sol", "2000"), ("gpt-5.4-mini", "75")];
        config.budgets.prices = prices.map(|(model, input)| (model.into(), price(input))).into();

        let errors = check(&config).unwrap_err();

        let said: Vec<_> = errors.0.iter().map(ToString::to_string).collect();
        let expected = [
            ("subnet-profiles.json", "preferred_models[0]", "is not in the shipped table"),
            ("miner-config.json", "models.tiny", "max_output_tokens must be from 1 to context_tokens"),
            ("token-budgets.json", "prices.gpt-5.4-mini", "a hundred times"),
            ("token-budgets.json", "prices.gpt-6-luna", "per token"),
            ("token-budgets.json", "prices.gpt-6-sol", "at most 1000"),
        ];
        assert_eq!(said.len(), expected.len(), "{said:#?}");
        for (said, (file, key, fix)) in said.iter().zip(expected) {
            assert!(said.contains(file) && said.contains(key) && said.contains(fix), "{said}");
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
