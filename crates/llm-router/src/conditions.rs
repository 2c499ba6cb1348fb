//! What a decision takes into account besides the strategy and the task.

use std::time::Duration;

use common::decision::{ModelFacts, WindowFacts};

/// The state of the miner at the moment of a decision.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// Whether the operator has paused answering.
    pub paused: bool,
    /// The time, in milliseconds since 1970.
    pub unix_ms: u64,
    /// The time left until the answer must be there.
    pub remaining: Duration,
    /// The models of the subnet's strategy, as [`SubnetPolicy::models`](crate::SubnetPolicy::models) lists them.
    pub models: Vec<ModelFacts>,
    /// The budget limits that hold for this subnet and validator whatever model is called.
    pub windows: Vec<WindowFacts>,
}
