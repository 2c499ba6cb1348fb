//! How tasks and vendor calls end: closed sets that callers, records and counters branch on.

use serde::{Deserialize, Serialize};

use crate::id::ModelName;
use crate::money::NanoUsd;
use crate::usage::TokenUsage;

/// What task-handler made of a task. A decline is an answer to miner-daemon, not a fault.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskAnswer {
    /// A model answered.
    Answered(Answered),
    /// It was decided not to try, and nothing was spent.
    Declined(DeclineReason),
    /// It was tried in vain; something may have been spent.
    Failed(TaskFailure),
}

/// A model's answer in the form the subnet profile asks for.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// Text, or what `answer.as` in the profile makes of it.
    pub value: serde_json::Value,
    /// The model that answered.
    pub model: ModelName,
    /// Tokens of all attempts together.
    pub usage: TokenUsage,
    /// Cost of all attempts together.
    pub cost: NanoUsd,
}

/// Why a task was not tried.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    /// A limit of token-budgets.json would have been passed.
    Budget {
        /// The limit's name.
        limit: String,
    },
    /// The profile's participation rate left this one out.
    Participation,
    /// Every model of the profile is benched after failures.
    Breaker,
    /// Too little time was left for any model.
    Deadline,
    /// No model of the profile can be called: unknown, without a valid price, or without a vendor or key.
    NoModel,
    /// The prompt and the answer do not fit into any model of the profile, or exceed `max_tokens_per_task`.
    TooLarge,
    /// The operator has paused answering.
    Paused,
    /// The profile declines this sort of task.
    Profile,
    /// Answering this validator is worth less than it costs.
    Worth,
    /// The hotkey is not registered in the subnet, so no answer can earn anything.
    NotRegistered,
}

impl DeclineReason {
    /// Returns the reason's name as it stands in records and counters.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Budget { .. } => "budget",
            Self::Participation => "participation",
            Self::Breaker => "breaker",
            Self::Deadline => "deadline",
            Self::NoModel => "no_model",
            Self::TooLarge => "too_large",
            Self::Paused => "paused",
            Self::Profile => "profile",
            Self::Worth => "worth",
            Self::NotRegistered => "not_registered",
        }
    }
}

/// Why a task that was tried has no answer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskFailure {
    /// The last vendor call failed.
    Vendor(VendorFailure),
    /// The model answered, but not in the form the profile asks for.
    Format,
    /// Nobody could use an answer any more: the validator hung up, or the hotkey lost its place.
    Cancelled,
}

/// Why a vendor call gave no usable answer: every vendor's errors are mapped to this set.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VendorFailure {
    /// The key is missing, wrong or not allowed to do this.
    Auth,
    /// The account has no credit or has reached its spending limit: never retried.
    Billing,
    /// Too many requests or tokens per time.
    RateLimited,
    /// The vendor has no capacity at the moment.
    Overloaded,
    /// The vendor failed.
    Server,
    /// The vendor refused the request's form.
    InvalidRequest,
    /// The vendor does not know the model.
    ModelNotFound,
    /// The prompt does not fit into the model.
    ContextTooLong,
    /// The vendor's policy stopped the prompt or the answer.
    Filtered,
    /// The answer was billed but has no text.
    Empty,
    /// The answer was cut off: at its token cap or in transit.
    Truncated,
    /// The answer is not what the protocol says.
    Malformed,
    /// No answer in time; it may have been billed.
    Timeout,
    /// No connection could be made: nothing was billed.
    Unreachable,
    /// The connection broke after the request was sent; it may have been billed.
    Disconnected,
}

impl VendorFailure {
    /// Returns the failure's name as it stands in records and counters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Billing => "billing",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Server => "server",
            Self::InvalidRequest => "invalid_request",
            Self::ModelNotFound => "model_not_found",
            Self::ContextTooLong => "context_too_long",
            Self::Filtered => "filtered",
            Self::Empty => "empty",
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Disconnected => "disconnected",
        }
    }
}
