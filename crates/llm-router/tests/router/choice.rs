//! Which way of answering is drawn.

use common::decision::{ArmRole, ModelReadiness};
use common::strategy::{ArmShare, Revision, ShareTable, TaskClass};
use llm_router::Policy;
use proptest::prelude::*;

use crate::setting::{
    ALICE, BOB, NETUID, any_class, arm, bound, conditions, decided, model, plans, policy, profile, profiles, revision,
    task,
};

const NAMES: [&str; 4] = ["v/a", "v/b", "v/c", "v/d"];

fn follow(revision: Revision) -> Policy {
    Policy::new(revision, &profiles(profile(&NAMES, &["direct"])), bound).unwrap()
}

fn arms() -> Vec<common::strategy::Arm> {
    NAMES.map(|name| arm(name, "direct")).into()
}

fn all_ready() -> llm_router::Conditions {
    conditions(NAMES.map(model).into())
}

#[test]
fn before_anything_is_learnt_the_profiles_first_way_is_drawn_and_other_models_follow() {
    let policy = policy(profile(&["v/a", "v/b"], &["exact_format", "direct"]));

    let plans =
        plans(decided(&policy, conditions(vec![model("v/a"), model("v/b")]), &task(1, "hello"), TaskClass::Chat));

    let said: Vec<_> =
        plans.iter().map(|plan| (plan.model.to_string(), plan.strategy.as_str().to_owned(), plan.role)).collect();
    let way = |model: &str, role| (model.to_owned(), "exact_format".to_owned(), role);
    assert_eq!(said, [way("v/a", ArmRole::Drawn), way("v/b", ArmRole::Fallback)]);
}

#[test]
fn shares_are_kept_over_validators_epochs_and_seeds() {
    let mut drawn = [0; 4];

    for seed in 0..2_000 {
        let policy = follow(revision(arms(), &[0.5, 0.0, 0.3, 0.2], seed));
        let first = &plans(decided(&policy, all_ready(), &task(1, "hello"), TaskClass::Chat))[0];
        drawn[NAMES.iter().position(|name| *name == first.model.to_string()).unwrap()] += 1;
    }

    for (count, share) in drawn.into_iter().zip([0.5, 0.0, 0.3, 0.2]) {
        assert!((f64::from(count) / 2_000.0 - share).abs() < 0.04, "{drawn:?}");
    }
}

#[test]
fn the_most_special_table_holds() {
    let mut revision = revision(arms(), &[1.0, 0.0, 0.0, 0.0], 1);
    let table = |validator: Option<&str>, class, arm| ShareTable {
        validator: validator.map(|validator| validator.parse().unwrap()),
        class,
        shares: vec![ArmShare { arm, share: 1.0 }],
    };
    revision.subnets.get_mut(&NETUID).unwrap().tables.extend([
        table(None, Some(TaskClass::Code), 1),
        table(Some(ALICE), None, 2),
        table(Some(ALICE), Some(TaskClass::Code), 3),
    ]);
    let policy = follow(revision);
    let first = |caller: &str, class| {
        let mut task = task(1, "hello");
        task.caller = caller.parse().unwrap();
        plans(decided(&policy, all_ready(), &task, class))[0].model.to_string()
    };

    assert_eq!(first(BOB, TaskClass::Chat), "v/a");
    assert_eq!(first(BOB, TaskClass::Code), "v/b");
    assert_eq!(first(ALICE, TaskClass::Chat), "v/c");
    assert_eq!(first(ALICE, TaskClass::Code), "v/d");
}

#[test]
fn at_most_a_fiftieth_of_requests_are_canaries_and_only_they_deviate() {
    let policy = follow(Revision { canary_share: 0.02, ..revision(arms(), &[0.4, 0.3, 0.2, 0.1], 9) });
    let usual = plans(decided(&policy, all_ready(), &task(0, "hello"), TaskClass::Chat));
    assert_eq!(usual[0].role, ArmRole::Drawn, "the first task is none");

    let firsts: Vec<_> = (0..20_000)
        .map(|number| plans(decided(&policy, all_ready(), &task(number, "hello"), TaskClass::Chat)).remove(0))
        .collect();

    let canaries: Vec<_> = firsts.iter().filter(|plan| plan.role == ArmRole::Canary).collect();
    assert!((300..=400 + 100).contains(&canaries.len()), "{}", canaries.len());
    assert!(canaries.iter().all(|plan| plan.model != usual[0].model));
    assert!(firsts.iter().filter(|plan| plan.role != ArmRole::Canary).all(|plan| plan.model == usual[0].model));
}

#[test]
fn a_drawn_model_that_cannot_be_called_is_replaced_but_comes_back() {
    let policy = follow(revision(arms(), &[0.0, 1.0, 0.0, 0.0], 5));
    let mut benched = all_ready();
    benched.models[1].state = ModelReadiness::Benched;

    let meanwhile = plans(decided(&policy, benched, &task(1, "hello"), TaskClass::Chat));
    let later = plans(decided(&policy, all_ready(), &task(1, "hello"), TaskClass::Chat));

    assert_eq!((meanwhile[0].model.to_string(), meanwhile[0].role), ("v/a".into(), ArmRole::Fallback));
    assert_eq!((later[0].model.to_string(), later[0].role), ("v/b".into(), ArmRole::Drawn));
    assert_eq!(later.len(), 4, "every model once");
}

#[test]
fn a_revision_that_cannot_be_followed_is_refused_and_one_without_the_subnet_is_completed() {
    let wrong = revision(arms(), &[0.5, 0.4], 1);
    let mut empty = revision(arms(), &[1.0], 1);
    empty.subnets.clear();
    let profiles = profiles(profile(&NAMES, &["direct"]));

    assert!(Policy::new(wrong, &profiles, bound).is_err());
    let policy = Policy::new(empty, &profiles, bound).unwrap();

    assert_eq!(policy.revision().subnets[&NETUID].arms.len(), 4);
    assert_eq!(policy.subnet(NETUID).unwrap().models().len(), 4);
}

proptest! {
    #[test]
    fn within_an_epoch_the_arm_depends_on_validator_and_class_only(
        seed in any::<u64>(),
        class in any_class(),
        epoch in 0_u64..1_000,
        moments in proptest::collection::vec((0_u64..1_000, any::<u64>(), ".{0,40}"), 2..6),
    ) {
        let policy = follow(revision(arms(), &[0.25; 4], seed));

        let firsts: Vec<_> = moments.iter().map(|(moment, number, prompt)| {
            let mut conditions = all_ready();
            conditions.unix_ms = epoch * 1_000 + moment;
            let task = task(number % (1 << 40), prompt);
            plans(decided(&policy, conditions, &task, class)).remove(0).model
        }).collect();

        prop_assert!(firsts.iter().all(|model| *model == firsts[0]), "{firsts:?}");
    }
}
