//! The strategist as a player: what tracker and the router do together, epoch by epoch.

use std::collections::BTreeMap;

use common::config::subnet::ModelRef;
use common::id::Ss58;
use common::strategy::{Arm, EpochClock, TaskClass};
use llm_router::Draws;

use super::player::Request;
use super::run::{Epochs, Plan};
use super::table::Table;
use crate::evidence::Evidence;
use crate::pacing::{Offer, Pacer};
use crate::posterior::Effect;
use crate::publish::{Names, revision};
use crate::shares::{Candidate, Choice};
use crate::strategist::Strategist;

/// Strategist, pacer, and the arms drawn for the running epoch.
pub(crate) struct Strategic {
    strategist: Strategist,
    pacer: Pacer,
    validators: Vec<u32>,
    names: Names,
    arms: usize,
    classes: usize,
    declined: f64,
    seed: u64,
    drawn: BTreeMap<(usize, usize), usize>,
    /// By class and arm: prompts and their expected cost.
    costs: Vec<Vec<(f64, f64)>>,
    /// By class and arm: expected scores.
    scores: Vec<Vec<f64>>,
}

impl Strategic {
    pub(crate) fn new(table: &Table, plan: &Plan, epochs: Epochs) -> Self {
        let (classes, arms) = (table.classes.len(), table.arms.len());
        let mut strategic = Self {
            strategist: Strategist::new(plan.settings, plan.seed),
            pacer: Pacer::default(),
            validators: (0..).take(epochs.validators).collect(),
            names: names(table, epochs),
            arms,
            classes,
            declined: plan.declined,
            seed: plan.seed,
            drawn: BTreeMap::new(),
            costs: vec![vec![(0.0, 0.0); arms]; classes],
            scores: vec![vec![plan.settings.prior.mean; arms]; classes],
        };
        strategic.revise(0);
        strategic
    }

    /// Draws the arms of an epoch, as the router does from what tracker publishes.
    pub(crate) fn begin(&mut self, epoch: usize) {
        self.drawn.clear();
        let tables = self.strategist.tables();
        let Ok(revision) = revision(tables, &self.names, self.seed, epoch as u64) else { return };
        let Some(draws) = Draws::new(&revision, self.names.netuid) else { return };
        for (validator, name) in self.names.validators.iter().enumerate() {
            for (class, &name_of_class) in self.names.classes.iter().enumerate() {
                if let Some(arm) = draws.arm(name, name_of_class, epoch as u64) {
                    self.drawn.insert((validator, class), arm.into());
                }
            }
        }
    }

    /// The arm of the epoch, unless it is not worth its price.
    pub(crate) fn choose(&mut self, request: &Request<'_>, validator: usize) -> Option<usize> {
        let class = request.row.class;
        let drawn = *self.drawn.get(&(validator, class))?;
        let Some(left) = request.left else { return Some(drawn) };
        let scores = self.scores.get(class)?;
        let mut offers: Vec<Offer> =
            scores.iter().zip(&request.costs).map(|(&score, &cost)| Offer { score, cost }).collect();
        for (record, cost) in self.costs.get_mut(class)?.iter_mut().zip(&request.costs) {
            *record = (record.0 + 1.0, record.1 + cost);
        }
        let offer = *offers.get(drawn)?;
        let is_worth_it = offer.score - self.pacer.price() * offer.cost >= self.declined;
        offers.push(Offer { score: self.declined, cost: 0.0 });
        self.pacer.note(offers, left);
        is_worth_it.then_some(drawn)
    }

    /// Hears a validator's number.
    pub(crate) fn hear(&mut self, evidence: Evidence) {
        // A table's rewards are finite, and each validator is heard once an epoch.
        let _refused = self.strategist.add(evidence).err();
    }

    /// Makes the next epoch's tables; says whether a change was noticed.
    pub(crate) fn end(&mut self, epoch: usize) -> bool {
        self.revise(epoch as u64)
    }

    fn revise(&mut self, epoch: u64) -> bool {
        let price = self.pacer.price();
        let penalty = |class: usize, arm: usize| {
            let record = self.costs.get(class).and_then(|costs| costs.get(arm)).copied().unwrap_or_default();
            price * record.1 / record.0.max(1.0)
        };
        let choices: Vec<Choice> = (0..self.classes)
            .map(|class| Choice {
                task: class as u32,
                candidates: (0..self.arms)
                    .map(|arm| Candidate { arm: arm as u32, penalty: penalty(class, arm), is_canary: false })
                    .collect(),
                declined: None,
            })
            .collect();
        let report = self.strategist.revise(epoch, &self.validators, &choices);
        let posterior = self.strategist.learner().posterior();
        for (task, scores) in (0..).zip(&mut self.scores) {
            for (arm, score) in (0..).zip(scores) {
                let effects = [Effect::Task(task), Effect::Arm(arm), Effect::Cell { task, arm }];
                *score = posterior.expect(&effects.map(|effect| (effect, 1.0)));
            }
        }
        report.change.is_some()
    }
}

/// Names for what a table has only numbers or foreign names for.
fn names(table: &Table, epochs: Epochs) -> Names {
    let arm = |name: &String| Arm {
        model: ModelRef { vendor: "replay".into(), model: name.as_str().into() },
        effort: None,
        strategy: "direct".into(),
    };
    Names {
        netuid: common::id::Netuid(0),
        epochs: EpochClock { number: 0, start_unix_ms: 0, length_ms: 1 },
        arms: (0..).zip(table.arms.iter().map(arm)).collect(),
        classes: TaskClass::ALL.into_iter().take(table.classes.len()).collect(),
        validators: (0..epochs.validators).filter_map(address).collect(),
    }
}

/// An address that nobody has, of the shape of one.
fn address(mut number: usize) -> Option<Ss58> {
    let mut text = String::new();
    while number > 0 {
        text.push(char::from(b'1' + (number % 9) as u8));
        number /= 9;
    }
    format!("5{text:a<46}").parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_validator_of_a_replay_has_an_address_of_its_own() {
        let addresses: BTreeSet<_> = (0..1000).filter_map(address).collect();

        assert_eq!(addresses.len(), 1000);
    }
}
