//! Ways of asking a model: the registry that `prompt_strategies` in a profile refers to.

use common::config::subnet::{AnswerForm, SubnetProfile};
use common::id::StrategyName;
use common::strategy::TaskClass;

/// A way of asking.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Strategy {
    /// The question as it came.
    Direct,
    /// With an instruction to keep exactly to the format that is asked for.
    ExactFormat,
    /// With the profile's questions and answers before it.
    FewShot,
    /// With an instruction to think before answering; for models that do not think by themselves.
    StepByStep,
    /// Twice: the second time with the first answer, to check and improve it.
    Critic,
    /// Several times at once; the answer that most of them agree on is taken.
    SelfConsistency,
}

/// A profile names a strategy that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StrategyError {
    /// It does not exist.
    #[error("there is no strategy `{name}`; there are {}", known())]
    Unknown {
        /// Its place in the profile's list, from 0.
        index: usize,
        /// The name.
        name: StrategyName,
    },
    /// It shows examples, and the profile has none.
    #[error("`few_shot` needs examples: give the profile some under `few_shot`")]
    NoExamples {
        /// Its place in the profile's list, from 0.
        index: usize,
    },
}

impl StrategyError {
    /// Returns the strategy's place in the profile's list, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        match self {
            Self::Unknown { index, .. } | Self::NoExamples { index } => *index,
        }
    }
}

/// Finds the strategies of a profile that cannot be used.
#[must_use]
pub fn check_strategies(profile: &SubnetProfile) -> Vec<StrategyError> {
    let names = profile.prompt_strategies.iter().enumerate();
    let wrong = names.filter_map(|(index, name)| match Strategy::find(name) {
        None => Some(StrategyError::Unknown { index, name: name.clone() }),
        Some(Strategy::FewShot) if profile.few_shot.is_empty() => Some(StrategyError::NoExamples { index }),
        Some(_) => None,
    });
    wrong.collect()
}

fn known() -> String {
    Strategy::ALL.map(Strategy::text).join(", ")
}

impl Strategy {
    /// Every strategy.
    pub const ALL: [Self; 6] =
        [Self::Direct, Self::ExactFormat, Self::FewShot, Self::StepByStep, Self::Critic, Self::SelfConsistency];

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

    /// Whether it can do any good: steps help where something is worked out, by a model that does not think anyway
    /// (`thinks`), and answers can be compared only where they are short.
    pub(crate) fn helps(self, class: TaskClass, form: AnswerForm, thinks: bool) -> bool {
        match self {
            Self::Direct | Self::ExactFormat | Self::FewShot | Self::Critic => true,
            Self::StepByStep => !thinks && is_worked_out(class),
            Self::SelfConsistency => form != AnswerForm::Text || has_short_answer(class),
        }
    }

    /// How many calls it makes one after the other, at least.
    pub(crate) fn rounds(self) -> u32 {
        match self {
            Self::Direct | Self::ExactFormat | Self::FewShot | Self::StepByStep | Self::SelfConsistency => 1,
            Self::Critic => 2,
        }
    }

    /// Its place in a list of all.
    pub(crate) fn index(self) -> usize {
        self as usize
    }

    fn text(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::ExactFormat => "exact_format",
            Self::FewShot => "few_shot",
            Self::StepByStep => "step_by_step",
            Self::Critic => "critic",
            Self::SelfConsistency => "self_consistency",
        }
    }
}

fn is_worked_out(class: TaskClass) -> bool {
    match class {
        TaskClass::Math | TaskClass::Logic | TaskClass::MultipleChoice | TaskClass::Unknown => true,
        TaskClass::Code
        | TaskClass::Translation
        | TaskClass::Summary
        | TaskClass::Structured
        | TaskClass::Question
        | TaskClass::Creative
        | TaskClass::Rewrite
        | TaskClass::Labelling
        | TaskClass::Chat => false,
    }
}

fn has_short_answer(class: TaskClass) -> bool {
    match class {
        TaskClass::Math | TaskClass::MultipleChoice | TaskClass::Labelling => true,
        TaskClass::Code
        | TaskClass::Logic
        | TaskClass::Translation
        | TaskClass::Summary
        | TaskClass::Structured
        | TaskClass::Question
        | TaskClass::Creative
        | TaskClass::Rewrite
        | TaskClass::Chat
        | TaskClass::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_strategy_is_found_by_its_name_and_its_place() {
        for (index, strategy) in Strategy::ALL.into_iter().enumerate() {
            assert_eq!(Strategy::find(&strategy.name()), Some(strategy));
            assert_eq!(strategy.index(), index);
        }
    }

    #[test]
    fn an_unknown_strategy_is_named_with_the_known_ones() {
        let error = StrategyError::Unknown { index: 1, name: "magic".into() };

        let known = "direct, exact_format, few_shot, step_by_step, critic, self_consistency";
        assert_eq!(error.to_string(), format!("there is no strategy `magic`; there are {known}"));
    }

    #[test]
    fn steps_help_only_where_something_is_worked_out_by_a_model_that_does_not_think() {
        let helps = |class, thinks| Strategy::StepByStep.helps(class, AnswerForm::Text, thinks);

        assert!(helps(TaskClass::Math, false));
        assert!(!helps(TaskClass::Math, true));
        assert!(!helps(TaskClass::Translation, false));
    }

    #[test]
    fn answers_are_compared_only_where_they_can_be() {
        let helps = |class, form| Strategy::SelfConsistency.helps(class, form, true);

        assert!(helps(TaskClass::Creative, AnswerForm::Json));
        assert!(helps(TaskClass::MultipleChoice, AnswerForm::Text));
        assert!(!helps(TaskClass::Creative, AnswerForm::Text));
    }
}
