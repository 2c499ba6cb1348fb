//! What the wallet holds, and what it has earned.

use serde::{Deserialize, Serialize};

use super::operation::RegistrationCost;
use crate::id::{Netuid, OperationId, Ss58};
use crate::money::{AlphaRao, Rao};

/// Asks what the coldkey holds now.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BalanceQuery {}

/// What the coldkey holds, as of one block.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// The block it was read at.
    pub block: u64,
    /// The coldkey.
    pub coldkey: Ss58,
    /// TAO that can be spent.
    pub free: Rao,
    /// TAO that is held back by the chain.
    pub reserved: Rao,
    /// What all stake would bring if each position were sold alone now.
    pub stake_value: Rao,
    /// Stake by hotkey and subnet.
    pub stakes: Vec<Stake>,
    /// What a place costs on each subnet that is mined on.
    pub registrations: Vec<RegistrationPrice>,
}

/// Stake with one hotkey on one subnet.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Stake {
    /// With whom.
    pub hotkey: Ss58,
    /// The subnet.
    pub netuid: Netuid,
    /// How much, in the subnet's token.
    pub alpha: AlphaRao,
    /// What of it is locked as collateral; none where the runtime knows no collateral.
    pub collateral: Option<AlphaRao>,
    /// The price: rao for 1 alpha.
    pub price: Rao,
    /// What it is worth at that price.
    pub value: Rao,
    /// What it would bring if it were sold now, after slippage and the pool's fee.
    pub sold: Rao,
    /// Whether the chain's own simulation said so; else it is an estimate from the pool's reserves.
    pub exact: bool,
    /// What the hotkey was given in the last epoch.
    pub emission_per_epoch: AlphaRao,
    /// The same for a day of such epochs.
    pub emission_per_day: AlphaRao,
}

/// What a place on a subnet costs.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationPrice {
    /// The subnet.
    pub netuid: Netuid,
    /// What it costs.
    pub cost: RegistrationCost,
    /// The configured hotkey's place, if it has one.
    pub uid: Option<u16>,
}

/// Asks for entries of the earnings ledger, oldest first.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EarningsQuery {
    /// Only later than this, in milliseconds since 1970.
    pub since_unix_ms: u64,
    /// Only earlier than this, in milliseconds since 1970.
    pub until_unix_ms: u64,
    /// Only after the entry with this number; 0 is the beginning.
    pub after: u64,
    /// At most so many, up to 1000.
    pub limit: u32,
}

/// Entries of the earnings ledger.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Earnings {
    /// The entries.
    pub entries: Vec<EarningsEntry>,
    /// Whether there are more after these.
    pub more: bool,
}

/// Something that came or went. Amounts that went are negative.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EarningsEntry {
    /// Its number; they only grow.
    pub sequence: u64,
    /// When, by the chain's clock, in milliseconds since 1970.
    pub unix_ms: u64,
    /// The block.
    pub block: u64,
    /// What happened.
    pub kind: EarningsKind,
    /// The subnet, if it is about one.
    pub netuid: Option<Netuid>,
    /// The hotkey, if it is about one.
    pub hotkey: Option<Ss58>,
    /// Rao that came.
    pub tao: i64,
    /// Alpha-rao that came.
    pub alpha: i64,
    /// The price at that block: rao for 1 alpha.
    pub price: Option<Rao>,
    /// The transaction's hash, if it was one.
    pub transaction: Option<String>,
    /// The operation, if it was one.
    pub operation: Option<OperationId>,
}

/// What an entry of the earnings ledger is about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EarningsKind {
    /// An epoch's emission to the hotkey.
    Emission,
    /// Epochs that can no longer be read lie before this block.
    Gap,
    /// A transaction's fee.
    Fee,
    /// The price of a place.
    Registration,
    /// TAO became stake.
    StakeAdded,
    /// Stake became TAO.
    StakeRemoved,
    /// Stake went somewhere else.
    StakeMoved,
    /// TAO went to somebody else.
    Transfer,
}
