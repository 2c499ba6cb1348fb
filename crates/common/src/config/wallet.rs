//! `wallet.policy`, `wallet.reregister` and `wallet.rules` in miner-config.json: what may be done with the coldkey. By default
//! nothing that moves value.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{Netuid, Ss58};
use crate::money::{Rao, Tao};

/// A sort of operation.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Buying a place on a subnet.
    Register,
    /// Taking a place on the root network.
    RootRegister,
    /// Turning TAO into stake.
    AddStake,
    /// Turning stake into TAO.
    RemoveStake,
    /// Turning all stake with a hotkey into TAO or root stake, on every subnet at any price.
    UnstakeAll,
    /// Moving stake to another hotkey.
    MoveStake,
    /// Moving stake to another subnet.
    SwapStake,
    /// Giving TAO away.
    Transfer,
    /// Setting a hotkey's take.
    SetChildkeyTake,
    /// Taking the yield of the root network.
    ClaimRoot,
}

/// `wallet.policy` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct WalletPolicy {
    /// The operations that may be done; none if empty.
    pub operations: Vec<OperationKind>,
    /// The accounts that may get TAO or stake, besides the wallet's own coldkey and hotkey.
    pub destinations: Vec<Ss58>,
    /// The subnets on which something may be done.
    pub netuids: Vec<Netuid>,
    /// The most that one operation may move, in TAO; stake counts with its price.
    pub max_per_operation: Tao,
    /// The most that all operations of any 24 hours together may move, in TAO.
    pub max_per_day: Tao,
    /// The most that all operations together may ever move, in TAO.
    pub max_total: Tao,
    /// What must stay free after each operation, in TAO.
    pub min_balance: Tao,
    /// How much worse than the price now stake may be bought or sold, in hundredths of a percent, the pool's fee included.
    #[schemars(range(max = 10_000))]
    pub max_slippage_bp: u32,
    /// The prices at which stake of a subnet may be bought or sold.
    pub prices: BTreeMap<Netuid, PriceRange>,
    /// How long after an operation the next of its kind may come, in seconds.
    pub cooldown_s: u64,
    /// What moves more than this waits for `minerctl approve`, in TAO.
    pub approve_above: Tao,
    /// Up to which value a one-time code that was relayed approves, in TAO; absent, none does.
    pub code_approves_up_to: Option<Tao>,
}

impl Default for WalletPolicy {
    fn default() -> Self {
        Self {
            operations: Vec::new(),
            destinations: Vec::new(),
            netuids: Vec::new(),
            max_per_operation: Tao(Rao(0)),
            max_per_day: Tao(Rao(0)),
            max_total: Tao(Rao(0)),
            min_balance: Tao(Rao(100_000_000)),
            max_slippage_bp: 100,
            prices: BTreeMap::new(),
            cooldown_s: 60,
            approve_above: Tao(Rao(0)),
            code_approves_up_to: None,
        }
    }
}

impl WalletPolicy {
    /// How long after an operation the next of its kind may come.
    #[must_use]
    pub fn cooldown(&self) -> Duration {
        Duration::from_secs(self.cooldown_s)
    }
}

/// `wallet.policy.prices.*` in miner-config.json
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PriceRange {
    /// The lowest price, in TAO for 1 alpha.
    #[serde(default)]
    pub min: Option<Tao>,
    /// The highest price, in TAO for 1 alpha.
    #[serde(default)]
    pub max: Option<Tao>,
}

/// `wallet.reregister` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reregister {
    /// Whether a hotkey that lost its place buys a new one by itself, within `wallet.policy`.
    pub enabled: bool,
    /// The most that a place may cost, in TAO: price, collateral and fee together.
    pub max_cost: Tao,
    /// The most that all places bought in any 24 hours may cost, in TAO.
    pub max_per_day: Tao,
    /// How long after a registration the next one may come, in seconds.
    pub cooldown_s: u64,
    /// Within how many days of earnings as they were lately a place must have paid for itself; absent, it need not.
    pub pays_back_days: Option<u32>,
}

impl Default for Reregister {
    fn default() -> Self {
        Self {
            enabled: false,
            max_cost: Tao(Rao(0)),
            max_per_day: Tao(Rao(0)),
            cooldown_s: 6 * 3600,
            pays_back_days: Some(7),
        }
    }
}

/// `wallet.rules[]` in miner-config.json
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StakingRule {
    /// When it applies.
    pub when: StakingTrigger,
    /// Whether it is done, if policy allows it; else it is only proposed.
    #[serde(default)]
    pub act: bool,
}

/// When a staking rule applies, and what it then does.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum StakingTrigger {
    /// The hotkey has more stake on a subnet than to be kept: the rest is turned into TAO.
    StakeAbove {
        /// The subnet.
        netuid: Netuid,
        /// What is kept, in alpha.
        keep: Tao,
        /// The least that is sold at once, in alpha.
        at_least: Tao,
    },
    /// More TAO is free than to be kept: the rest becomes stake with the hotkey.
    BalanceAbove {
        /// The subnet.
        netuid: Netuid,
        /// What is kept free, in TAO.
        keep: Tao,
        /// The least that is staked at once, in TAO.
        at_least: Tao,
    },
}
