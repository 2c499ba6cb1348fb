//! How many tokens an answer may have, and how many of them are for thinking.

use common::config::miner::Effort;
use common::decision::{DecisionFacts, ModelFacts};

use crate::Strategy;
use crate::chooser::KnownArm;
use crate::respond::{needed_ms, pressure};

/// The shortest answer that is worth asking for: with fewer tokens a thinking model is paid for silence.
pub const MIN_OUTPUT_TOKENS: u32 = 64;

/// Of an answer of unknown length, so much must be left beside the thinking.
const USUAL_ANSWER: u32 = 1_024;
/// What the critic's request adds to the prompt at most, in tokens.
const CRITIC_REQUEST: u64 = 512;

/// How an arm is to be called.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Allocation {
    pub(crate) strategy: Strategy,
    pub(crate) effort: Option<Effort>,
    pub(crate) input_tokens: u64,
    /// Of each call.
    pub(crate) max_output_tokens: u32,
    /// Of all calls together, prompts included.
    pub(crate) max_tokens: u64,
}

/// Finds how an arm is called, or nothing if prompt and answer do not fit. A strategy that does no good here, or that has too
/// little time or too few tokens for its calls, becomes the direct one; so does one of several calls if `single` is set.
pub(crate) fn allocate(facts: &DecisionFacts, arm: &KnownArm, single: bool) -> Option<Allocation> {
    let model = facts.models.get(arm.model)?;
    let strategy = arm.strategy?;
    let thinking = Thinking::of(model, arm.arm.effort);
    let several = matches!(strategy, Strategy::Critic | Strategy::SelfConsistency);
    let time = needed_ms(model).saturating_mul(strategy.rounds().into());
    let fits = strategy.helps(facts.class, facts.form?, thinking.thinks())
        && !(several && single)
        && time <= facts.remaining_ms;
    let wanted = fits.then(|| of_strategy(facts, model, strategy, &thinking)).flatten();
    wanted.or_else(|| of_strategy(facts, model, Strategy::Direct, &thinking))
}

fn of_strategy(
    facts: &DecisionFacts,
    model: &ModelFacts,
    strategy: Strategy,
    thinking: &Thinking<'_>,
) -> Option<Allocation> {
    let input_tokens = facts.inputs.get(strategy.index())?.tokens;
    let total = u64::from(facts.rules.max_tokens_per_task);
    let samples = u64::from(facts.rules.samples.max(1));
    // What each call may answer with, so that all calls together stay within the task's tokens.
    let (of_task, of_context) = match strategy {
        Strategy::Direct | Strategy::ExactFormat | Strategy::FewShot | Strategy::StepByStep => {
            (total.checked_sub(input_tokens)?, model.context_tokens.checked_sub(input_tokens)?)
        }
        // The prompt twice, the first answer as an answer and in the second prompt, and the second answer.
        Strategy::Critic => {
            let prompts = input_tokens.saturating_mul(2).saturating_add(CRITIC_REQUEST);
            let context = model.context_tokens.checked_sub(input_tokens.saturating_add(CRITIC_REQUEST))?;
            (total.checked_sub(prompts)? / 3, context / 2)
        }
        Strategy::SelfConsistency => {
            ((total / samples).checked_sub(input_tokens)?, model.context_tokens.checked_sub(input_tokens)?)
        }
    };
    let room = of_task.min(of_context).min(model.max_output_tokens.into());
    let room = u32::try_from(room).unwrap_or(u32::MAX);
    if room < MIN_OUTPUT_TOKENS {
        return None;
    }
    let effort = thinking.within(room, facts.asked_tokens);
    let wanted = facts.asked_tokens.map(|asked| asked.max(MIN_OUTPUT_TOKENS).saturating_add(effort.tokens));
    let max_output_tokens = room.min(wanted.unwrap_or(u32::MAX)).min(paced(facts, model));
    let of_call = input_tokens.saturating_add(max_output_tokens.into());
    let max_tokens = match strategy {
        Strategy::Critic => {
            of_call.saturating_mul(2).saturating_add(CRITIC_REQUEST).saturating_add(max_output_tokens.into())
        }
        Strategy::SelfConsistency => of_call.saturating_mul(samples),
        Strategy::Direct | Strategy::ExactFormat | Strategy::FewShot | Strategy::StepByStep => of_call,
    };
    Some(Allocation { strategy, effort: effort.told, input_tokens, max_output_tokens, max_tokens })
}

/// While the budget is used ahead of time, an answer gets twice what the model usually needs: a reservation is the worst case,
/// and smaller ones leave room for more tasks.
fn paced(facts: &DecisionFacts, model: &ModelFacts) -> u32 {
    match model.usual_output_tokens {
        Some(usual) if pressure(facts) > 0.0 => usual.saturating_mul(2).max(MIN_OUTPUT_TOKENS),
        Some(_) | None => u32::MAX,
    }
}

/// How much a model thinks.
struct Thinking<'a> {
    /// What it can be told, least first.
    levels: &'a [Effort],
    /// What the arm says.
    told: Option<Effort>,
    /// What it comes to if the arm says nothing.
    otherwise: Effort,
}

/// How much a model is told to think, and the tokens that this may take.
struct Level {
    told: Option<Effort>,
    tokens: u32,
}

impl<'a> Thinking<'a> {
    fn of(model: &'a ModelFacts, told: Option<Effort>) -> Self {
        Self { levels: &model.efforts, told, otherwise: model.default_effort.unwrap_or(Effort::Medium) }
    }

    /// Whether it thinks at all.
    fn thinks(&self) -> bool {
        self.levels.iter().any(|level| *level > Effort::None) && self.told.unwrap_or(self.otherwise) > Effort::None
    }

    /// Returns the level that leaves room for the answer: as told, or the highest lower one, or the lowest there is.
    fn within(&self, room: u32, asked: Option<u32>) -> Level {
        let answer = asked.unwrap_or(USUAL_ANSWER).clamp(MIN_OUTPUT_TOKENS, USUAL_ANSWER);
        let wanted = self.told.unwrap_or(self.otherwise);
        let Some(lowest) = self.levels.iter().min().copied() else { return Level { told: self.told, tokens: 0 } };
        let levels = || self.levels.iter().copied().filter(|level| *level <= wanted);
        // A model that cannot think so little thinks as little as it can.
        let as_told = levels().max().unwrap_or(lowest);
        let fitting = levels().filter(|level| tokens(*level).saturating_add(answer) <= room).max().unwrap_or(lowest);
        let told = if fitting < as_told { Some(fitting) } else { self.told };
        Level { told, tokens: tokens(fitting.min(as_told)) }
    }
}

/// The tokens that thinking may take.
fn tokens(effort: Effort) -> u32 {
    match effort {
        Effort::None => 0,
        Effort::Minimal => 512,
        Effort::Low => 1_024,
        Effort::Medium => 4_096,
        Effort::High => 8_192,
        Effort::Xhigh => 16_384,
        Effort::Max => 24_576,
    }
}
