//! Tests of experiments, by simulation.

use super::*;

const DESIGN: Design = Design { effect: 0.08, false_alarm: 0.05, power: 0.8, deviation: 0.14, validators: 6 };

/// Runs an experiment to its end, looking after every epoch; returns the last finding and the epochs it took.
fn run(design: Design, effect: f64, seed: u64) -> (Finding, u64) {
    let mut experiment = Experiment::new(design, 100, seed).unwrap();
    let mut noise = Random::new(seed, &[9]);
    for epoch in 100.. {
        for validator in 0..design.validators {
            let side = experiment.side(validator, epoch).unwrap();
            let bonus = if side == Side::Treatment { effect } else { 0.0 };
            // Validators differ, which must not matter.
            let score = 0.4 + 0.05 * f64::from(validator) + bonus + design.deviation * noise.normal();
            experiment.note(validator, epoch, score);
        }
        let finding = experiment.finding();
        if finding.verdict != Verdict::Continue {
            return (finding, epoch - 99);
        }
    }
    unreachable!("an experiment ends")
}

#[test]
fn a_fixed_test_needs_what_the_textbook_says() {
    let length = Design { effect: 1.0, deviation: 10.0 / 2.0_f64.sqrt(), ..DESIGN }.length();

    // (1.96 + 0.84)² * 10² for a paired test.
    assert_eq!(length.fixed_pairs, 785);
    assert!(length.most_pairs > 785 && length.most_pairs < 3 * 785, "{length:?}");
    assert_eq!(length.most_epochs, 2 * length.most_pairs.div_ceil(6));
}

#[test]
fn looking_after_every_epoch_finds_no_more_than_the_chosen_share_of_false_differences() {
    let found = (0..1000).filter(|&seed| run(DESIGN, 0.0, seed).0.verdict != Verdict::NoDifference).count();

    assert!(found <= 50, "{found} of 1000 at a level of 5 %");
}

#[test]
fn an_effect_is_found_with_the_chosen_power_and_mostly_early() {
    let most = DESIGN.length().most_epochs;
    let runs: Vec<_> = (0..300).map(|seed| run(DESIGN, DESIGN.effect, seed)).collect();

    let found = runs.iter().filter(|(finding, _)| finding.verdict == Verdict::Better).count();
    let mean = runs.iter().map(|(_, epochs)| *epochs as f64).sum::<f64>() / 300.0;
    assert!(found >= 240, "{found} of 300 with a power of 80 %");
    assert!(mean < 0.75 * most as f64, "{mean} of {most}");
}

#[test]
fn the_interval_holds_the_truth_at_all_times() {
    let missed = (0..300).filter(|&seed| {
        let mut experiment = Experiment::new(DESIGN, 0, seed).unwrap();
        let mut noise = Random::new(seed, &[1]);
        (0..60).any(|epoch| {
            for validator in 0..6 {
                let side = experiment.side(validator, epoch).unwrap();
                let bonus = if side == Side::Treatment { 0.05 } else { 0.0 };
                experiment.note(validator, epoch, bonus + 0.14 * noise.normal());
            }
            let finding = experiment.finding();
            (finding.difference - 0.05).abs() > finding.half_width
        })
    });

    assert!(missed.count() <= 15);
}

#[test]
fn each_pair_has_one_epoch_of_each_side() {
    let experiment = Experiment::new(DESIGN, 7, 3).unwrap();

    assert_eq!(experiment.side(0, 6), None);
    for pair in 0..50 {
        let sides = [0, 1].map(|epoch| experiment.side(2, 7 + 2 * pair + epoch).unwrap());
        assert_ne!(sides[0], sides[1]);
    }
    let first = (0..200).filter(|pair| experiment.side(2, 7 + 2 * pair) == Some(Side::Control)).count();
    assert!((70..130).contains(&first), "{first}");
}

#[test]
fn designs_that_cannot_be_carried_out_are_refused() {
    let cases = [
        (Design { effect: 0.0, ..DESIGN }, DesignError::Effect),
        (Design { effect: f64::NAN, ..DESIGN }, DesignError::Effect),
        (Design { false_alarm: 0.7, ..DESIGN }, DesignError::FalseAlarm),
        (Design { power: 1.0, ..DESIGN }, DesignError::Power),
        (Design { deviation: f64::INFINITY, ..DESIGN }, DesignError::Deviation),
        (Design { validators: 0, ..DESIGN }, DesignError::Validators),
    ];

    for (design, error) in cases {
        assert_eq!(Experiment::new(design, 0, 0).unwrap_err(), error);
    }
}

#[test]
fn scores_that_are_no_numbers_or_come_twice_change_nothing() {
    let mut experiment = Experiment::new(DESIGN, 0, 0).unwrap();
    (0..40).for_each(|epoch| experiment.note(1, epoch, 0.5));
    let before = experiment.clone();

    experiment.note(1, 3, 0.9);
    experiment.note(2, 0, f64::NAN);

    assert_eq!(experiment, before);
}
