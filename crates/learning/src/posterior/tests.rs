//! Tests of the belief.

use super::*;

const CELL: [(Effect, f64); 3] =
    [(Effect::Task(0), 1.0), (Effect::Arm(0), 1.0), (Effect::Cell { task: 0, arm: 0 }, 1.0)];

#[test]
fn without_evidence_the_prior_stands() {
    let mut posterior = Posterior::new(Prior::default());

    let estimate = posterior.estimate(&CELL);

    let expected = (0.30_f64.powi(2) + 0.25_f64.powi(2) + 0.12_f64.powi(2)).sqrt();
    assert!((estimate.mean - 0.5).abs() < 1e-12 && (estimate.deviation - expected).abs() < 1e-12);
}

#[test]
fn one_observation_moves_the_mean_as_the_formula_for_one_says() {
    let mut posterior = Posterior::new(Prior { mean: 0.0, arm: 2.0, ..Prior::default() });

    posterior.observe(&[(Effect::Arm(3), 1.0)], 5.0, 1.0);

    let estimate = posterior.estimate(&[(Effect::Arm(3), 1.0)]);
    assert!((estimate.mean - 4.0).abs() < 1e-12, "{estimate:?}");
    assert!((estimate.deviation - 0.8_f64.sqrt()).abs() < 1e-12, "{estimate:?}");
}

#[test]
fn updating_what_is_solved_is_as_good_as_solving_anew() {
    let mut kept = Posterior::new(Prior::default());
    let mut anew = Posterior::new(Prior::default());
    for n in 0..40_u32 {
        let (task, arm) = (n % 3, n % 5);
        let weights = [(Effect::Task(task), 0.5), (Effect::Cell { task, arm }, 0.5), (Effect::Validator(n % 2), 1.0)];
        kept.solve();
        kept.observe(&weights, f64::from(n % 7) / 7.0, 0.05);
        anew.observe(&weights, f64::from(n % 7) / 7.0, 0.05);
    }

    let [kept, anew] = [kept, anew].map(|mut posterior| posterior.estimate(&CELL));

    assert!((kept.mean - anew.mean).abs() < 1e-9 && (kept.deviation - anew.deviation).abs() < 1e-9);
}

#[test]
fn draws_have_the_mean_and_deviation_of_the_estimate() {
    let mut posterior = Posterior::new(Prior::default());
    posterior.observe(&CELL, 0.9, 0.02);
    posterior.observe(&[(Effect::Task(0), 1.0), (Effect::Arm(1), 1.0)], 0.2, 0.02);
    let estimate = posterior.estimate(&CELL);
    let mut random = Random::new(5, &[]);

    let scores: Vec<f64> = (0..4000)
        .flat_map(|_| {
            let mut draw = posterior.draw::<4>(1.0, &mut random);
            draw.score(0, 0, &mut random)
        })
        .collect();

    let mean = scores.iter().sum::<f64>() / 16_000.0;
    let deviation = (scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / 16_000.0).sqrt();
    assert!((mean - estimate.mean).abs() < 0.01, "{mean} {estimate:?}");
    assert!((deviation - estimate.deviation).abs() < 0.01, "{deviation} {estimate:?}");
}

#[test]
fn forgetting_everything_restores_the_prior() {
    let mut posterior = Posterior::new(Prior::default());
    posterior.observe(&CELL, 0.9, 0.001);

    posterior.forget(0.0);

    assert_eq!(posterior.estimate(&CELL), Posterior::new(Prior::default()).estimate(&CELL));
}

#[test]
fn the_deviation_between_classes_is_found_in_the_evidence() {
    let tuned = |difference: f64| {
        let mut posterior = Posterior::new(Prior::default());
        let mut random = Random::new(2, &[]);
        for n in 0..2000_u32 {
            let (task, arm) = (n % 6, n / 6 % 4);
            let specialist = if (task + arm) % 2 == 0 { difference } else { -difference };
            let score = 0.5 + specialist + 0.1 * random.normal();
            let effects = [Effect::Task(task), Effect::Arm(arm), Effect::Cell { task, arm }];
            posterior.observe(&effects.map(|effect| (effect, 1.0)), score, 0.01);
        }
        posterior.tune();
        posterior.prior.cell
    };

    assert!(tuned(0.0) <= 0.03, "{}", tuned(0.0));
    assert!(tuned(0.2) >= 0.12, "{}", tuned(0.2));
}

#[test]
fn a_stored_belief_is_the_same_belief() {
    let mut posterior = Posterior::new(Prior::default());
    posterior.observe(&CELL, 0.9, 0.02);
    let stored = serde_json::to_string(&posterior).unwrap();

    let mut read: Posterior = serde_json::from_str(&stored).unwrap();

    assert_eq!(read.estimate(&CELL), posterior.estimate(&CELL));
}
