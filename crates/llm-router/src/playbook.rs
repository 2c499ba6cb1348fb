//! How a subnet's models are asked, put together in advance: for each route and strategy the system text, the examples and the
//! requests that may follow an answer.

use std::collections::BTreeMap;

use common::config::subnet::{Action, AnswerForm, SubnetProfile};
use common::decision::InputBound;
use common::id::RouteName;
use common::task::{Message, Role};

use crate::Strategy;
use crate::conversation;
use crate::templates::{Instructions, TemplateError};

/// The most tokens that a conversation can be. It must grow by the same with each message, whatever the others are.
pub type MessageBound = fn(&[Message]) -> u64;

/// How the models of a subnet are asked.
#[derive(Clone, Debug)]
pub(crate) struct Playbook {
    routes: BTreeMap<RouteName, Play>,
    input_bound: MessageBound,
}

/// How models are asked on one route.
#[derive(Clone, Debug)]
pub(crate) struct Play {
    /// The form of the answer.
    pub(crate) form: AnswerForm,
    /// What the critic is asked.
    pub(crate) critic_request: String,
    /// What is asked after an answer of another form.
    pub(crate) repair_request: String,
    /// The operator's own text.
    system: Option<String>,
    /// By [`Strategy::index`].
    ways: Vec<Way>,
}

/// What stands before the validator's part.
#[derive(Clone, Debug)]
struct Way {
    strategy: Strategy,
    before: Vec<Message>,
    /// The most tokens of what is added to the validator's part over all calls.
    tokens: u64,
}

impl Playbook {
    /// Puts together what a profile says.
    pub(crate) fn new(profile: &SubnetProfile, input_bound: MessageBound) -> Result<Self, TemplateError> {
        let mut routes = BTreeMap::new();
        for (name, route) in &profile.routes {
            if let Some(form) = route.action.answer_form() {
                routes.insert(name.clone(), Play::new(profile, &route.action, form, input_bound)?);
            }
        }
        Ok(Self { routes, input_bound })
    }

    /// Returns how models are asked on a route; none if it takes no tasks.
    pub(crate) fn play(&self, route: &RouteName) -> Option<&Play> {
        self.routes.get(route)
    }

    /// Returns the most tokens of messages.
    pub(crate) fn bound(&self, messages: &[Message]) -> u64 {
        (self.input_bound)(messages)
    }
}

impl Play {
    fn new(
        profile: &SubnetProfile,
        action: &Action,
        form: AnswerForm,
        bound: MessageBound,
    ) -> Result<Self, TemplateError> {
        let instructions = Instructions::render(form, profile.few_shot.len())?;
        let system = system(action).map(str::to_owned);
        let ways = Strategy::ALL.map(|strategy| {
            let instruction = match strategy {
                Strategy::Direct | Strategy::Critic | Strategy::SelfConsistency => None,
                Strategy::ExactFormat => Some(instructions.exact_format.as_str()),
                Strategy::FewShot => Some(instructions.few_shot.as_str()),
                Strategy::StepByStep => Some(instructions.step_by_step.as_str()),
            };
            let texts: Vec<_> = system.as_deref().into_iter().chain(instruction).collect();
            let mut before = Vec::new();
            if !texts.is_empty() {
                before.push(Message { role: Role::System, content: texts.join("\n\n") });
            }
            if strategy == Strategy::FewShot {
                before.extend(profile.few_shot.iter().flat_map(|example| {
                    let message = |role, content: &String| Message { role, content: content.clone() };
                    [message(Role::User, &example.question), message(Role::Assistant, &example.answer)]
                }));
            }
            let tokens = bound(&before).saturating_sub(bound(&[]));
            Way { strategy, before, tokens }
        });
        let Instructions { critic_request, repair_request, .. } = instructions;
        Ok(Self { form, critic_request, repair_request, system, ways: ways.into() })
    }

    /// Returns the validator's part of a task's messages.
    pub(crate) fn conversation(&self, messages: &[Message]) -> Vec<Message> {
        conversation::of_validator(messages, self.system.as_deref())
    }

    /// Returns how large a prompt with each strategy can be, given the most tokens of the validator's part.
    pub(crate) fn inputs(&self, conversation_tokens: u64) -> Vec<InputBound> {
        let ways = self.ways.iter();
        ways.map(|way| InputBound {
            strategy: way.strategy.name(),
            tokens: conversation_tokens.saturating_add(way.tokens),
        })
        .collect()
    }

    /// Returns what a model is asked.
    pub(crate) fn messages(&self, strategy: Strategy, conversation: &[Message]) -> Vec<Message> {
        let before = self.ways.get(strategy.index()).map_or(&[][..], |way| &way.before);
        before.iter().chain(conversation).cloned().collect()
    }
}

/// The operator's own text of a route.
fn system(action: &Action) -> Option<&str> {
    match action {
        Action::Task(mapping) => mapping.system.as_deref(),
        Action::Adapter(adapter) => adapter.system.as_deref(),
        Action::Reply(_) | Action::Decline {} => None,
    }
}
