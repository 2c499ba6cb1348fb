//! Chooses ways of answering: one is drawn, others follow in case it fails. Depends on nothing but its arguments.

use common::decision::{ArmRole, DecisionFacts, DecisionOutcome, PlannedArm};
use common::outcome::DeclineReason;

use crate::allocate::{Allocation, allocate};
use crate::chooser::{Chooser, Drawn, KnownArm, Shares};
use crate::respond;

/// An arm with how it is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chosen<'a> {
    pub(crate) index: u16,
    pub(crate) arm: &'a KnownArm,
    pub(crate) role: ArmRole,
    pub(crate) allocation: Allocation,
}

/// What was drawn, and from which table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lot<'a> {
    pub(crate) shares: &'a Shares,
    pub(crate) drawn: Drawn,
    pub(crate) canary: Option<u16>,
}

impl Chosen<'_> {
    pub(crate) fn planned(&self) -> PlannedArm {
        PlannedArm {
            arm: self.index,
            role: self.role,
            effort: self.allocation.effort,
            strategy: self.allocation.strategy.name(),
            max_output_tokens: self.allocation.max_output_tokens,
        }
    }
}

/// Decides: the ways that are tried, in this order, or why none is.
pub(crate) fn choose<'a>(chooser: &'a Chooser, facts: &DecisionFacts) -> Result<Vec<Chosen<'a>>, DeclineReason> {
    if let Some(reason) = respond::refusal(chooser, facts) {
        return Err(reason);
    }
    let lot = lot(chooser, facts).ok_or(DeclineReason::Profile)?;
    let first = lot.canary.unwrap_or(lot.drawn.arm);
    let mut chosen: Vec<Chosen<'_>> = Vec::new();
    for index in std::iter::once(first).chain(lot.shares.order.iter().copied()) {
        let Some(arm) = chooser.arms.get(usize::from(index)) else { continue };
        if chosen.iter().any(|earlier| earlier.arm.model == arm.model) || !admits(arm, facts) {
            continue;
        }
        let role = match lot.canary {
            Some(canary) if canary == index => ArmRole::Canary,
            _ if index == lot.drawn.arm => ArmRole::Drawn,
            _ => ArmRole::Fallback,
        };
        // A second choice has lost time already.
        if let Some(allocation) = allocate(facts, arm, role == ArmRole::Fallback) {
            chosen.push(Chosen { index, arm, role, allocation });
        }
    }
    if chosen.is_empty() { Err(DeclineReason::TooLarge) } else { Ok(chosen) }
}

/// Draws for a task. A canary is one of the other arms that can be called now.
pub(crate) fn lot<'a>(chooser: &'a Chooser, facts: &DecisionFacts) -> Option<Lot<'a>> {
    let shares = chooser.shares(&facts.caller, facts.class)?;
    let drawn = chooser.draw(facts, shares);
    let canary = (drawn.canary_point < chooser.canary_share).then(|| {
        let others = (0..=u16::MAX).zip(&chooser.arms);
        let others: Vec<_> = others
            .filter(|(index, arm)| *index != drawn.arm && arm.strategy.is_some() && admits(arm, facts))
            .map(|(index, _)| index)
            .collect();
        chooser.canary(facts.task, &others)
    });
    Some(Lot { shares, drawn, canary: canary.flatten() })
}

/// Returns what a choice comes to.
pub(crate) fn outcome(choice: &Result<Vec<Chosen<'_>>, DeclineReason>) -> DecisionOutcome {
    match choice {
        Ok(chosen) => DecisionOutcome::Planned(chosen.iter().map(Chosen::planned).collect()),
        Err(reason) => DecisionOutcome::Declined(reason.clone()),
    }
}

fn admits(arm: &KnownArm, facts: &DecisionFacts) -> bool {
    facts.models.get(arm.model).is_some_and(|model| respond::admits(model, facts.remaining_ms))
}
