//! What holds for every evidence and every seed.

use std::collections::BTreeMap;

use learning::evidence::{Answers, Evidence, EvidenceError};
use learning::learner::Learner;
use learning::posterior::Effect;
use learning::random::Random;
use learning::settings::Settings;
use learning::shares::{Candidate, Choice, total_variation};
use learning::strategist::{Shares, Strategist};
use proptest::prelude::*;

const ARMS: u32 = 4;
const VALIDATORS: [u32; 3] = [0, 1, 2];

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![8 => 0.0..=1.0, 1 => -10.0..=10.0, 1 => Just(0.0)]
}

fn answers() -> impl Strategy<Value = Vec<Answers>> {
    let one = (0..3_u32, 0..ARMS, 1..20_u32).prop_map(|(task, arm, count)| Answers { task, arm, count });
    prop::collection::vec(one, 1..5)
}

/// Evidence of each validator in each of `epochs`.
fn history(epochs: usize) -> impl Strategy<Value = Vec<Evidence>> {
    prop::collection::vec((answers(), score()), epochs * VALIDATORS.len()).prop_map(|drawn| {
        let place = |n: usize| ((n / VALIDATORS.len()) as u64, (n % VALIDATORS.len()) as u32);
        let evidence = |(n, (answers, score))| {
            let (epoch, validator) = place(n);
            Evidence { epoch, validator, answers, score }
        };
        drawn.into_iter().enumerate().map(evidence).collect()
    })
}

fn choices(canary: Option<u32>, penalties: &[f64]) -> Vec<Choice> {
    let candidate = |(arm, &penalty)| Candidate { arm, penalty, is_canary: canary == Some(arm) };
    let candidates: Vec<Candidate> = (0..ARMS).zip(penalties).map(candidate).collect();
    (0..3).map(|task| Choice { task, candidates: candidates.clone(), declined: None }).collect()
}

fn padded(shares: &Shares) -> Vec<f64> {
    (0..ARMS).map(|arm| shares.get(&arm).copied().unwrap_or(0.0)).collect()
}

fn settings() -> Settings {
    Settings { draws: 64, ..Settings::default() }
}

/// What is believed of every arm in every class.
fn beliefs(learner: &mut Learner) -> Vec<(f64, f64)> {
    let mut beliefs = Vec::new();
    for (task, arm) in (0..3).flat_map(|task| (0..ARMS).map(move |arm| (task, arm))) {
        let weights = [(Effect::Task(task), 1.0), (Effect::Arm(arm), 1.0), (Effect::Cell { task, arm }, 1.0)];
        let estimate = learner.posterior().estimate(&weights);
        beliefs.push((estimate.mean, estimate.deviation));
    }
    beliefs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn shares_come_to_one_and_never_move_further_than_the_bound(
        history in history(12),
        penalties in prop::collection::vec(0.0..1.0, ARMS as usize),
        seed in any::<u64>(),
    ) {
        let settings = settings();
        let mut strategist = Strategist::new(settings, seed);
        let mut before: BTreeMap<_, Vec<f64>> = BTreeMap::new();
        for epoch in 0..12 {
            for evidence in history.iter().filter(|evidence| evidence.epoch == epoch) {
                strategist.add(evidence.clone()).unwrap();
            }
            let report = strategist.revise(epoch, &VALIDATORS, &choices(None, &penalties));
            prop_assert!(report.moved <= settings.step + 1e-9);
            for (key, shares) in strategist.tables().iter() {
                let shares = padded(shares);
                prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{shares:?}");
                prop_assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "{shares:?}");
                if let Some(before) = before.insert(key, shares.clone()) {
                    prop_assert!(total_variation(&before, &shares) <= settings.step + 1e-9);
                }
            }
        }
    }

    #[test]
    fn a_newcomer_never_gets_more_than_a_canary(history in history(6), seed in any::<u64>()) {
        let mut strategist = Strategist::new(settings(), seed);
        for epoch in 0..6 {
            for evidence in history.iter().filter(|evidence| evidence.epoch == epoch) {
                strategist.add(evidence.clone()).unwrap();
            }
            strategist.revise(epoch, &VALIDATORS, &choices(Some(2), &[0.0; ARMS as usize]));
            for (_, shares) in strategist.tables().iter() {
                prop_assert!(shares.get(&2).copied().unwrap_or(0.0) <= settings().canary + 1e-9, "{shares:?}");
            }
        }
    }

    #[test]
    fn the_order_in_which_evidence_comes_is_of_no_importance(
        history in history(10),
        seed in any::<u64>(),
        asked in prop::collection::vec(any::<bool>(), 30),
    ) {
        let mut shuffled = history.clone();
        Random::new(seed, &[]).shuffle(&mut shuffled);
        let mut in_order = Learner::new(settings());
        let mut out_of_order = Learner::new(settings());

        history.into_iter().for_each(|evidence| in_order.add(evidence).unwrap());
        for (evidence, ask) in shuffled.into_iter().zip(asked) {
            out_of_order.add(evidence).unwrap();
            // Looking on the way must not matter either.
            if ask {
                out_of_order.posterior();
            }
        }

        prop_assert_eq!(beliefs(&mut in_order), beliefs(&mut out_of_order));
        prop_assert_eq!(in_order.last_change(), out_of_order.last_change());
    }

    #[test]
    fn evidence_that_comes_late_within_the_window_is_as_good_as_in_time(
        history in history(40),
        delays in prop::collection::vec(0..=12_u64, 40 * VALIDATORS.len()),
    ) {
        let mut in_time = Learner::new(settings());
        let mut late = Learner::new(settings());
        let mut deliveries: Vec<(u64, Evidence)> =
            history.iter().zip(delays).map(|(evidence, delay)| (evidence.epoch + delay, evidence.clone())).collect();
        deliveries.sort_by_key(|(at, _)| *at);

        history.into_iter().for_each(|evidence| in_time.add(evidence).unwrap());
        for (_, evidence) in deliveries {
            late.add(evidence).unwrap();
            late.posterior();
        }

        prop_assert_eq!(beliefs(&mut in_time), beliefs(&mut late));
    }

    #[test]
    fn what_is_no_number_is_refused_and_changes_nothing(history in history(4), epoch in 0..4_u64) {
        let mut learner = Learner::new(settings());
        history.into_iter().for_each(|evidence| learner.add(evidence).unwrap());
        let before = beliefs(&mut learner);

        for score in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let answers = vec![Answers { task: 0, arm: 0, count: 1 }];
            let refused = learner.add(Evidence { epoch, validator: 9, answers, score });
            prop_assert_eq!(refused, Err(EvidenceError::NotFinite));
        }

        prop_assert_eq!(beliefs(&mut learner), before);
    }

    #[test]
    fn the_same_seed_and_evidence_give_the_same_tables(history in history(8), seed in any::<u64>()) {
        let run = || {
            let mut strategist = Strategist::new(settings(), seed);
            let reports: Vec<_> = (0..8)
                .map(|epoch| {
                    for evidence in history.iter().filter(|evidence| evidence.epoch == epoch) {
                        strategist.add(evidence.clone()).unwrap();
                    }
                    strategist.revise(epoch, &VALIDATORS, &choices(None, &[0.0; ARMS as usize]))
                })
                .collect();
            (reports, strategist)
        };

        prop_assert_eq!(run(), run());
    }

    #[test]
    fn a_restart_changes_nothing_but_the_last_digits(history in history(8), seed in any::<u64>()) {
        let mut kept = Strategist::new(settings(), seed);
        let mut restarted = Strategist::new(settings(), seed);
        for epoch in 0..8 {
            for evidence in history.iter().filter(|evidence| evidence.epoch == epoch) {
                kept.add(evidence.clone()).unwrap();
                restarted.add(evidence.clone()).unwrap();
            }
            let stored = serde_json::to_string(&restarted).unwrap();
            restarted = serde_json::from_str(&stored).unwrap();

            let beliefs = [&mut kept, &mut restarted].map(|strategist| beliefs(strategist.learner()));
            for (kept, restarted) in beliefs[0].iter().zip(&beliefs[1]) {
                prop_assert!((kept.0 - restarted.0).abs() < 1e-9 && (kept.1 - restarted.1).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn two_scores_that_contradict_each_other_are_both_left_out(history in history(3), score in 0.0..1.0_f64) {
        let mut without = Learner::new(settings());
        let mut disputed = Learner::new(settings());
        for evidence in history {
            if (evidence.epoch, evidence.validator) == (1, 1) {
                let away = if evidence.score > 0.0 { -0.1 - score } else { 0.1 + score };
                let other = Evidence { score: evidence.score + away, ..evidence.clone() };
                disputed.add(other.clone()).unwrap();
                disputed.add(evidence.clone()).unwrap();
                // Repeating one of them does not settle the matter.
                disputed.add(other).unwrap();
            } else {
                without.add(evidence.clone()).unwrap();
                disputed.add(evidence).unwrap();
            }
        }

        prop_assert_eq!(beliefs(&mut without), beliefs(&mut disputed));
    }
}

#[test]
fn evidence_that_is_too_late_is_refused() {
    let mut learner = Learner::new(settings());
    let evidence =
        |epoch| Evidence { epoch, validator: 0, answers: vec![Answers { task: 0, arm: 0, count: 5 }], score: 0.5 };
    (0..40).for_each(|epoch| learner.add(evidence(epoch)).unwrap());

    let late = Evidence { validator: 1, ..evidence(20) };

    assert_eq!(learner.add(late), Err(EvidenceError::TooLate));
    assert_eq!(learner.add(Evidence { validator: 1, ..evidence(30) }), Ok(()));
}
