//! A subnet's learner: what was recorded, by name, goes in; the subnet's part of the next revision comes out.

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

#[cfg(test)]
mod tests {
    use common::strategy::{FORMAT, Revision};
    use llm_router::Draws;

    use super::*;
    use crate::random::Random;

    const CLOCK: EpochClock = EpochClock { number: 0, start_unix_ms: 0, length_ms: 1 };
    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

    fn arm(model: &str) -> Arm {
        Arm { model: model.to_owned().try_into().unwrap(), effort: None, strategy: "direct".into() }
    }

    fn learner() -> SubnetLearner {
        let habits = Habits { rate: Some(0.5), reveal_epochs: 1 };
        SubnetLearner::new(Netuid(18), &[arm("a/x"), arm("b/y")], habits, Settings::default(), 3)
    }

    fn checked(strategy: SubnetStrategy) -> Revision {
        let subnets = BTreeMap::from([(Netuid(18), strategy)]);
        let revision = Revision { version: FORMAT, number: 1, seed: 3, canary_share: 0.02, subnets };
        assert_eq!(revision.check(), Ok(()));
        revision
    }

    /// The general share of an arm in questions.
    fn share(strategy: &SubnetStrategy, model: &str) -> f64 {
        let place = strategy.arms.iter().position(|known| *known == arm(model));
        let is_it = |table: &&common::strategy::ShareTable| {
            table.validator.is_none() && table.class == Some(TaskClass::Question)
        };
        let table = strategy.tables.iter().find(is_it).unwrap();
        let share = |place| table.shares.iter().find(|share| usize::from(share.arm) == place).map(|share| share.share);
        place.and_then(share).unwrap_or(0.0)
    }

    /// Lives through epochs in which `b/y` is worth 1.4 times the average and everything else 0.7.
    fn live(learner: &mut SubnetLearner, epochs: u64) -> Revised {
        let mut revised = learner.revise(0, CLOCK, |_| 0.0);
        let mut past: BTreeMap<u64, NamedEpoch> = BTreeMap::new();
        let mut averages = BTreeMap::from([(ALICE, 1.0), (BOB, 1.0)]);
        let mut hidden = averages.clone();
        let mut random = Random::new(1, &[]);
        for epoch in 1..=epochs {
            let draws = Draws::new(&checked(revised.strategy.clone()), Netuid(18)).unwrap();
            let mut named = NamedEpoch { uptime: Some(1.0), ..NamedEpoch::default() };
            for (&name, average) in &mut averages {
                let validator: Ss58 = name.parse().unwrap();
                let drawn = draws.arm(&validator, TaskClass::Question, epoch).unwrap();
                let arm_drawn = revised.strategy.arms[usize::from(drawn)].clone();
                let worth = if arm_drawn == arm("b/y") { 1.4 } else { 0.7 };
                // What is shown is what was known an epoch ago.
                let shown: f64 = hidden[name];
                hidden.insert(name, *average);
                *average = 0.5 * *average + 0.5 * (worth + 0.1 * random.normal());
                let weight = (1000.0 * shown) as u16;
                named.rows.insert(
                    validator.clone(),
                    Row { weight, total: 20_000 + u64::from(weight), rated: 21, largest: 3000 },
                );
                named.answers.insert((validator, TaskClass::Question, arm_drawn), 12);
            }
            past.insert(epoch, named);
            past.retain(|&number, _| number + 24 >= epoch);
            learner.learn(&past);
            revised = learner.revise(epoch, CLOCK, |_| 0.0);
        }
        revised
    }

    #[test]
    fn the_arm_that_validators_pay_for_gets_the_traffic() {
        let revised = live(&mut learner(), 40);

        assert!(share(&revised.strategy, "b/y") > 0.9, "{:?}", revised.report);
        checked(revised.strategy);
    }

    #[test]
    fn epochs_that_are_shown_again_count_once() {
        let mut learner = learner();
        live(&mut learner, 30);
        let mut again = learner.clone();
        let row = Row { weight: 900, total: 20_900, rated: 21, largest: 3000 };
        let answers = BTreeMap::from([((ALICE.parse().unwrap(), TaskClass::Question, arm("a/x")), 12)]);
        let rows = BTreeMap::from([(ALICE.parse().unwrap(), row)]);
        let epoch = NamedEpoch { rows, answers, uptime: Some(1.0), has_gap: false };
        let epochs: BTreeMap<u64, NamedEpoch> = (31..36).map(|number| (number, epoch.clone())).collect();

        learner.learn(&epochs);
        again.learn(&epochs);
        let shown_again = again.learn(&epochs);

        assert!(shown_again.iter().all(|one| one.evidence.is_err()), "{shown_again:?}");
        assert_eq!(learner.revise(36, CLOCK, |_| 0.0), again.revise(36, CLOCK, |_| 0.0));
    }

    #[test]
    fn an_arm_that_comes_later_is_a_canary_and_one_that_is_withdrawn_gets_nothing() {
        let mut learner = learner();
        live(&mut learner, 5);

        learner.offer(&[arm("b/y"), arm("c/z")]);
        let revised = learner.revise(6, CLOCK, |_| 0.0);

        assert_eq!(revised.strategy.arms, [arm("b/y"), arm("c/z")]);
        assert!(share(&revised.strategy, "c/z") <= 0.02);
        checked(revised.strategy);
    }

    #[test]
    fn an_arm_that_fails_is_switched_off_unless_it_is_the_last() {
        let mut learner = learner();
        learner.count(&arm("a/x"), ArmRecord { calls: 60, failures: 3 });

        let one_off = learner.revise(1, CLOCK, |_| 0.0);
        learner.count(&arm("b/y"), ArmRecord { calls: 60, failures: 30 });
        let none_left = learner.revise(2, CLOCK, |_| 0.0);

        assert_eq!((one_off.strategy.arms.len(), one_off.unreliable), (1, vec![arm("a/x")]));
        assert_eq!((none_left.strategy.arms.len(), none_left.unreliable.len()), (2, 2));
        checked(one_off.strategy);
        checked(none_left.strategy);
    }

    #[test]
    fn a_renewed_arm_begins_anew() {
        let mut learner = learner();
        live(&mut learner, 40);

        learner.renew(&arm("b/y"));
        let revised = learner.revise(41, CLOCK, |_| 0.0);

        assert!(share(&revised.strategy, "b/y") <= 0.02, "{}", share(&revised.strategy, "b/y"));
        assert_eq!(revised.strategy.arms.len(), 2);
        checked(revised.strategy);
    }

    #[test]
    fn what_costs_more_than_it_earns_is_not_chosen() {
        let mut learner = learner();

        let revised =
            (0..10).map(|epoch| learner.revise(epoch, CLOCK, |known| f64::from(u8::from(*known == arm("b/y"))) * 5.0));

        let last = revised.last().unwrap();
        assert!(share(&last.strategy, "a/x") > 0.97, "{}", share(&last.strategy, "a/x"));
    }
}
