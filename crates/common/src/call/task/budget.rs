//! Calls of task-handler about its budget, and what they say.

use serde::{Deserialize, Serialize};

use super::{Amount, LimitUse};
use crate::id::{ModelName, Netuid, Ss58, VendorName};
use crate::money::{NanoUsd, Rao};

/// Asks what is used of the budget, what blocked whom, and what is wrong with it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetQuery {}

/// The operator says that the clock is right after it has jumped: spending goes on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmClock {}

/// Tells what the miner has earned lately, for the limits that are a share of it. The newest report counts.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReportEarnings {
    /// What was earned.
    pub earnings: Earnings,
}

/// What was earned over some time up to a moment.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Earnings {
    /// The end of that time, in milliseconds since 1970.
    pub as_of_unix_ms: u64,
    /// How long it was, in seconds.
    pub window_s: u64,
    /// What a TAO was worth.
    pub usd_per_tao: NanoUsd,
    /// What each subnet brought, in TAO; a subnet that is missing brought nothing.
    pub subnets: Vec<SubnetEarnings>,
}

/// What one subnet brought.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SubnetEarnings {
    /// The subnet.
    pub netuid: Netuid,
    /// What it brought, alpha counted at its price in TAO.
    pub earned: Rao,
}

/// Whether a report of earnings counts.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EarningsNoted {
    /// False if an earlier report is of a later time.
    pub is_newest: bool,
}

/// The budget. `state/token-usage.json` holds the same, with `schema` before it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetReport {
    /// When this was so, in milliseconds since 1970: the time that windows are counted at.
    pub unix_ms: u64,
    /// Each limit of token-budgets.json.
    pub limits: Vec<LimitState>,
    /// The calls that are not settled yet.
    pub open: OpenCalls,
    /// What blocked whom since the process was started: those that were blocked most, at most 256.
    pub blocked: Vec<Blocked>,
    /// Blocked calls beyond those that are listed.
    pub blocked_others: u64,
    /// How far the clock has jumped, if nothing is spent for that.
    pub clock_jump: Option<ClockJump>,
    /// The newest report of earnings.
    pub earnings: Option<Earnings>,
    /// Models that used more than was reserved, and for which more is reserved since.
    pub lifted: Vec<Lifted>,
}

/// A limit, what is used of it, and when it will be used up.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LimitState {
    /// What is used of it.
    pub usage: LimitUse,
    /// When it will be used up if things go on as in the last hour, in milliseconds since 1970; null if not within its window.
    pub reached_unix_ms: Option<u64>,
    /// The calls that it blocked since the process was started.
    pub blocked: u64,
}

/// Calls that are not settled yet.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OpenCalls {
    /// How many.
    pub calls: u64,
    /// What is reserved for them.
    pub reserved: Amount,
}

/// Calls of one validator that one limit blocked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Blocked {
    /// The limit's name.
    pub limit: String,
    /// The subnet of the tasks.
    pub netuid: Netuid,
    /// The validator they came from.
    pub validator: Ss58,
    /// How many.
    pub calls: u64,
    /// When the last was blocked, in milliseconds since 1970.
    pub last_unix_ms: u64,
}

/// The wall clock has left the clock that only counts on.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClockJump {
    /// How far, in milliseconds; negative if it went back.
    pub by_ms: i64,
}

/// How much more than usual is reserved.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Lift {
    /// How much is reserved for its prompts, in thousandths of the usual bound; never less than 1000.
    pub input_permille: u32,
    /// How much is reserved for its answers, in thousandths of the cap; never less than 1000.
    pub output_permille: u32,
}

/// What is reserved for a model that once used more than was reserved.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Lifted {
    /// The vendor that serves it.
    pub vendor: VendorName,
    /// The model.
    pub model: ModelName,
    /// How much more is reserved.
    pub lift: Lift,
}
