//! One way to answer a task, ready to be carried out.

use std::time::Duration;

use common::config::miner::Effort;
use common::config::subnet::ModelRef;
use common::decision::ArmRole;
use common::id::StrategyName;
use common::task::{Message, Role};

use crate::allocate::MIN_OUTPUT_TOKENS;
use crate::playbook::MessageBound;

/// One way to answer a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The model to ask.
    pub model: ModelRef,
    /// How it is asked.
    pub strategy: StrategyName,
    /// Why this way is tried.
    pub role: ArmRole,
    /// How much the model is to think; the vendor's configured effort if absent.
    pub effort: Option<Effort>,
    /// The temperature that the profile wants, where the model takes one.
    pub temperature: Option<f64>,
    /// What it is asked.
    pub messages: Vec<Message>,
    /// The most tokens that `messages` can be.
    pub input_tokens: u64,
    /// The most tokens that it may answer with, thinking included.
    pub max_output_tokens: u32,
    /// With less time than this left, the call is not worth its money.
    pub min_time: Duration,
    /// What else is asked for one answer.
    pub calls: Calls,
    /// What is asked after an answer that has not the form it must have.
    pub repair_request: String,
}

/// How many calls one answer needs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Calls {
    /// One.
    One,
    /// A second one, which gets the first answer and this request.
    Critic(String),
    /// So many of the same at once; their answers are compared.
    Samples(u8),
}

impl Plan {
    /// Returns the most tokens that one call of the plan can use.
    #[must_use]
    pub fn max_tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.max_output_tokens.into())
    }

    /// Shortens the answer so that a call uses at most `tokens`; nothing if too little would be left of it.
    #[must_use]
    pub fn within(mut self, tokens: u64) -> Option<Self> {
        let room = tokens.checked_sub(self.input_tokens)?;
        let room = u32::try_from(room).unwrap_or(u32::MAX);
        self.max_output_tokens = self.max_output_tokens.min(room);
        (room >= MIN_OUTPUT_TOKENS).then_some(self)
    }

    /// Returns the plan with an answer of the model and a request that follows it. What the model said stays the model's, for
    /// it may repeat what the validator said.
    #[must_use]
    pub fn followed_by(&self, answer: &str, request: &str, input_bound: MessageBound) -> Self {
        let mut plan = self.clone();
        let message = |role, content: &str| Message { role, content: content.to_owned() };
        plan.messages.extend([message(Role::Assistant, answer), message(Role::User, request)]);
        plan.input_tokens = input_bound(&plan.messages);
        plan.calls = Calls::One;
        plan
    }
}
