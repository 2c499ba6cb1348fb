//! Calls of task-handler.

mod budget;
mod explain;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::calls;
use super::status::ProcessStatus;
use crate::config::budget::{LimitScope, LimitWindow};
use crate::decision::Explanation;
use crate::id::{ModelName, VendorName};
use crate::money::NanoUsd;
use crate::outcome::{TaskAnswer, VendorFailure};
use crate::task::Task;

pub use budget::{
    Blocked, BudgetQuery, BudgetReport, ClockJump, ConfirmClock, Earnings, EarningsNoted, Lift, Lifted, LimitState,
    OpenCalls, ReportEarnings, SubnetEarnings,
};
pub use explain::ExplainTask;

calls! {
    /// Everything task-handler can be asked.
    TaskCall {
        /// See [`SubmitTask`].
        SubmitTask => TaskAnswer,
        /// See [`StreamTask`].
        StreamTask => TaskAnswer,
        /// See [`SetPaused`].
        SetPaused => TaskHandlerStatus,
        /// See [`TaskHandlerStatusQuery`].
        TaskHandlerStatusQuery => TaskHandlerStatus,
        /// See [`CheckVendors`].
        CheckVendors => VendorChecks,
        /// See [`ListModels`].
        ListModels => ModelList,
        /// See [`ExplainTask`].
        ExplainTask => Explanation,
        /// See [`BudgetQuery`].
        BudgetQuery => BudgetReport,
        /// See [`ConfirmClock`].
        ConfirmClock => BudgetReport,
        /// See [`ReportEarnings`].
        ReportEarnings => EarningsNoted,
    }
}

/// Runs one task to its end. The task's id is the idempotency key: a task that is known gets its first answer again.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SubmitTask {
    /// The task.
    pub task: Task,
}

/// As [`SubmitTask`], for a caller who reads along: [`AnswerPiece`]s may come before the reply.
///
/// They make up the beginning of the answer's text; the reply says what all of it is and whether it is one. An answer that
/// must be put into a form first has no pieces.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StreamTask {
    /// The task.
    pub task: Task,
}

/// A piece of the answer to a [`StreamTask`].
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerPiece {
    /// What follows the pieces before; never empty.
    pub text: String,
}

/// Pauses or resumes answering; kept over a restart.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SetPaused {
    /// True to decline every task from now on.
    pub paused: bool,
}

/// Asks for task-handler's state.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TaskHandlerStatusQuery {}

/// task-handler's state.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TaskHandlerStatus {
    /// The shared part.
    pub process: ProcessStatus,
    /// Whether every task is declined by the operator's wish.
    pub paused: bool,
    /// Tasks being worked on now.
    pub in_flight: u32,
    /// Each limit of token-budgets.json and what is used of it.
    pub limits: Vec<LimitUse>,
    /// Each model that a subnet profile names.
    pub models: Vec<ModelState>,
}

/// What is used of one limit in its current window.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LimitUse {
    /// The limit's name.
    pub name: String,
    /// What it applies to.
    pub scope: LimitScope,
    /// Over which time.
    pub window: LimitWindow,
    /// Tokens and money settled in the window.
    pub settled: Amount,
    /// Tokens and money reserved by calls that are not settled yet.
    pub reserved: Amount,
    /// The most tokens, if limited.
    pub max_tokens: Option<u64>,
    /// The most money, if limited.
    pub max_cost: Option<NanoUsd>,
}

/// Tokens and money.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// Tokens of all buckets.
    pub tokens: u64,
    /// Money.
    pub cost: NanoUsd,
}

/// Whether a model can be used now.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ModelState {
    /// The vendor that serves it.
    pub vendor: Option<VendorName>,
    /// The model.
    pub model: ModelName,
    /// Whether it is used, and if not, why.
    pub availability: Availability,
}

/// Whether a model is used, and if not, why.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// Tasks go to it.
    Ready,
    /// Benched after failures.
    Benched {
        /// For how long still, in milliseconds.
        remaining_ms: u64,
    },
    /// It cannot be called.
    Unusable {
        /// Why, and what to do.
        problem: String,
    },
}

/// Asks every vendor for its list of models with the key that task-handler has, which costs nothing.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CheckVendors {}

/// What came of asking the vendors.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct VendorChecks {
    /// Each vendor of miner-config.json, by name.
    pub vendors: Vec<VendorCheck>,
}

/// What came of asking one vendor.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct VendorCheck {
    /// The vendor.
    pub vendor: VendorName,
    /// What it said.
    pub outcome: VendorOutcome,
}

/// What a vendor said when it was asked for its list of models.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VendorOutcome {
    /// It answered, and so took the key, if it has one.
    Accepted {
        /// How many models it lists.
        models: u32,
        /// Models that subnet profiles prefer and that it does not list.
        unlisted: Vec<ModelName>,
        /// Models that subnet profiles prefer and that it says it will retire, with the day in its own words.
        retiring: BTreeMap<ModelName, String>,
    },
    /// It did not answer with a list.
    Failed(VendorFailure),
    /// It was not asked: its key cannot be had or must not be sent.
    NoKey {
        /// Why, and what to do.
        problem: String,
    },
}

/// Asks for what is known of all models that can be named: their limits, prices and futures.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ListModels {}

/// What is known of all models.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ModelList {
    /// Each model of each vendor of miner-config.json, by vendor.
    pub models: Vec<ModelFacts>,
}

/// What is known of a model today.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFacts {
    /// The vendor that serves it.
    pub vendor: VendorName,
    /// The model.
    pub model: ModelName,
    /// Whether a subnet profile prefers it.
    pub preferred: bool,
    /// How it can be called.
    pub terms: ModelTerms,
    /// When its next price begins, if that is known.
    pub next_price: Option<KnownDay>,
    /// When its vendor shuts it down, if that is known.
    pub shutdown: Option<KnownDay>,
}

/// How a model can be called.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelTerms {
    /// Within these limits, at these prices.
    Callable {
        /// The most tokens of prompt and answer together.
        context_tokens: u64,
        /// The most tokens of an answer, thinking included.
        max_output_tokens: u32,
        /// The prices for short prompts.
        prices: PricePerMillion,
        /// The prices for prompts of more tokens than the first number.
        long_prices: Vec<(u64, PricePerMillion)>,
    },
    /// Not at all.
    Uncallable {
        /// Why, and what to do.
        problem: String,
    },
}

/// What a million tokens cost.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PricePerMillion {
    /// Of the prompt.
    pub input: NanoUsd,
    /// Of the prompt, read from the vendor's cache.
    pub cache_read: NanoUsd,
    /// Of the prompt, written to the vendor's cache.
    pub cache_write: NanoUsd,
    /// Of the answer, thinking included.
    pub output: NanoUsd,
}

/// A UTC calendar day that is known in advance.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KnownDay {
    /// As `2026-12-01`.
    pub day: String,
    /// When it starts, in milliseconds since 1970.
    pub unix_ms: u64,
}
