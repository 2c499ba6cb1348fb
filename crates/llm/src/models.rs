//! The models that can be called: limits, prices and what their requests must say, from the shipped table and the
//! operator's configuration.

mod efforts;
mod form;
mod outlook;
mod price;
mod slip;
mod table;
mod thinking;

use common::config::budget::TokenBudgets;
use common::config::miner::{CapField, LocalModel, Vendor};
use common::config::subnet::ModelRef;
use common::id::ModelName;
use common::money::Usd;

pub(crate) use form::{Asked, RequestForm};
pub use outlook::Outlook;
pub use price::{LongRates, Prices, Rates};
pub use slip::PriceSlip;
use table::{ModelEntry, ServiceEntry, TableFile};

/// The shipped table of models, `data/models.json`.
#[derive(Clone, Debug)]
pub struct ModelTable {
    file: TableFile,
}

/// A model as it can be called at one vendor at one time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Model {
    /// The vendor and the model.
    pub name: ModelRef,
    /// The most tokens of prompt and answer together.
    pub context_tokens: u64,
    /// The most tokens of an answer, thinking included.
    pub max_output_tokens: u32,
    /// The request field that caps the output.
    pub cap_field: CapField,
    /// The prices of that day.
    pub prices: Prices,
    /// When the vendor shuts it down, in milliseconds since 1970, if it has said so.
    pub shutdown_unix_ms: Option<u64>,
}

impl ModelTable {
    /// Returns the table that is shipped with the program.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test reads the very file that is compiled in")]
    pub fn shipped() -> Self {
        Self::parse(include_str!("../data/models.json")).expect("the shipped model table is valid")
    }

    fn parse(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json).map(|file| Self { file })
    }

    /// Finds what a call of `model` needs at the time `unix_ms`.
    ///
    /// Limits under `vendors.*.models` and prices in token-budgets.json precede the table. A price of the operator holds
    /// for prompts of any length. The table's price holds at any server that has a model of that name.
    ///
    /// # Errors
    ///
    /// If the model is unknown, gone, or without a plausible price: then it must not be called.
    pub fn find(
        &self,
        model: &ModelRef,
        vendor: &Vendor,
        budgets: &TokenBudgets,
        unix_ms: u64,
    ) -> Result<Model, ModelError> {
        let listed = self.listed(&model.model, vendor);
        let declared = vendor.models.get(&model.model);
        let LocalModel { context_tokens, max_output_tokens } = match (declared, listed) {
            (Some(declared), _) => *declared,
            (None, Some((_, listed))) => listed.limits(),
            (None, None) => return Err(ModelError::Unknown(model.clone())),
        };
        if max_output_tokens == 0 || u64::from(max_output_tokens) > context_tokens {
            return Err(ModelError::Limits(model.clone()));
        }
        let shutdown = listed.filter(|_| declared.is_none()).and_then(|(_, listed)| listed.shutdown);
        if let Some(day) = shutdown.filter(|day| day.starts_unix_ms <= unix_ms) {
            return Err(ModelError::ShutDown { model: model.clone(), day: day.date.to_string() });
        }
        let prices = match budgets.prices.get(&model.model) {
            Some(price) => {
                table::check_price(price, true).map_err(|slip| ModelError::Price {
                    model: model.model.clone(),
                    key: slip.key,
                    price: Usd(slip.price),
                })?;
                Prices::new(table::rates(price), Vec::new())
            }
            None => listed
                .and_then(|(service, listed)| listed.prices_at(unix_ms, service.price_percent(vendor)))
                .ok_or_else(|| ModelError::NoPrice(model.clone()))?,
        };
        Ok(Model {
            name: model.clone(),
            context_tokens,
            max_output_tokens,
            cap_field: self.cap_field(&model.model, vendor),
            prices,
            shutdown_unix_ms: shutdown.map(|day| day.starts_unix_ms),
        })
    }

    fn listed(&self, model: &ModelName, vendor: &Vendor) -> Option<(&ServiceEntry, &ModelEntry)> {
        let services = self.file.services.iter().filter(|service| service.dialect == vendor.dialect);
        services
            .flat_map(|service| service.models.iter().map(move |entry| (service, entry)))
            .find(|(_, e)| &e.name == model)
    }
}

impl ServiceEntry {
    /// Whether the vendor is this service itself.
    fn is_at(&self, vendor: &Vendor) -> bool {
        match vendor.service {
            Some(service) => service == self.service,
            None => self.server(vendor).is_some(),
        }
    }

    fn price_percent(&self, vendor: &Vendor) -> u32 {
        self.server(vendor).map_or(100, |server| server.price_percent)
    }

    fn server(&self, vendor: &Vendor) -> Option<&table::Server> {
        let base_url = vendor.base_url.trim_end_matches('/');
        self.servers.iter().find(|server| server.base_url.eq_ignore_ascii_case(base_url))
    }
}

impl ModelEntry {
    fn limits(&self) -> LocalModel {
        LocalModel { context_tokens: self.context_tokens, max_output_tokens: self.max_output_tokens }
    }

    fn prices_at(&self, unix_ms: u64, percent: u32) -> Option<Prices> {
        let valid = self.prices.iter().rev().find(|prices| prices.valid_from.starts_unix_ms <= unix_ms)?;
        Some(valid.prices(percent))
    }
}

/// The model cannot be called.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// Its limits are not known.
    #[error(
        "{0} is not in the shipped table: add `{model}` with context_tokens and max_output_tokens to vendors.{vendor}.models \
         in miner-config.json, and its price to `prices` in token-budgets.json",
        model = .0.model, vendor = .0.vendor
    )]
    Unknown(ModelRef),
    /// Nobody says what it costs.
    #[error(
        "{0} has no price: add `\"{model}\": {{\"input_usd\": …, \"output_usd\": …}}`, in dollars per million tokens, to \
         `prices` in token-budgets.json",
        model = .0.model
    )]
    NoPrice(ModelRef),
    /// The vendor no longer serves it.
    #[error("{model} was shut down on {day}: name another model in subnet-profiles.json")]
    ShutDown {
        /// The model.
        model: ModelRef,
        /// The day.
        day: String,
    },
    /// The operator's price is probably a slip.
    #[error(
        "prices.{model}.{key} in token-budgets.json is {usd} per million tokens: 0, or from 0.001 to 1000, is expected",
        usd = .price.0
    )]
    Price {
        /// The model.
        model: ModelName,
        /// The key with the price.
        key: &'static str,
        /// The price per million tokens.
        price: Usd,
    },
    /// The operator's limits contradict each other.
    #[error(
        "vendors.{vendor}.models.{model} in miner-config.json: max_output_tokens must be from 1 to context_tokens",
        model = .0.model, vendor = .0.vendor
    )]
    Limits(ModelRef),
}

#[cfg(test)]
mod tests;
