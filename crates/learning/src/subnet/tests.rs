//! Tests of a subnet's learner: a small world that pays for one arm.

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
    let is_it =
        |table: &&common::strategy::ShareTable| table.validator.is_none() && table.class == Some(TaskClass::Question);
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
            named
                .rows
                .insert(validator.clone(), Row { weight, total: 20_000 + u64::from(weight), rated: 21, largest: 3000 });
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
