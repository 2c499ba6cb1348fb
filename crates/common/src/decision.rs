//! What a decision about a task depended on and what it came to: kept so that it can be made again and explained. It holds
//! numbers and names only, never a prompt.

use serde::{Deserialize, Serialize};

use crate::config::answering::Respond;
use crate::config::miner::Effort;
use crate::config::subnet::{AnswerForm, ModelRef};
use crate::id::{Netuid, RouteName, Ss58, StrategyName, TaskId};
use crate::money::NanoUsd;
use crate::outcome::DeclineReason;
use crate::strategy::TaskClass;

/// Everything that a decision depends on, besides the strategy's revision.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionFacts {
    /// The task.
    pub task: TaskId,
    /// Its subnet.
    pub netuid: Netuid,
    /// The validator.
    pub caller: Ss58,
    /// The route.
    pub route: RouteName,
    /// When it was decided, in milliseconds since 1970.
    pub unix_ms: u64,
    /// The time that was left until the answer must be there, in milliseconds.
    pub remaining_ms: u64,
    /// Whether answering was paused.
    pub paused: bool,
    /// What the task asks for.
    pub class: TaskClass,
    /// How sure that is, from 0 to 1.
    pub confidence: f32,
    /// The form that the answer must have; none if no model answers on this route.
    pub form: Option<AnswerForm>,
    /// The most output tokens that the validator wants.
    pub asked_tokens: Option<u32>,
    /// The most tokens that the prompt can be with each strategy.
    pub inputs: Vec<InputBound>,
    /// The state of each model of the strategy, in the order in which its arms first name them.
    pub models: Vec<ModelFacts>,
    /// The budget limits that hold for whatever model is called, as they stood within the last second.
    pub windows: Vec<WindowFacts>,
    /// What the profile said.
    pub rules: ProfileRules,
}

/// How large a prompt can be.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InputBound {
    /// With this strategy.
    pub strategy: StrategyName,
    /// The most tokens.
    pub tokens: u64,
}

/// What was known of a model.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFacts {
    /// The model.
    pub model: ModelRef,
    /// Whether it could be called.
    pub state: ModelReadiness,
    /// The most tokens of prompt and answer together.
    pub context_tokens: u64,
    /// The most tokens of an answer, thinking included.
    pub max_output_tokens: u32,
    /// With less time than this left, no call is made, in milliseconds.
    pub min_time_ms: u64,
    /// Half of its latest calls took no longer, in milliseconds; none while there were too few.
    pub median_ms: Option<u64>,
    /// Nineteen of twenty of its latest answers had no more tokens; none while there were too few.
    pub usual_output_tokens: Option<u32>,
    /// How much it can be told to think, least first; empty if it does not think.
    pub efforts: Vec<Effort>,
    /// How much it thinks if nobody tells it, where that is configured.
    pub default_effort: Option<Effort>,
}

/// Whether a model can be called now.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelReadiness {
    /// It can.
    Ready,
    /// It failed lately and is left alone for a while.
    Benched,
    /// It cannot be called until the configuration is changed.
    Unusable,
}

/// How much was left of a budget limit.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WindowFacts {
    /// The limit's name.
    pub limit: String,
    /// Tokens that were left, if they are limited.
    pub tokens_left: Option<u64>,
    /// Money that was left, if it is limited.
    pub cost_left: Option<NanoUsd>,
    /// The part that was used, settled and reserved, from 0 to 1.
    pub used_share: f64,
    /// The part of the window's time that had passed, from 0 to 1; none if it has no end or slides.
    pub elapsed_share: Option<f64>,
}

/// What a profile said that the decision depended on.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileRules {
    /// The share of tasks that is tried.
    pub participation_rate: f64,
    /// The most tokens that one task may use.
    pub max_tokens_per_task: u32,
    /// How many answers `self_consistency` compares.
    pub samples: u8,
    /// Who is answered.
    pub respond: Respond,
}

/// What a decision came to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionOutcome {
    /// Nothing was tried.
    Declined(DeclineReason),
    /// These were tried in this order, until one gave an answer.
    Planned(Vec<PlannedArm>),
}

/// A way of answering as it was planned.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedArm {
    /// Its place in the revision's list, from 0.
    pub arm: u16,
    /// Why it is in the plan.
    pub role: ArmRole,
    /// How much the model is told to think; less than the arm says where thinking would leave no room for the answer.
    pub effort: Option<Effort>,
    /// How the model is asked; not as the arm says where that does not help or does not fit.
    pub strategy: StrategyName,
    /// The most tokens of the answer, thinking included.
    pub max_output_tokens: u32,
}

/// Why a way of answering is tried.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ArmRole {
    /// It was drawn for this validator, epoch and class.
    Drawn,
    /// In place of the one drawn, to see what it costs and whether it works.
    Canary,
    /// The one before it cannot be called or has failed.
    Fallback,
}

impl ArmRole {
    /// Returns the role's name as it stands in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Drawn => "drawn",
            Self::Canary => "canary",
            Self::Fallback => "fallback",
        }
    }
}

/// A decision, made again.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// The number of the revision that was followed.
    pub revision: u64,
    /// Its seed.
    pub seed: u64,
    /// The epoch in which it was decided.
    pub epoch: u64,
    /// What it depended on.
    pub facts: DecisionFacts,
    /// The gates, up to the first that was closed.
    pub gates: Vec<Gate>,
    /// What was drawn; none if a gate was closed before.
    pub draw: Option<Draw>,
    /// Each way of answering.
    pub candidates: Vec<Candidate>,
    /// What was decided then.
    pub decided: DecisionOutcome,
    /// What is decided when it is done again from what was kept; the same, if nothing is wrong.
    pub again: DecisionOutcome,
}

/// A question that had to be answered with yes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Its name, which is that of the decline it leads to.
    pub name: String,
    /// Whether it was open.
    pub open: bool,
    /// The numbers that decided.
    pub detail: String,
}

/// A draw among the ways of answering.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Draw {
    /// Whom and what the table of shares was for.
    pub table: String,
    /// The point, from 0 to 1, where the drawn arm's share lies. It depends on seed, subnet, validator, epoch and class.
    pub point: f64,
    /// The arm that was drawn.
    pub arm: u16,
    /// The point, from 0 to 1, which makes a canary of a request if it is under the share of canaries.
    pub canary_point: f64,
    /// The share of canaries.
    pub canary_share: f64,
    /// The arm that is tried as a canary in place of the one drawn.
    pub canary: Option<u16>,
}

/// A way of answering and what spoke for and against it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The arm, such as `openai/gpt-6-luna low direct`.
    pub arm: String,
    /// Its share in the table.
    pub share: f64,
    /// The most tokens it could have used: all calls, prompts and answers together; none if it does not fit.
    pub max_tokens: Option<u64>,
    /// Whether it could be tried, and if not, why.
    pub verdict: String,
}
