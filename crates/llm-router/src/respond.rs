//! Whether a task is answered at all: gates in a fixed order, of which the first closed one gives the reason.

use common::config::answering::Respond;
use common::decision::{DecisionFacts, Gate, ModelFacts, ModelReadiness};
use common::outcome::DeclineReason;

use crate::allocate::MIN_OUTPUT_TOKENS;
use crate::chooser::Chooser;
use crate::participation;

/// What answering costs at the most, in units of a good answer, when a budget window is all used up at its beginning. Twice,
/// so that a validator worth 1 is answered as long as the ledger allows it where declining costs 1.
const FULL_PRESSURE: f64 = 2.0;

/// A question that must be answered with yes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Question {
    NotPaused,
    TakesTasks,
    TakesPart,
    IsWorthIt,
    HasBudget,
    HasModel,
    ModelWorks,
    HasTime,
}

/// In the order in which they are asked.
const QUESTIONS: [Question; 8] = [
    Question::NotPaused,
    Question::TakesTasks,
    Question::TakesPart,
    Question::IsWorthIt,
    Question::HasBudget,
    Question::HasModel,
    Question::ModelWorks,
    Question::HasTime,
];

/// Says why a task is not tried; nothing if it is.
pub(crate) fn refusal(chooser: &Chooser, facts: &DecisionFacts) -> Option<DeclineReason> {
    QUESTIONS.into_iter().find_map(|question| question.refusal(chooser, facts))
}

/// Returns the gates up to the first closed one, with the numbers that decided.
pub(crate) fn gates(chooser: &Chooser, facts: &DecisionFacts) -> Vec<Gate> {
    let mut gates = Vec::new();
    for question in QUESTIONS {
        let open = question.refusal(chooser, facts).is_none();
        gates.push(Gate { name: question.name().into(), open, detail: question.detail(chooser, facts) });
        if !open {
            break;
        }
    }
    gates
}

/// Whether a model can be called and has the time to answer.
pub(crate) fn admits(model: &ModelFacts, remaining_ms: u64) -> bool {
    model.state == ModelReadiness::Ready && needed_ms(model) <= remaining_ms
}

/// The time that a model needs: at least half of its latest calls took no longer.
pub(crate) fn needed_ms(model: &ModelFacts) -> u64 {
    model.median_ms.unwrap_or(0).max(model.min_time_ms)
}

/// How much more of the budget is used than time has passed, from 0 (within the slack) to 1, in the window where it is most.
pub(crate) fn pressure(facts: &DecisionFacts) -> f64 {
    let slack = facts.rules.respond.pace_slack;
    let ahead = facts.windows.iter().filter_map(|window| Some(window.used_share - window.elapsed_share? - slack));
    let most = ahead.fold(0.0_f64, f64::max);
    (most / (1.0 - slack).max(f64::EPSILON)).clamp(0.0, 1.0)
}

impl Question {
    fn refusal(self, chooser: &Chooser, facts: &DecisionFacts) -> Option<DeclineReason> {
        let rules = &facts.rules;
        let some_model = |passes: &dyn Fn(&ModelFacts) -> bool| facts.models.iter().any(passes);
        let (open, reason) = match self {
            Self::NotPaused => (!facts.paused, DeclineReason::Paused),
            Self::TakesTasks => {
                let known = chooser.arms.iter().any(|arm| arm.strategy.is_some());
                (facts.form.is_some() && known, DeclineReason::Profile)
            }
            Self::TakesPart => {
                let takes_part = participation::takes_part(rules.participation_rate, chooser.seed, facts.task);
                (takes_part, DeclineReason::Participation)
            }
            Self::IsWorthIt => {
                let worth = chooser.worth(&facts.caller, &rules.respond);
                let price = FULL_PRESSURE * pressure(facts);
                let open = worth >= rules.respond.min_worth && worth + rules.respond.decline_price >= price;
                (open, DeclineReason::Worth)
            }
            Self::HasBudget => {
                let exhausted = exhausted(facts)?;
                (false, DeclineReason::Budget { limit: exhausted.to_owned() })
            }
            Self::HasModel => (some_model(&|model| model.state != ModelReadiness::Unusable), DeclineReason::NoModel),
            Self::ModelWorks => (some_model(&|model| model.state == ModelReadiness::Ready), DeclineReason::Breaker),
            Self::HasTime => (some_model(&|model| admits(model, facts.remaining_ms)), DeclineReason::Deadline),
        };
        (!open).then_some(reason)
    }

    fn name(self) -> &'static str {
        match self {
            Self::NotPaused => "paused",
            Self::TakesTasks => "profile",
            Self::TakesPart => "participation",
            Self::IsWorthIt => "worth",
            Self::HasBudget => "budget",
            Self::HasModel => "no_model",
            Self::ModelWorks => "breaker",
            Self::HasTime => "deadline",
        }
    }

    fn detail(self, chooser: &Chooser, facts: &DecisionFacts) -> String {
        let rules = &facts.rules;
        let named = |wanted: &dyn Fn(&ModelFacts) -> bool| {
            let names: Vec<_> = facts.models.iter().filter(|m| wanted(m)).map(|m| m.model.to_string()).collect();
            if names.is_empty() { "no model".to_owned() } else { names.join(", ") }
        };
        match self {
            Self::NotPaused => if facts.paused { "answering is paused" } else { "answering is not paused" }.into(),
            Self::TakesTasks => match facts.form {
                None => format!("no model answers on route {}", facts.route),
                Some(_) => format!("route {} takes tasks", facts.route),
            },
            Self::TakesPart => {
                let point = participation::fraction(chooser.seed, facts.task);
                format!("the task's point is {point:.4}, the rate {}", rules.participation_rate)
            }
            Self::IsWorthIt => {
                let worth = chooser.worth(&facts.caller, &rules.respond);
                let Respond { decline_price, min_worth, .. } = rules.respond;
                let price = FULL_PRESSURE * pressure(facts);
                format!(
                    "the validator is worth {worth:.3}, at least {min_worth} is asked; with {decline_price} for not declining \
                     it must come to {price:.3} for the budget's pace"
                )
            }
            Self::HasBudget => match exhausted(facts) {
                Some(limit) => format!("limit {limit} has no room for the smallest call"),
                None => format!("{} limits have room", facts.windows.len()),
            },
            Self::HasModel => format!("configured: {}", named(&|model| model.state != ModelReadiness::Unusable)),
            Self::ModelWorks => format!("working: {}", named(&|model| model.state == ModelReadiness::Ready)),
            Self::HasTime => {
                format!("{} ms are enough for: {}", facts.remaining_ms, named(&|m| admits(m, facts.remaining_ms)))
            }
        }
    }
}

/// The name of a limit without room for the smallest call.
fn exhausted(facts: &DecisionFacts) -> Option<&str> {
    let smallest = facts.inputs.iter().map(|input| input.tokens).min().unwrap_or(0);
    let needed = smallest.saturating_add(MIN_OUTPUT_TOKENS.into());
    let mut windows = facts.windows.iter();
    let full = windows.find(|window| {
        window.tokens_left.is_some_and(|left| left < needed) || window.cost_left.is_some_and(|left| left.0 == 0)
    });
    full.map(|window| window.limit.as_str())
}
