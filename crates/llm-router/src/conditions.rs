//! What a decision takes into account besides the profile and the task.

use std::time::Duration;

use common::config::subnet::ModelRef;
use common::task::Message;

/// The state of the miner at the moment of a decision.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// Whether the operator has paused answering.
    pub paused: bool,
    /// The time left until the answer must be there.
    pub remaining: Duration,
    /// The profile's models in its order.
    pub models: Vec<ModelCondition>,
    /// The most tokens that a conversation can be; the bound that the ledger reserves by.
    pub input_bound: fn(&[Message]) -> u64,
}

/// What is known of one model.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ModelCondition {
    /// The model.
    pub model: ModelRef,
    /// Whether it can be called now.
    pub state: ModelReadiness,
    /// The most tokens of prompt and answer together.
    pub context_tokens: u64,
    /// The most tokens of an answer.
    pub max_output_tokens: u32,
    /// With less time than this left, a call is not worth its money.
    pub min_time: Duration,
}

/// Whether a model can be called now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ModelReadiness {
    /// It can.
    Ready,
    /// It failed lately and is left alone for a while.
    Benched,
    /// It cannot be called until the configuration is changed.
    Unusable,
}
