//! What is known of all models that can be named, for the operator.

use std::collections::{BTreeMap, BTreeSet};

use common::call::task::{KnownDay, ModelFacts, ModelList, ModelTerms, PricePerMillion};
use common::config::budget::TokenBudgets;
use common::config::miner::Vendor;
use common::config::subnet::ModelRef;
use common::id::VendorName;
use common::money::{NanoUsd, TokenPrice};
use daemon_kit::config::Config;
use llm::models::{Model, ModelTable, Rates};

/// Knows which models can be named.
#[derive(Debug)]
pub struct Catalogue {
    table: ModelTable,
    vendors: BTreeMap<VendorName, Vendor>,
    budgets: TokenBudgets,
    preferred: BTreeSet<ModelRef>,
}

impl Catalogue {
    /// Collects the vendors and the models that profiles prefer.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let preferred = config.subnets.subnets.values().flat_map(|profile| &profile.preferred_models);
        Self {
            table: ModelTable::shipped(),
            vendors: config.miner.vendors.clone(),
            budgets: config.budgets.clone(),
            preferred: preferred.cloned().collect(),
        }
    }

    /// Says what is known at `unix_ms`. A preferred model whose vendor is not configured is left out: the status shows it.
    #[must_use]
    pub fn list(&self, unix_ms: u64) -> ModelList {
        let mut models = Vec::new();
        for (name, vendor) in &self.vendors {
            let preferred =
                self.preferred.iter().filter(|model| model.vendor == *name).map(|model| model.model.clone());
            let named: BTreeSet<_> = self
                .table
                .listed_for(vendor)
                .into_iter()
                .chain(vendor.models.keys().cloned())
                .chain(preferred)
                .collect();
            let references = named.into_iter().map(|model| ModelRef { vendor: name.clone(), model });
            models.extend(references.map(|model| self.facts(model, vendor, unix_ms)));
        }
        ModelList { models }
    }

    fn facts(&self, model: ModelRef, vendor: &Vendor, unix_ms: u64) -> ModelFacts {
        let outlook = self.table.outlook(&model.model, vendor, unix_ms);
        let known = |(day, unix_ms): (String, u64)| KnownDay { day, unix_ms };
        let terms = match self.table.find(&model, vendor, &self.budgets, unix_ms) {
            Ok(model) => terms(&model),
            Err(error) => ModelTerms::Uncallable { problem: error.to_string() },
        };
        ModelFacts {
            preferred: self.preferred.contains(&model),
            vendor: model.vendor,
            // The operator's price stays, whatever the vendor's does.
            next_price: outlook.next_price.filter(|_| !self.budgets.prices.contains_key(&model.model)).map(known),
            shutdown: outlook.shutdown.map(known),
            model: model.model,
            terms,
        }
    }
}

fn terms(model: &Model) -> ModelTerms {
    let long = model.prices.long().iter().map(|long| (long.above_prompt_tokens, price(long.rates)));
    ModelTerms::Callable {
        context_tokens: model.context_tokens,
        max_output_tokens: model.max_output_tokens,
        prices: price(model.prices.base()),
        long_prices: long.collect(),
    }
}

fn price(rates: Rates) -> PricePerMillion {
    let per_million = |price: TokenPrice| NanoUsd(price.0);
    PricePerMillion {
        input: per_million(rates.input),
        cache_read: per_million(rates.cache_read),
        cache_write: per_million(rates.cache_write),
        output: per_million(rates.output),
    }
}

#[cfg(test)]
mod tests {
    use common::config::credential::LlmCredentials;
    use common::config::miner::{Dialect, LocalModel};

    use super::*;

    /// 2026-11-28
    const NOW: u64 = 1_795_824_000_000;

    #[test]
    fn listed_declared_and_preferred_models_are_known() {
        let mut config = example();
        let local = LocalModel { context_tokens: 2_048, max_output_tokens: 512 };
        let vendor = Vendor {
            models: [("toy".into(), local)].into(),
            ..Vendor::new(Dialect::Gemini, "https://generativelanguage.googleapis.com/v1")
        };
        config.miner.vendors = [("google".into(), vendor)].into();
        let profile = config.subnets.subnets.values_mut().next().unwrap();
        profile.preferred_models = vec![ModelRef { vendor: "google".into(), model: "unheard-of".into() }];

        let list = Catalogue::new(&config).list(NOW);

        let fact = |name: &str| list.models.iter().find(|fact| fact.model.as_str() == name).unwrap();
        let argon = fact("gemini-4-argon");
        assert_eq!(argon.next_price.as_ref().unwrap().day, "2026-12-01");
        assert!(
            matches!(&argon.terms, ModelTerms::Callable { prices, .. } if prices.output == NanoUsd(10_000_000_000)),
            "{argon:?}"
        );
        assert!(matches!(&fact("toy").terms, ModelTerms::Uncallable { problem } if problem.contains("no price")));
        assert!(fact("unheard-of").preferred && !argon.preferred);
        assert!(matches!(&fact("unheard-of").terms, ModelTerms::Uncallable { .. }));
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
