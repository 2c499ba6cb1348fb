//! Makes a decision again from what was kept of it, and says what spoke for and against each way of answering.

use common::decision::{Candidate, DecisionFacts, DecisionOutcome, Draw, Explanation};
use common::strategy::Revision;

use crate::allocate::allocate;
use crate::choose::{Lot, choose, lot, outcome};
use crate::chooser::{Chooser, KnownArm};
use crate::respond;

/// Makes a decision again. None if the revision does not know the subnet.
#[must_use]
pub fn explain(revision: &Revision, facts: DecisionFacts, decided: DecisionOutcome) -> Option<Explanation> {
    let chooser = Chooser::new(revision, facts.netuid, revision.subnets.get(&facts.netuid)?);
    let gates = respond::gates(&chooser, &facts);
    let are_open = gates.iter().all(|gate| gate.open);
    let lot = lot(&chooser, &facts);
    let draw = lot.filter(|_| are_open).map(|Lot { shares, drawn, canary }| Draw {
        table: shares.name.clone(),
        point: drawn.point,
        arm: drawn.arm,
        canary_point: drawn.canary_point,
        canary_share: chooser.canary_share,
        canary,
    });
    let share = |index: usize| lot.and_then(|lot| lot.shares.by_arm.get(index).copied()).unwrap_or(0.0);
    let candidates = chooser.arms.iter().enumerate().map(|(index, arm)| {
        let (max_tokens, verdict) = verdict(&facts, arm);
        Candidate { arm: arm.arm.to_string(), share: share(index), max_tokens, verdict }
    });
    let candidates = candidates.collect();
    let again = outcome(&choose(&chooser, &facts));
    let (seed, epoch) = (chooser.seed, chooser.epochs.at(facts.unix_ms));
    Some(Explanation { revision: revision.number, seed, epoch, facts, gates, draw, candidates, decided, again })
}

fn verdict(facts: &DecisionFacts, arm: &KnownArm) -> (Option<u64>, String) {
    use common::decision::ModelReadiness;
    let (Some(strategy), Some(model)) = (arm.strategy, facts.models.get(arm.model)) else {
        return (None, format!("strategy {} is not known", arm.arm.strategy));
    };
    let allocation = allocate(facts, arm, false);
    let max_tokens = allocation.map(|allocation| allocation.max_tokens);
    let verdict = match (model.state, allocation) {
        (ModelReadiness::Unusable, _) => "the model cannot be called as it is configured".to_owned(),
        (ModelReadiness::Benched, _) => "the model is benched after failures".to_owned(),
        (ModelReadiness::Ready, _) if !respond::admits(model, facts.remaining_ms) => {
            format!("the model needs {} ms", respond::needed_ms(model))
        }
        (ModelReadiness::Ready, None) => "prompt and answer do not fit".to_owned(),
        (ModelReadiness::Ready, Some(allocation)) if allocation.strategy != strategy => {
            format!("can be tried, asked the {} way", allocation.strategy.name())
        }
        (ModelReadiness::Ready, Some(_)) => "can be tried".to_owned(),
    };
    (max_tokens, verdict)
}
