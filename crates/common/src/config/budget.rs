//! `config/token-budgets.json`: what may be spent.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{ModelName, Netuid, Ss58, VendorName};
use crate::money::Usd;

/// `token-budgets.json`
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TokenBudgets {
    /// The file's format: 1.
    pub version: u32,
    /// All limits; a call must fit into every limit that applies to it. At least one limit must apply to every call.
    pub limits: Vec<Limit>,
    /// Prices that differ from the shipped table, by model.
    #[serde(default)]
    pub prices: BTreeMap<ModelName, PriceOverride>,
}

/// `limits[]` in token-budgets.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Stands in status, alerts and declines; unique.
    pub name: String,
    /// What it applies to; all keys given must match, none means every call.
    #[serde(default)]
    pub scope: LimitScope,
    /// Over which time.
    pub window: LimitWindow,
    /// The most tokens of all buckets.
    #[serde(default)]
    pub max_tokens: Option<u64>,
    /// The most money, in dollars.
    #[serde(default)]
    pub max_usd: Option<Usd>,
    /// The most money, as a share of what the miner earns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_earnings: Option<EarningsShare>,
}

/// `limits[].of_earnings` in token-budgets.json: what may be spent in the limit's window, measured by what was earned in a time
/// as long. Earnings that are unknown or too old count as none.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EarningsShare {
    /// The most that may be spent, in percent of the earnings; of those of the subnet if the scope has one.
    pub percent: u32,
    /// What may be spent in any case, in dollars.
    #[serde(default)]
    pub floor_usd: Usd,
    /// How old a report of earnings may be, in hours.
    #[serde(default = "day_and_a_half")]
    pub max_age_hours: u32,
}

/// Earnings are reported once a day at least.
fn day_and_a_half() -> u32 {
    36
}

/// `limits[].scope` in token-budgets.json
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LimitScope {
    /// Only calls to this vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<VendorName>,
    /// Only calls with this key, an entry of llm-credentials.json.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Only calls to this model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelName>,
    /// Only tasks of this subnet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub netuid: Option<Netuid>,
    /// Only tasks of this validator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validator: Option<Ss58>,
}

/// The time a limit is counted over.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitWindow {
    /// The last 60 seconds, sliding by whole seconds.
    Minute,
    /// The UTC calendar day.
    Day,
    /// The UTC calendar month.
    Month,
    /// Since the ledger was made.
    Total,
}

/// `prices.*` in token-budgets.json: dollars per million tokens.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PriceOverride {
    /// Prompt tokens.
    pub input_usd: Usd,
    /// Prompt tokens read from a cache; the input price if absent.
    #[serde(default)]
    pub cache_read_usd: Option<Usd>,
    /// Prompt tokens written to a cache; the input price if absent.
    #[serde(default)]
    pub cache_write_usd: Option<Usd>,
    /// Generated tokens.
    pub output_usd: Usd,
}
