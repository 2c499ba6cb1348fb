//! What the tools take. Amounts of the `tao_` tools are decimal text, so that no float comes near them.

use common::amount;
use common::id::{Netuid, OperationId, Ss58};
use schemars::JsonSchema;
use serde::Deserialize;

use super::answer::Failure;

/// A tool without arguments.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// `get_signed_transaction`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Payment {
    /// The ss58 address that is paid.
    pub(super) target_wallet: String,
    /// How much, in rao: 1 TAO is 1000000000 rao.
    pub(super) amount_atomic: u64,
    /// The token; leave it out: only TAO can be paid.
    #[serde(default)]
    pub(super) mint: Option<String>,
    /// A UUID of your own: asked again with the same one, the same payment is meant.
    #[serde(default)]
    pub(super) idempotency_key: Option<String>,
}

/// `tao_earnings`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EarningsWanted {
    /// Only later than this, in milliseconds since 1970.
    #[serde(default)]
    pub(super) since_unix_ms: u64,
    /// Only earlier than this, in milliseconds since 1970.
    #[serde(default = "forever")]
    pub(super) until_unix_ms: u64,
    /// Only after the entry with this sequence number, to read on.
    #[serde(default)]
    pub(super) after: u64,
    /// At most so many entries.
    #[serde(default = "hundred")]
    #[schemars(range(min = 1, max = 500))]
    pub(super) limit: u32,
}

fn forever() -> u64 {
    u64::MAX
}

fn hundred() -> u32 {
    100
}

/// `tao_price`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceWanted {
    /// The subnet.
    pub(super) netuid: u16,
    /// What would be staked, in TAO, such as "2.5": the more, the worse the price.
    #[serde(default = "one")]
    pub(super) amount: String,
}

fn one() -> String {
    "1".into()
}

/// `tao_operations`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OperationsWanted {
    /// At most so many, the newest first.
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 200))]
    pub(super) limit: u32,
}

fn twenty() -> u32 {
    20
}

/// `tao_propose_transfer`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferWanted {
    /// The ss58 address that gets it.
    pub(super) to: String,
    /// How much TAO, such as "2.5".
    pub(super) amount: String,
    /// Only say what it would cost, and keep nothing.
    #[serde(default)]
    pub(super) dry_run: bool,
}

/// `tao_propose_stake` and `tao_propose_unstake`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StakeWanted {
    /// The subnet.
    pub(super) netuid: u16,
    /// How much, such as "2.5": TAO to stake, or alpha to unstake.
    pub(super) amount: String,
    /// With which hotkey; the miner's own if left out.
    #[serde(default)]
    pub(super) hotkey: Option<String>,
    /// How much worse than the price now it may become, in hundredths of a percent; what policy says if left out.
    #[serde(default)]
    pub(super) max_slippage_bp: Option<u32>,
    /// Only say what it would cost, and keep nothing.
    #[serde(default)]
    pub(super) dry_run: bool,
}

/// `tao_propose_register`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegistrationWanted {
    /// The subnet.
    pub(super) netuid: u16,
    /// The most that price, collateral and fee may cost together, in TAO, such as "2.5".
    pub(super) max_cost: String,
    /// For which hotkey; the miner's own if left out.
    #[serde(default)]
    pub(super) hotkey: Option<String>,
    /// Only say what it would cost, and keep nothing.
    #[serde(default)]
    pub(super) dry_run: bool,
}

/// Reads an amount in billionths.
pub(super) fn amount(field: &'static str, text: &str) -> Result<u64, Failure> {
    amount::parse(text).map_err(|error| Failure::invalid(format!("{field}: {error}")))
}

/// Reads an address of this network.
pub(super) fn address(field: &'static str, text: &str) -> Result<Ss58, Failure> {
    let public = bittensor::ss58::decode(text).map_err(|error| Failure::invalid(format!("{field}: {error}")))?;
    Ok(bittensor::ss58::encode(&public))
}

/// Reads the caller's own id of an operation, or takes a new one.
pub(super) fn operation_id(text: Option<&str>, new: OperationId) -> Result<OperationId, Failure> {
    let Some(text) = text else { return Ok(new) };
    text.parse().map_err(|_| Failure::invalid("idempotencyKey: a UUID is expected"))
}

/// Any number can be a subnet's; the chain knows which ones there are.
pub(super) fn netuid(number: u16) -> Netuid {
    Netuid(number)
}
