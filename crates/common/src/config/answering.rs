//! The part of a subnet's profile that says who is answered and how models are asked: what llm-router decides by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `subnets.*.few_shot[]` in subnet-profiles.json: a question with the answer that is wanted.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// As a validator would ask.
    pub question: String,
    /// Exactly as the model should answer.
    pub answer: String,
}

/// `subnets.*.respond` in subnet-profiles.json: who is answered. All numbers are relative to one good answer to the validator
/// that matters most, which is 1.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Respond {
    /// What declining costs, because some subnets punish it.
    pub decline_price: f64,
    /// A validator that is worth less is declined.
    pub min_worth: f64,
    /// A validator with this part of all validators' stake, from 0 to 1, is worth 1 if it rates us as an average neuron.
    pub full_stake_share: f64,
    /// The part of a budget window, from 0 to 1, that may be used ahead of time before little worth is declined.
    pub pace_slack: f64,
}

impl Default for Respond {
    fn default() -> Self {
        Self { decline_price: 1.0, min_worth: 0.0, full_stake_share: 0.1, pace_slack: 0.1 }
    }
}

/// How many answers `self_consistency` compares.
pub(super) fn three() -> u8 {
    3
}
