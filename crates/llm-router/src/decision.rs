//! The decision about a task: whether it is tried, and in which ways.

use std::time::Duration;

use common::decision::{DecisionFacts, DecisionOutcome};
use common::outcome::DeclineReason;
use common::task::{Message, Task};

use crate::choose::{Chosen, choose, outcome};
use crate::class::Classified;
use crate::conditions::Conditions;
use crate::plan::{Calls, Plan};
use crate::playbook::Play;
use crate::policy::SubnetPolicy;
use crate::{Strategy, respond};

/// What is done with a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Nothing, and this is why.
    Decline(DeclineReason),
    /// The plans are tried in this order until one gives an answer; there is at least one.
    Try(Vec<Plan>),
}

/// A decision with what it takes to make it again.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// What is done.
    pub decision: Decision,
    /// What it depends on, besides the revision.
    pub facts: DecisionFacts,
    /// What it came to, in few words.
    pub outcome: DecisionOutcome,
}

/// Decides about a task.
///
/// The gates, in order: paused, profile (the route takes tasks, a strategy is known), participation, worth (of the validator,
/// against the budget's pace), budget; then those that need at least one model: no model (unusable), breaker (benched),
/// deadline, too large. That there is budget is no promise: the ledger says so when it reserves.
///
/// Then a way of answering is drawn for the validator, the epoch and the class of the task, and the best of each other model
/// follows in case it fails.
#[must_use]
pub fn decide(policy: &SubnetPolicy, conditions: Conditions, task: &Task, classified: Classified) -> Decided {
    let play = policy.playbook.play(&task.route);
    let conversation = play.map(|play| play.conversation(&task.messages)).unwrap_or_default();
    let facts = facts(policy, conditions, task, classified, play, &conversation);
    let choice = choose(&policy.chooser, &facts);
    let outcome = outcome(&choice);
    let decision = match (choice, play) {
        (Ok(chosen), Some(play)) => {
            Decision::Try(chosen.iter().map(|chosen| plan(policy, play, &facts, &conversation, chosen)).collect())
        }
        // Without a play the gate of the profile is closed.
        (Ok(_), None) => Decision::Decline(DeclineReason::Profile),
        (Err(reason), _) => Decision::Decline(reason),
    };
    Decided { decision, facts, outcome }
}

fn facts(
    policy: &SubnetPolicy,
    conditions: Conditions,
    task: &Task,
    classified: Classified,
    play: Option<&Play>,
    conversation: &[Message],
) -> DecisionFacts {
    let Conditions { paused, unix_ms, remaining, models, windows } = conditions;
    DecisionFacts {
        task: task.id,
        netuid: task.netuid,
        caller: task.caller.clone(),
        route: task.route.clone(),
        unix_ms,
        remaining_ms: u64::try_from(remaining.as_millis()).unwrap_or(u64::MAX),
        paused,
        class: classified.class,
        confidence: classified.confidence,
        form: play.map(|play| play.form),
        asked_tokens: task.max_tokens,
        inputs: play.map(|play| play.inputs(policy.playbook.bound(conversation))).unwrap_or_default(),
        models,
        windows,
        rules: policy.rules,
    }
}

fn plan(
    policy: &SubnetPolicy,
    play: &Play,
    facts: &DecisionFacts,
    conversation: &[Message],
    chosen: &Chosen<'_>,
) -> Plan {
    let allocation = &chosen.allocation;
    let messages = play.messages(allocation.strategy, conversation);
    let min_time = facts.models.get(chosen.arm.model).map_or(0, respond::needed_ms);
    let calls = match allocation.strategy {
        Strategy::Critic => Calls::Critic(play.critic_request.clone()),
        Strategy::SelfConsistency => Calls::Samples(facts.rules.samples),
        Strategy::Direct | Strategy::ExactFormat | Strategy::FewShot | Strategy::StepByStep => Calls::One,
    };
    Plan {
        model: chosen.arm.arm.model.clone(),
        strategy: allocation.strategy.name(),
        role: chosen.role,
        effort: allocation.effort,
        temperature: policy.temperature,
        input_tokens: policy.playbook.bound(&messages),
        messages,
        max_output_tokens: allocation.max_output_tokens,
        min_time: Duration::from_millis(min_time),
        calls,
        repair_request: play.repair_request.clone(),
    }
}
