//! The shape of `data/models.json`, and what makes it trustworthy.

use common::config::budget::PriceOverride;
use common::config::miner::{CapField, Dialect, Service};
use common::id::ModelName;
use common::money::{NanoUsd, TokenPrice, Usd};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::price::{LongRates, Prices, Rates};
use super::thinking::{Sampling, Thinking};

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableFile {
    /// The services of which models are listed.
    pub(crate) services: Vec<ServiceEntry>,
}

/// A vendor's own service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceEntry {
    pub(crate) service: Service,
    pub(crate) dialect: Dialect,
    /// Where the service itself answers.
    pub(crate) servers: Vec<Server>,
    /// Sent to the service itself with every request.
    pub(crate) request_fields: Map<String, Value>,
    pub(crate) models: Vec<ModelEntry>,
}

/// An address of a service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) base_url: String,
    /// What the listed prices are multiplied by there, in percent.
    pub(crate) price_percent: u32,
}

/// One model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelEntry {
    pub(crate) name: ModelName,
    pub(crate) context_tokens: u64,
    pub(crate) max_output_tokens: u32,
    /// The field that caps the output; the protocol's only one if absent.
    #[serde(default = "only_cap_field")]
    pub(crate) cap_field: CapField,
    /// How it is told how much to think, if it can be told.
    #[serde(default)]
    pub(crate) thinking: Option<Thinking>,
    #[serde(default)]
    pub(crate) sampling: Sampling,
    /// Sent to the service itself with every request for this model.
    #[serde(default)]
    pub(crate) request_fields: Map<String, Value>,
    /// The day from which it is gone.
    #[serde(default)]
    pub(crate) shutdown: Option<Day>,
    /// Where the numbers come from, if not from the service's price list.
    #[serde(default)]
    #[expect(dead_code, reason = "for readers of the file")]
    note: Option<String>,
    /// Oldest first; each holds until the next.
    pub(crate) prices: Vec<DatedPrices>,
}

/// Protocols with one such field pay no heed to it.
fn only_cap_field() -> CapField {
    CapField::MaxTokens
}

/// Prices from a day on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatedPrices {
    pub(crate) valid_from: Day,
    /// For prompts of any length that no entry of `long` names.
    pub(crate) base: PriceOverride,
    #[serde(default)]
    pub(crate) long: Vec<LongPrices>,
}

/// Prices for long prompts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LongPrices {
    pub(crate) above_prompt_tokens: u64,
    pub(crate) rates: PriceOverride,
}

impl DatedPrices {
    /// Returns the prices with the surcharge of a server.
    pub(crate) fn prices(&self, percent: u32) -> Prices {
        let long = self.long.iter().map(|long| LongRates {
            above_prompt_tokens: long.above_prompt_tokens,
            rates: rates(&long.rates).scaled(percent),
        });
        Prices::new(rates(&self.base).scaled(percent), long.collect())
    }
}

/// Reads dollars per million tokens.
pub(crate) fn rates(price: &PriceOverride) -> Rates {
    let per_million = |usd: Usd| TokenPrice(usd.0.0);
    let input = per_million(price.input_usd);
    Rates {
        input,
        cache_read: price.cache_read_usd.map_or(input, per_million),
        cache_write: price.cache_write_usd.map_or(input, per_million),
        output: per_million(price.output_usd),
    }
}

/// A UTC calendar day, written `2026-11-05`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(try_from = "String")]
pub(crate) struct Day {
    pub(crate) date: Date,
    /// When it starts, in milliseconds since 1970.
    pub(crate) starts_unix_ms: u64,
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let day = |date: Date| {
            let start = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
            Some(Self { date, starts_unix_ms: u64::try_from(start.as_millisecond()).ok()? })
        };
        text.parse().ok().and_then(day).ok_or_else(|| format!("{text} is no day such as 2026-11-05"))
    }
}

/// The lowest price that is not taken for a price per token, per million tokens.
pub(super) const LOWEST: NanoUsd = NanoUsd(1_000_000);
/// The highest price that is not taken for a slip, per million tokens.
const HIGHEST: NanoUsd = NanoUsd(1_000_000_000_000);

/// A price that is probably a slip: per token instead of per million, or with the point in the wrong place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ImplausiblePrice {
    /// The key that holds it.
    pub(crate) key: &'static str,
    /// The price per million tokens.
    pub(crate) price: NanoUsd,
}

/// Checks every price of `price`; zero passes only where something can be free.
pub(crate) fn check_price(price: &PriceOverride, may_be_free: bool) -> Result<(), ImplausiblePrice> {
    let given = [
        ("input_usd", Some(price.input_usd)),
        ("cache_read_usd", price.cache_read_usd),
        ("cache_write_usd", price.cache_write_usd),
        ("output_usd", Some(price.output_usd)),
    ];
    for (key, price) in given {
        let Some(Usd(price)) = price else { continue };
        let plausible = (LOWEST..=HIGHEST).contains(&price) || (may_be_free && price == NanoUsd::ZERO);
        if !plausible {
            return Err(ImplausiblePrice { key, price });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_starts_at_midnight_utc() {
        let day = Day::try_from("2026-11-05".to_owned()).unwrap();

        assert_eq!(day.starts_unix_ms, 1_793_836_800_000);
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["", "2026-02-30", "5 Nov 2026", "1969-12-31"] {
            assert!(Day::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_price_per_token_is_implausible() {
        let slip = price(r#"{"input_usd": "0.0000001", "output_usd": 0.5}"#);

        assert_eq!(check_price(&slip, true), Err(ImplausiblePrice { key: "input_usd", price: NanoUsd(100) }));
    }

    #[test]
    fn a_price_above_a_thousand_dollars_is_implausible() {
        let slip = price(r#"{"input_usd": 1, "output_usd": 1000.01}"#);

        assert_eq!(
            check_price(&slip, true),
            Err(ImplausiblePrice { key: "output_usd", price: NanoUsd(1_000_010_000_000) })
        );
    }

    #[test]
    fn free_is_plausible_only_where_it_can_be() {
        let free = price(r#"{"input_usd": 0, "output_usd": 0}"#);

        assert_eq!(check_price(&free, true), Ok(()));
        assert_eq!(check_price(&free, false), Err(ImplausiblePrice { key: "input_usd", price: NanoUsd::ZERO }));
    }

    #[test]
    fn cache_prices_default_to_the_input_price() {
        let rates = rates(&price(r#"{"input_usd": 2, "output_usd": 10}"#));

        assert_eq!((rates.cache_read, rates.cache_write), (rates.input, rates.input));
    }

    fn price(json: &str) -> PriceOverride {
        serde_json::from_str(json).unwrap()
    }
}
