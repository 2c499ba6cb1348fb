//! Tests of what a weight says.

use super::*;
use crate::random::Random;

fn averaged(values: impl Iterator<Item = f64>, rate: f64) -> BTreeMap<u64, f64> {
    let mut average = 1.0;
    let averages = values.map(|value| {
        average = (1.0 - rate) * average + rate * value;
        average
    });
    (0..).zip(averages).collect()
}

#[test]
fn an_undone_average_is_what_was_averaged() {
    let values = [0.2, 1.4, 0.9, 0.0, 2.0];

    let instants = undo_average(&averaged(values.into_iter(), 0.3), 0.3);

    assert_eq!(instants.iter().map(|instant| instant.epoch).collect::<Vec<_>>(), [1, 2, 3, 4]);
    for (instant, value) in instants.iter().zip(&values[1..]) {
        assert!((instant.value - value).abs() < 1e-9, "{instant:?} {value}");
    }
}

#[test]
fn nothing_is_told_over_a_gap_or_of_no_number() {
    let mut averages = averaged([0.5; 8].into_iter(), 0.3);
    averages.remove(&3);
    averages.insert(6, f64::NAN);

    let epochs: Vec<u64> = undo_average(&averages, 0.3).iter().map(|instant| instant.epoch).collect();

    assert_eq!(epochs, [1, 2, 5]);
    assert!(undo_average(&averages, 0.0).is_empty() && undo_average(&averages, f64::NAN).is_empty());
}

#[test]
fn errors_grow_as_announced() {
    let mut random = Random::new(4, &[]);
    let clean = averaged((0..4000).map(|_| 1.0), 0.2);
    let noisy = clean.iter().map(|(&epoch, &average)| (epoch, average + 0.01 * random.normal())).collect();

    let instants = undo_average(&noisy, 0.2);

    let squares: f64 = instants.iter().map(|instant| (instant.value - 1.0).powi(2)).sum();
    let deviation = (squares / instants.len() as f64).sqrt();
    let announced = 0.01 * instants[0].growth;
    assert!((deviation / announced - 1.0).abs() < 0.1, "{deviation} {announced}");
}

#[test]
fn the_rate_of_an_average_is_found() {
    for rate in [0.1, 0.3, 0.6] {
        let mut random = Random::new(8, &[]);
        let averages = averaged((0..600).map(|_| 1.0 + 0.3 * random.normal()), rate);

        let fitted = fit_rate(&averages).unwrap();

        assert!((fitted - rate).abs() < 0.09, "{fitted} {rate}");
    }
}

#[test]
fn what_is_no_average_is_left_alone_and_little_is_not_judged() {
    let mut random = Random::new(8, &[]);
    let independent: BTreeMap<u64, f64> = (0..300).map(|epoch| (epoch, random.normal())).collect();

    assert_eq!(fit_rate(&independent), Some(1.0));
    assert_eq!(fit_rate(&independent.range(..20).map(|(k, v)| (*k, *v)).collect()), None);
    assert_eq!(undo_average(&independent, 1.0).len(), 300);
}

#[test]
fn weights_are_relative_to_those_who_are_weighed_at_all() {
    assert_eq!(relative_weight(0.5, &[0.375, 0.125, 0.0]), Some(2.0));
    assert_eq!(relative_weight(0.0, &[0.2]), Some(0.0));
    for (own, others) in [(0.1, vec![]), (0.1, vec![0.0]), (f64::NAN, vec![0.1]), (-0.1, vec![0.1]), (0.1, vec![-1.0])]
    {
        assert_eq!(relative_weight(own, &others), None, "{own} {others:?}");
    }
}

#[test]
fn a_row_tells_the_weight_relative_to_the_others() {
    let row = Row { weight: 300, total: 900, rated: 4, largest: 400 };

    assert_eq!(row.relative(), Some(1.5));
    assert_eq!(Row { weight: 0, total: 600, rated: 3, ..row }.relative(), Some(0.0));
    for row in [Row { total: 300, rated: 1, ..row }, Row { total: 200, ..row }, Row { rated: 0, ..row }] {
        assert_eq!(row.relative(), None, "{row:?}");
    }
}

#[test]
fn an_average_weight_is_a_score_of_a_half() {
    assert_eq!(score(1.0), Some(0.5));
    assert_eq!(score(3.0), Some(0.75));
    assert_eq!((score(f64::NAN), score(-1.0)), (None, None));
}

#[test]
fn hidden_weights_belong_to_the_epoch_in_which_they_were_made() {
    assert_eq!(answered_in(10, 0), Some(10));
    assert_eq!(answered_in(10, 3), Some(7));
    assert_eq!(answered_in(2, 3), None);
}

#[test]
fn epochs_of_absence_or_with_gaps_are_no_evidence() {
    let good = EpochFacts { uptime: Some(0.95), has_gap: false, answers: 3 };

    assert_eq!(good.excluded(), None);
    assert_eq!(EpochFacts { uptime: Some(0.89), ..good }.excluded(), Some(Excluded::Uptime));
    assert_eq!(EpochFacts { uptime: None, ..good }.excluded(), Some(Excluded::Uptime));
    assert_eq!(EpochFacts { uptime: Some(f64::NAN), ..good }.excluded(), Some(Excluded::Uptime));
    assert_eq!(EpochFacts { has_gap: true, ..good }.excluded(), Some(Excluded::Gap));
    assert_eq!(EpochFacts { answers: 0, ..good }.excluded(), Some(Excluded::NoAnswers));
}
