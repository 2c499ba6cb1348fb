//! Replays of made-up tables: what the learner earns beside others, what it notices, and what it never does.
#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use learning::random::Random;
use learning::replay::comparison::{Seeds, Summary, compare};
use learning::replay::optimum::optimum;
use learning::replay::prompt;
use learning::replay::run::{Epochs, Mode, Plan, Policy, best_single, mean_cost, play};
use learning::replay::table::{Outcome, Row, Table, Unit, fit_price};
use learning::settings::Settings;

const EPOCHS: Mode = Mode::Epochs(Epochs { epochs: 200, requests: 72, validators: 6 });
const SEEDS: Seeds = Seeds { first: 0, count: 4 };

/// A table whose arm `a` is right with probability `truth[class][a]`; each arm is four times as dear as the one before.
fn table(truth: &[Vec<f64>], rows: usize) -> Table {
    let mut random = Random::new(77, &[]);
    let arms = truth[0].len();
    let outcome = |class: usize, arm: usize, random: &mut Random| {
        let reward = f64::from(u8::from(random.uniform() < truth[class][arm]));
        let (input_tokens, output_tokens) = (50.0 + 300.0 * random.uniform(), 20.0 + 100.0 * random.uniform());
        Outcome {
            reward,
            cost: 4.0_f64.powi(arm as i32) * (input_tokens + 5.0 * output_tokens),
            input_tokens,
            output_tokens,
        }
    };
    let rows: Vec<Row> = (0..rows)
        .map(|n| {
            let class = n % truth.len();
            let outcomes = (0..arms).map(|arm| outcome(class, arm, &mut random)).collect();
            Row { class, features: prompt::features("What is this?"), outcomes }
        })
        .collect();
    let mut table = Table {
        arms: (0..arms).map(|arm| format!("m{arm}")).collect(),
        classes: (0..truth.len()).map(|class| format!("c{class}")).collect(),
        rows,
        unit: Unit::Usd,
        prices: Vec::new(),
    };
    table.prices = (0..arms).map(|arm| fit_price(&table.of_arm(arm))).collect();
    table
}

fn specialists() -> Table {
    table(&[vec![0.8, 0.4, 0.5], vec![0.4, 0.8, 0.5], vec![0.45, 0.4, 0.75]], 1500)
}

fn one_is_best() -> Table {
    table(&[vec![0.5, 0.6, 0.8], vec![0.45, 0.55, 0.75], vec![0.55, 0.6, 0.85]], 1500)
}

fn plan(mode: Mode) -> Plan {
    Plan { mode, budget: None, drift: false, declined: 0.0, seed: 0, settings: Settings::default() }
}

fn rewards(table: &Table, plan: &Plan, policies: &[Policy]) -> Vec<Summary> {
    compare(table, plan, SEEDS, None, policies)
}

#[test]
fn with_means_per_epoch_the_learner_finds_the_specialists_and_earns_the_most() {
    let others = [Policy::Learner, Policy::BestSingle, Policy::ThompsonPerClass, Policy::EpsilonGreedy, Policy::Ucb];

    let summaries = rewards(&specialists(), &plan(EPOCHS), &others);

    let learner = &summaries[0];
    assert!(learner.part_of_reference > 0.94, "{learner:?}");
    for other in &summaries[1..] {
        assert!(learner.reward.mean > other.reward.mean, "{other:?}");
    }
}

#[test]
fn where_one_arm_is_best_it_is_found_with_either_feedback() {
    for mode in [EPOCHS, Mode::Immediate(4500)] {
        let learner = &rewards(&one_is_best(), &plan(mode), &[Policy::Learner])[0];

        assert!(learner.part_of_reference > 0.975, "{mode:?} {learner:?}");
    }
}

#[test]
fn a_change_is_noticed_within_three_epochs_and_learnt() {
    let plan = Plan { drift: true, ..plan(EPOCHS) };

    let summaries = rewards(&one_is_best(), &plan, &[Policy::Learner, Policy::BestSingle, Policy::Thompson]);

    let changes = summaries[0].changes.as_ref().unwrap();
    assert!(changes.noticed_after.iter().all(|after| after.is_some_and(|after| after <= 3)), "{changes:?}");
    assert!(summaries[0].late_reward.mean > summaries[1].late_reward.mean + 0.05, "{summaries:?}");
    assert!(summaries[0].late_reward.mean > summaries[2].late_reward.mean + 0.02, "{summaries:?}");
}

#[test]
fn where_nothing_changes_no_change_is_noticed() {
    let seeds = Seeds { first: 0, count: 20 };

    let summary = &compare(&specialists(), &plan(EPOCHS), seeds, None, &[Policy::Learner])[0];

    let false_per_run = summary.changes.as_ref().unwrap().false_per_run;
    assert!(false_per_run < 0.1, "{false_per_run}");
}

#[test]
fn a_scarce_budget_is_spent_well_and_never_exceeded() {
    let table = one_is_best();
    for mode in [Mode::Immediate(4500), EPOCHS] {
        for share in [0.02, 0.1, 0.4, 0.8] {
            let per_prompt = share * mean_cost(&table, best_single(&table));
            let budget = per_prompt * mode.prompts() as f64;
            let plan = Plan { budget: Some(budget), ..plan(mode) };
            let best = optimum(&table, per_prompt, 0.0);

            for seed in 0..4 {
                let played = play(&table, &Plan { seed, ..plan }, Policy::Learner);

                assert!(played.spent <= budget, "{} of {budget}", played.spent);
                assert!(played.mean() > 0.93 * best, "{mode:?} {share}: {} of {best}", played.mean());
            }
        }
    }
}

#[test]
fn no_policy_exceeds_a_budget() {
    let table = specialists();
    let budget = 0.1 * mean_cost(&table, 2) * 1000.0;
    let plan = Plan { budget: Some(budget), ..plan(Mode::Immediate(1000)) };

    for policy in Policy::ALL {
        let spent = play(&table, &plan, policy).spent;
        assert!(spent <= budget, "{policy:?}: {spent} of {budget}");
    }
}

#[test]
fn a_seed_always_gives_the_same_run() {
    let table = specialists();
    for mode in [Mode::Immediate(600), Mode::Epochs(Epochs { epochs: 20, requests: 30, validators: 4 })] {
        let plan = plan(mode);

        assert_eq!(play(&table, &plan, Policy::Learner), play(&table, &plan, Policy::Learner));
        assert_ne!(play(&table, &plan, Policy::Learner), play(&table, &Plan { seed: 1, ..plan }, Policy::Learner));
    }
}

#[test]
fn tables_of_one_arm_or_of_one_prompt_are_replayed_too() {
    for (truth, rows) in [(vec![vec![0.5]], 10), (vec![vec![0.5, 0.6]], 1)] {
        let table = table(&truth, rows);
        for mode in [Mode::Immediate(50), Mode::Epochs(Epochs { epochs: 3, requests: 2, validators: 5 })] {
            for policy in Policy::ALL {
                assert!(play(&table, &Plan { drift: true, ..plan(mode) }, policy).mean().is_finite(), "{policy:?}");
            }
        }
    }
}
