//! Ways of asking a model: the registry that `prompt_strategies` in a profile refers to.

use common::config::subnet::{AnswerForm, SubnetProfile};
use common::id::StrategyName;
use common::task::{Message, Role};

/// A way of asking.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Strategy {
    /// The conversation as it came.
    Direct,
    /// With an instruction to keep exactly to the format that is asked for.
    ExactFormat,
    /// With an instruction to think before answering; for models that do not think by themselves.
    StepByStep,
}

/// A profile names a strategy that does not exist.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no strategy `{name}`; there are {}", known())]
pub struct UnknownStrategy {
    /// Its place in the profile's list, from 0.
    pub index: usize,
    /// The name.
    pub name: StrategyName,
}

/// Finds the strategies of a profile that do not exist.
#[must_use]
pub fn check_strategies(profile: &SubnetProfile) -> Vec<UnknownStrategy> {
    let names = profile.prompt_strategies.iter().enumerate();
    let unknown = names.filter(|(_, name)| Strategy::find(name).is_none());
    unknown.map(|(index, name)| UnknownStrategy { index, name: name.clone() }).collect()
}

fn known() -> String {
    Strategy::ALL.map(Strategy::text).join(", ")
}

impl Strategy {
    /// Every strategy.
    pub const ALL: [Self; 3] = [Self::Direct, Self::ExactFormat, Self::StepByStep];

    /// Finds a strategy by its name.
    #[must_use]
    pub fn find(name: &StrategyName) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.text() == name.as_str())
    }

    /// Returns the strategy's name.
    #[must_use]
    pub fn name(self) -> StrategyName {
        self.text().into()
    }

    fn text(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::ExactFormat => "exact_format",
            Self::StepByStep => "step_by_step",
        }
    }

    /// Makes what the model is asked of the task's conversation.
    pub(crate) fn messages(self, conversation: &[Message], form: AnswerForm) -> Vec<Message> {
        match self {
            Self::Direct => conversation.to_vec(),
            Self::ExactFormat => instructed(conversation, exact_format(form)),
            Self::StepByStep => instructed(conversation, step_by_step(form)),
        }
    }
}

fn exact_format(form: AnswerForm) -> &'static str {
    match form {
        AnswerForm::Text => {
            "Keep exactly to the output format that is asked for. Give the answer only: no preamble, no closing remark."
        }
        AnswerForm::Json => "Answer with one valid JSON value of the form that is asked for, and nothing else.",
        AnswerForm::Integer => "Answer with one integer in digits, and nothing else.",
    }
}

fn step_by_step(form: AnswerForm) -> &'static str {
    match form {
        AnswerForm::Text => {
            "Work the problem out step by step, then end with the answer in the format that is asked for."
        }
        AnswerForm::Json => {
            "Work the problem out step by step, then end with one code block that holds the answer as JSON. Use no other code block."
        }
        AnswerForm::Integer => {
            "Work the problem out step by step, then end with one code block that holds the answer as an integer. Use no other code block."
        }
    }
}

/// Adds an instruction to the conversation's own, or in front of it: not every server takes two system messages.
fn instructed(conversation: &[Message], instruction: &str) -> Vec<Message> {
    match conversation.split_first() {
        Some((first, rest)) if first.role == Role::System => {
            let content = format!("{}\n\n{instruction}", first.content);
            std::iter::once(Message { role: Role::System, content }).chain(rest.iter().cloned()).collect()
        }
        Some(_) | None => {
            let system = Message { role: Role::System, content: instruction.to_owned() };
            std::iter::once(system).chain(conversation.iter().cloned()).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(role: Role, content: &str) -> Message {
        Message { role, content: content.into() }
    }

    #[test]
    fn direct_asks_what_the_validator_asked() {
        let asked = [message(Role::User, "2+2?")];

        assert_eq!(Strategy::Direct.messages(&asked, AnswerForm::Integer), asked);
    }

    #[test]
    fn an_instruction_joins_the_system_message_that_is_there() {
        let asked = [message(Role::System, "Be brief."), message(Role::User, "2+2?")];

        let messages = Strategy::ExactFormat.messages(&asked, AnswerForm::Integer);

        assert_eq!(messages.len(), 2);
        assert_eq!(messages[0].role, Role::System);
        assert!(messages[0].content.starts_with("Be brief.\n\nAnswer with one integer"));
        assert_eq!(messages[1], asked[1]);
    }

    #[test]
    fn an_instruction_stands_in_front_where_there_is_no_system_message() {
        let asked = [message(Role::User, "2+2?")];

        let messages = Strategy::StepByStep.messages(&asked, AnswerForm::Text);

        assert_eq!(messages.len(), 2);
        assert_eq!(messages[0].role, Role::System);
        assert_eq!(messages[1], asked[0]);
    }

    #[test]
    fn every_strategy_is_found_by_its_name() {
        for strategy in Strategy::ALL {
            assert_eq!(Strategy::find(&strategy.name()), Some(strategy));
        }
    }

    #[test]
    fn an_unknown_strategy_is_named_with_the_known_ones() {
        let error = UnknownStrategy { index: 1, name: "magic".into() };

        assert_eq!(error.to_string(), "there is no strategy `magic`; there are direct, exact_format, step_by_step");
    }
}
