//! Ways of answering.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::config::miner::Effort;
use crate::config::subnet::ModelRef;
use crate::id::StrategyName;

/// One way of answering: the model, how much it thinks, and how it is asked.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// The model.
    pub model: ModelRef,
    /// How much it is to think; the vendor's configured effort if absent.
    pub effort: Option<Effort>,
    /// How it is asked.
    pub strategy: StrategyName,
}

/// Such as `openai/gpt-6-luna low direct`.
impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let effort = self.effort.map_or("-", Effort::name);
        write!(f, "{} {effort} {}", self.model, self.strategy)
    }
}
