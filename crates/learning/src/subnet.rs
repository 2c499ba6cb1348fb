//! A subnet's learner: what was recorded, by name, goes in; the subnet's part of the next revision comes out.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use common::id::{Netuid, Ss58};
use common::strategy::{Arm, EpochClock, SubnetStrategy, TaskClass};
use serde::{Deserialize, Serialize};

use crate::assembly::{Attributed, EpochRecord, Habits, assemble};
use crate::attribution::Row;
use crate::evidence::Answers;
use crate::guard::is_unreliable;
use crate::publish::{Names, strategy};
use crate::settings::Settings;
use crate::shares::{Candidate, Choice};
use crate::strategist::{Report, Strategist};

/// What was recorded of an epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamedEpoch {
    /// The rows that validators set in this epoch.
    pub rows: BTreeMap<Ss58, Row>,
    /// How often each validator was answered by which arm in which class; canaries and second choices left out.
    pub answers: BTreeMap<(Ss58, TaskClass, Arm), u32>,
    /// The share of its minutes in which the miner could answer; none if it is not known.
    pub uptime: Option<f64>,
    /// Whether a part of what the chain said was missed.
    pub has_gap: bool,
}

/// What an arm has done, whoever scored it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ArmRecord {
    /// Calls that ended.
    pub calls: u64,
    /// Those that failed for technical reasons.
    pub failures: u64,
}

/// One subnet's learner.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SubnetLearner {
    netuid: Netuid,
    settings: Settings,
    habits: Habits,
    strategist: Strategist,
    /// By number; one that is withdrawn keeps it.
    arms: Vec<KnownArm>,
    /// By number.
    validators: Vec<Ss58>,
    /// Rows that have become evidence, by epoch and validator: what was concluded once is not concluded again otherwise.
    concluded: BTreeSet<(u64, u32)>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct KnownArm {
    arm: Arm,
    /// Whether it was there from the start.
    is_founder: bool,
    is_offered: bool,
    answers: u64,
    record: ArmRecord,
}

/// What a revision of a subnet is, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Revised {
    /// The subnet's part of the revision.
    pub strategy: SubnetStrategy,
    /// Why.
    pub report: Report,
    /// Arms that are switched off because they fail.
    pub unreliable: Vec<Arm>,
}

impl SubnetLearner {
    /// Starts with these arms, which all are founders: nothing is known of any, so none has to prove itself.
    #[must_use]
    pub fn new(netuid: Netuid, arms: &[Arm], habits: Habits, settings: Settings, seed: u64) -> Self {
        let known = |arm: &Arm| KnownArm {
            arm: arm.clone(),
            is_founder: true,
            is_offered: true,
            answers: 0,
            record: ArmRecord::default(),
        };
        Self {
            netuid,
            settings,
            habits,
            strategist: Strategist::new(settings, seed),
            arms: arms.iter().map(known).collect(),
            validators: Vec::new(),
            concluded: BTreeSet::new(),
        }
    }

    /// Says which arms there are now. New ones begin as canaries; those that are missing are withdrawn, and are known again when they
    /// come back.
    pub fn offer(&mut self, arms: &[Arm]) {
        for known in &mut self.arms {
            known.is_offered = arms.contains(&known.arm);
        }
        for arm in arms {
            self.number(arm);
        }
    }

    /// Says that an arm is no longer what it was, such as after a change of its model: what was learnt of it counts for nothing.
    pub fn renew(&mut self, arm: &Arm) {
        self.arms.retain_mut(|known| {
            if known.arm == *arm {
                // The number goes on standing for what it was; the arm gets a new one.
                known.is_offered = false;
                known.arm.strategy = format!("{} (before)", known.arm.strategy).as_str().into();
            }
            true
        });
        self.number(arm);
    }

    /// Takes in the calls and failures of an arm since the last time.
    pub fn count(&mut self, arm: &Arm, since: ArmRecord) {
        let number = self.number(arm);
        if let Some(known) = self.arms.get_mut(number as usize) {
            known.record.calls += since.calls;
            known.record.failures += since.failures;
        }
    }

    /// Learns from the newest epochs, which may overlap with those of the last time, and returns what became of each row that was
    /// not concluded before. They should reach back twice as far as evidence may come late.
    pub fn learn(&mut self, epochs: &BTreeMap<u64, NamedEpoch>) -> Vec<Attributed> {
        let records: BTreeMap<u64, EpochRecord> =
            epochs.iter().map(|(&number, epoch)| (number, self.record(epoch))).collect();
        let mut fresh = assemble(&records, &self.habits);
        fresh.retain(|one| !self.concluded.contains(&(one.seen_in, one.validator)));
        for one in &mut fresh {
            let Ok(evidence) = one.evidence.clone() else { continue };
            self.concluded.insert((one.seen_in, one.validator));
            let answers = evidence.answers.clone();
            if self.strategist.add(evidence).is_err() {
                continue;
            }
            for answers in answers {
                if let Some(known) = self.arms.get_mut(answers.arm as usize) {
                    known.answers += u64::from(answers.count);
                }
            }
        }
        if let Some(&oldest) = epochs.keys().next() {
            self.concluded.retain(|&(seen_in, _)| seen_in >= oldest);
        }
        fresh
    }

    /// Makes the subnet's part of the next revision, after an epoch. `penalty` is what an answer of an arm costs, in units of score.
    pub fn revise(&mut self, epoch: u64, clock: EpochClock, penalty: impl Fn(&Arm) -> f64) -> Revised {
        let unreliable: Vec<Arm> = self
            .arms
            .iter()
            .filter(|known| known.is_offered && is_unreliable(known.record.calls, known.record.failures))
            .map(|known| known.arm.clone())
            .collect();
        let usable = |known: &KnownArm| known.is_offered && !unreliable.contains(&known.arm);
        // Better an arm that fails than none.
        let none_left = !self.arms.iter().any(usable);
        let offered: Vec<(u32, &KnownArm)> =
            (0..).zip(&self.arms).filter(|(_, known)| known.is_offered && (none_left || usable(known))).collect();
        let candidate = |&(arm, known): &(u32, &KnownArm)| Candidate {
            arm,
            penalty: penalty(&known.arm),
            is_canary: !known.is_founder && !self.settings.is_known(known.answers),
        };
        let candidates: Vec<Candidate> = offered.iter().map(candidate).collect();
        let choices: Vec<Choice> = (0..)
            .zip(TaskClass::ALL)
            .map(|(task, _)| Choice { task, candidates: candidates.clone(), declined: None })
            .collect();
        let names = Names {
            netuid: self.netuid,
            epochs: clock,
            arms: offered.into_iter().map(|(number, known)| (number, known.arm.clone())).collect(),
            classes: TaskClass::ALL.to_vec(),
            validators: self.validators.clone(),
        };
        let validators: Vec<u32> = (0..).take(self.validators.len()).collect();
        let report = self.strategist.revise(epoch, &validators, &choices);
        Revised { strategy: strategy(self.strategist.tables(), &names), report, unreliable }
    }

    /// Returns what decides, for freezing and rolling back.
    pub fn strategist(&mut self) -> &mut Strategist {
        &mut self.strategist
    }

    /// Returns the validator that a number stands for.
    #[must_use]
    pub fn validator(&self, number: u32) -> Option<&Ss58> {
        self.validators.get(number as usize)
    }

    /// Returns the arm that a number stands for.
    #[must_use]
    pub fn arm(&self, number: u32) -> Option<&Arm> {
        self.arms.get(number as usize).map(|known| &known.arm)
    }

    fn record(&mut self, epoch: &NamedEpoch) -> EpochRecord {
        let rows = epoch.rows.iter().map(|(name, &row)| (self.validator_number(name), row)).collect();
        let mut answers: BTreeMap<u32, Vec<Answers>> = BTreeMap::new();
        for ((validator, class, arm), &count) in &epoch.answers {
            let task = (0..).zip(TaskClass::ALL).find(|(_, other)| other == class).map_or(0, |(task, _)| task);
            let one = Answers { task, arm: self.number(arm), count };
            answers.entry(self.validator_number(validator)).or_default().push(one);
        }
        EpochRecord { rows, answers, uptime: epoch.uptime, has_gap: epoch.has_gap }
    }

    /// The number of an arm; a new one if it is not known.
    fn number(&mut self, arm: &Arm) -> u32 {
        if let Some(number) = (0..).zip(&self.arms).find(|(_, known)| known.arm == *arm).map(|(number, _)| number) {
            return number;
        }
        let record = ArmRecord::default();
        self.arms.push(KnownArm { arm: arm.clone(), is_founder: false, is_offered: true, answers: 0, record });
        (self.arms.len() - 1) as u32
    }

    fn validator_number(&mut self, name: &Ss58) -> u32 {
        if let Some(place) = self.validators.iter().position(|known| known == name) {
            return place as u32;
        }
        self.validators.push(name.clone());
        (self.validators.len() - 1) as u32
    }
}
