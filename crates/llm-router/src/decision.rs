//! The decision: gates in a fixed order, then one plan for each model that passed them.

use common::config::subnet::{AnswerForm, ModelRef, SubnetProfile};
use common::id::StrategyName;
use common::outcome::DeclineReason;
use common::task::{Message, Task};

use crate::conditions::{Conditions, ModelCondition, ModelReadiness};
use crate::{Strategy, participation, size};

/// What is done with a task.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Decision {
    /// Nothing, and this is why.
    Decline(DeclineReason),
    /// The plans are tried in this order until one gives an answer; there is at least one.
    Try(Vec<Plan>),
}

/// One way to answer a task.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    /// The model to ask.
    pub model: ModelRef,
    /// How it is asked.
    pub strategy: StrategyName,
    /// What it is asked.
    pub messages: Vec<Message>,
    /// The most tokens that `messages` can be.
    pub input_tokens: u64,
    /// The most tokens that it may answer with, thinking included.
    pub max_output_tokens: u32,
}

impl Plan {
    /// Returns the most tokens that the plan can use.
    #[must_use]
    pub fn max_tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.max_output_tokens.into())
    }

    /// Shortens the answer so that the plan uses at most `tokens`; nothing if too little would be left of it.
    #[must_use]
    pub fn within(mut self, tokens: u64) -> Option<Self> {
        let room = size::room(self.input_tokens, tokens)?;
        self.max_output_tokens = self.max_output_tokens.min(room);
        Some(self)
    }
}

/// Decides about a task.
///
/// The gates, in order: paused, profile (the route takes tasks, a strategy is known), participation; then each of the
/// following takes models away, and the one that takes the last gives its reason: no model (unusable), breaker
/// (benched), deadline, too large. The budget is not a gate here: the ledger checks it when it reserves.
///
/// `seed` belongs to the strategy; a task's participation depends on it and on the task's id only.
#[must_use]
pub fn decide(profile: &SubnetProfile, conditions: &Conditions, task: &Task, seed: u64) -> Decision {
    match plans(profile, conditions, task, seed) {
        Ok(plans) => Decision::Try(plans),
        Err(reason) => Decision::Decline(reason),
    }
}

fn plans(profile: &SubnetProfile, conditions: &Conditions, task: &Task, seed: u64) -> Result<Vec<Plan>, DeclineReason> {
    if conditions.paused {
        return Err(DeclineReason::Paused);
    }
    let form = answer_form(profile, task).ok_or(DeclineReason::Profile)?;
    let strategy = profile.prompt_strategies.iter().find_map(Strategy::find).ok_or(DeclineReason::Profile)?;
    if !participation::takes_part(profile.participation_rate, seed, task.id) {
        return Err(DeclineReason::Participation);
    }

    let models = conditions.models.iter().collect();
    let models = keep(models, DeclineReason::NoModel, |model| model.state != ModelReadiness::Unusable)?;
    let models = keep(models, DeclineReason::Breaker, |model| model.state == ModelReadiness::Ready)?;
    let models = keep(models, DeclineReason::Deadline, |model| model.min_time <= conditions.remaining)?;

    let messages = strategy.messages(&task.messages, form);
    let input_tokens = (conditions.input_bound)(&messages);
    let plan = |model: &ModelCondition| {
        let max_output_tokens = size::output_cap(profile.max_tokens_per_task, model, task.max_tokens, input_tokens)?;
        let (model, messages) = (model.model.clone(), messages.clone());
        Some(Plan { model, strategy: strategy.name(), messages, input_tokens, max_output_tokens })
    };
    let plans: Vec<Plan> = models.into_iter().filter_map(plan).collect();
    if plans.is_empty() { Err(DeclineReason::TooLarge) } else { Ok(plans) }
}

/// The form that the task's route wants the answer in; nothing if the route takes no tasks.
fn answer_form(profile: &SubnetProfile, task: &Task) -> Option<AnswerForm> {
    profile.routes.get(&task.route)?.action.answer_form()
}

fn keep(
    models: Vec<&ModelCondition>,
    otherwise: DeclineReason,
    passes: impl Fn(&ModelCondition) -> bool,
) -> Result<Vec<&ModelCondition>, DeclineReason> {
    let left: Vec<_> = models.into_iter().filter(|model| passes(model)).collect();
    if left.is_empty() { Err(otherwise) } else { Ok(left) }
}
