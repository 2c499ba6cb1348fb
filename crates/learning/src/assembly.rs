//! Puts evidence together: which answers each validator's weight is about, from what was recorded of epochs.
//!
//! A validator need not say something new in every epoch. What it says is about all answers since it spoke before, and its moving
//! average moves once each time it speaks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::attribution::{EpochFacts, Excluded, Row, answered_in, fit_rate, score, undo_average};
use crate::evidence::{Answers, Evidence};

/// What is known of an epoch.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EpochRecord {
    /// The rows that validators set in this epoch, by validator; what they had set before is not repeated.
    pub rows: BTreeMap<u32, Row>,
    /// What each validator was answered in this epoch, canaries and second choices left out.
    pub answers: BTreeMap<u32, Vec<Answers>>,
    /// The share of its minutes in which the miner could answer; none if it is not known.
    pub uptime: Option<f64>,
    /// Whether a part of what the chain said was missed.
    pub has_gap: bool,
}

/// What is known of how validators speak.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Habits {
    /// How fast their moving averages follow, from 0 to 1; fitted if absent, and taken to be 1 until it can be.
    pub rate: Option<f64>,
    /// For how many epochs weights are hidden.
    pub reveal_epochs: u64,
}

/// What became of one row of weights.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Attributed {
    /// The epoch in which it was seen.
    pub seen_in: u64,
    /// Whose it is.
    pub validator: u32,
    /// Our weight relative to that of others, as it was seen; none if it could not be compared.
    pub relative: Option<f64>,
    /// The rate that was taken for its average.
    pub rate: f64,
    /// The evidence, or why it is none.
    pub evidence: Result<Evidence, Excluded>,
}

/// Returns what became of each row, in the order of validators and epochs.
#[must_use]
pub fn assemble(epochs: &BTreeMap<u64, EpochRecord>, habits: &Habits) -> Vec<Attributed> {
    let mut spoken: BTreeMap<u32, Vec<(u64, Row)>> = BTreeMap::new();
    for (&number, epoch) in epochs {
        for (&validator, &row) in &epoch.rows {
            spoken.entry(validator).or_default().push((number, row));
        }
    }
    spoken.iter().flat_map(|(&validator, rows)| of_validator(epochs, habits, validator, rows)).collect()
}

/// What became of one validator's rows, oldest first.
fn of_validator(
    epochs: &BTreeMap<u64, EpochRecord>,
    habits: &Habits,
    validator: u32,
    rows: &[(u64, Row)],
) -> Vec<Attributed> {
    // By the number of the time it spoke: the average moves then, however many epochs have passed.
    let relatives: BTreeMap<u64, f64> =
        (0..).zip(rows).filter_map(|(n, (_, row))| Some((n, row.relative()?))).collect();
    let rate = habits.rate.or_else(|| fit_rate(&relatives)).unwrap_or(1.0);
    let values: BTreeMap<u64, f64> =
        undo_average(&relatives, rate).into_iter().map(|instant| (instant.epoch, instant.value)).collect();
    let mut before = None;
    let mut attributed = Vec::with_capacity(rows.len());
    for (n, &(seen_in, row)) in (0..).zip(rows) {
        let evidence = if is_copy(epochs.get(&seen_in), validator, &row) {
            Err(Excluded::Copied)
        } else {
            window(epochs, habits, validator, before, seen_in).and_then(|(epoch, answers)| {
                let value = values.get(&n).ok_or(if relatives.contains_key(&n) {
                    Excluded::First
                } else {
                    Excluded::NoScore
                })?;
                let score = score(*value).ok_or(Excluded::NoScore)?;
                Ok(Evidence { epoch, validator, answers, score }.sorted())
            })
        };
        attributed.push(Attributed { seen_in, validator, relative: row.relative(), rate, evidence });
        before = Some(seen_in);
    }
    attributed
}

/// The answers that a row is about: those since the validator spoke before. Each epoch on the way must be fit for evidence.
fn window(
    epochs: &BTreeMap<u64, EpochRecord>,
    habits: &Habits,
    validator: u32,
    before: Option<u64>,
    seen_in: u64,
) -> Result<(u64, Vec<Answers>), Excluded> {
    let before = before.and_then(|before| answered_in(before, habits.reveal_epochs)).ok_or(Excluded::First)?;
    let last = answered_in(seen_in, habits.reveal_epochs).ok_or(Excluded::First)?;
    let mut answers = Vec::new();
    for number in before + 1..=last {
        let epoch = epochs.get(&number).ok_or(Excluded::Gap)?;
        let facts = EpochFacts {
            uptime: epoch.uptime,
            has_gap: epoch.has_gap,
            // An epoch without a task of this validator says nothing against the others.
            answers: 1,
        };
        if let Some(excluded) = facts.excluded() {
            return Err(excluded);
        }
        answers.extend(epoch.answers.get(&validator).into_iter().flatten().copied());
    }
    if answers.iter().all(|answers| answers.count == 0) { Err(Excluded::NoAnswers) } else { Ok((last, answers)) }
}

/// Whether another validator set an equal row in the same epoch; the first of them, in the order of numbers, is no copy.
fn is_copy(epoch: Option<&EpochRecord>, validator: u32, row: &Row) -> bool {
    let earlier = epoch.into_iter().flat_map(|epoch| epoch.rows.range(..validator));
    row.is_telling() && earlier.into_iter().any(|(_, other)| other == row)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HABITS: Habits = Habits { rate: Some(1.0), reveal_epochs: 0 };

    /// A row in which we weigh `relative` times what the 20 others do.
    fn row(relative: f64) -> Row {
        let weight = (1000.0 * relative) as u16;
        Row { weight, total: 20_000 + u64::from(weight), rated: 21, largest: 2000 + weight }
    }

    fn answers(arm: u32, count: u32) -> Vec<Answers> {
        vec![Answers { task: 0, arm, count }]
    }

    /// Epochs in which one validator is answered by an arm of the epoch's number, and says these weights.
    fn epochs(relatives: &[Option<f64>]) -> BTreeMap<u64, EpochRecord> {
        let record = |(number, relative): (u64, &Option<f64>)| {
            let rows = relative.map(|relative| (7, row(relative))).into_iter().collect();
            let answers = BTreeMap::from([(7, answers(number as u32, 10))]);
            (number, EpochRecord { rows, answers, uptime: Some(1.0), has_gap: false })
        };
        (0..).zip(relatives).map(record).collect()
    }

    fn arms(attributed: &Attributed) -> Vec<u32> {
        attributed
            .evidence
            .as_ref()
            .map(|evidence| evidence.answers.iter().map(|one| one.arm).collect())
            .unwrap_or_default()
    }

    #[test]
    fn a_weight_is_about_the_answers_since_the_one_before() {
        let attributed = assemble(&epochs(&[Some(1.0), None, None, Some(3.0), Some(1.0)]), &HABITS);

        assert_eq!(attributed.iter().map(|one| one.seen_in).collect::<Vec<_>>(), [0, 3, 4]);
        assert_eq!(attributed[0].evidence, Err(Excluded::First));
        assert_eq!((arms(&attributed[1]), arms(&attributed[2])), (vec![1, 2, 3], vec![4]));
        let evidence = attributed[1].evidence.clone().unwrap();
        assert_eq!((evidence.epoch, evidence.score), (3, 0.75));
    }

    #[test]
    fn hidden_weights_are_about_earlier_answers() {
        let habits = Habits { reveal_epochs: 2, ..HABITS };

        let attributed = assemble(&epochs(&[Some(1.0); 6]), &habits);

        let about: Vec<_> = attributed.iter().map(|one| (one.seen_in, arms(one))).collect();
        assert_eq!(about[..3], [(0, vec![]), (1, vec![]), (2, vec![])]);
        assert_eq!(about[3..], [(3, vec![1]), (4, vec![2]), (5, vec![3])]);
    }

    #[test]
    fn an_average_moves_once_each_time_the_validator_speaks() {
        let habits = Habits { rate: Some(0.5), ..HABITS };

        let attributed = assemble(&epochs(&[Some(1.0), None, Some(2.0), Some(1.5)]), &habits);

        let scores: Vec<_> = attributed.iter().filter_map(|one| one.evidence.as_ref().ok()).map(|e| e.score).collect();
        // 2 = (1 + 3) / 2 and 1.5 = (2 + 1) / 2.
        assert_eq!(scores, [0.75, 0.5]);
    }

    #[test]
    fn absence_gaps_and_missing_epochs_spoil_what_they_are_part_of_only() {
        let mut epochs = epochs(&[Some(1.0); 8]);
        epochs.get_mut(&2).unwrap().uptime = Some(0.5);
        epochs.get_mut(&4).unwrap().has_gap = true;
        epochs.get_mut(&6).unwrap().answers.clear();

        let outcomes: Vec<_> = assemble(&epochs, &HABITS).into_iter().map(|one| one.evidence.err()).collect();

        let expected = [
            Some(Excluded::First),
            None,
            Some(Excluded::Uptime),
            None,
            Some(Excluded::Gap),
            None,
            Some(Excluded::NoAnswers),
            None,
        ];
        assert_eq!(outcomes, expected);

        epochs.remove(&5);
        let spoilt = &assemble(&epochs, &HABITS)[5];
        assert_eq!((spoilt.seen_in, spoilt.evidence.clone()), (6, Err(Excluded::Gap)));
    }

    #[test]
    fn a_copy_counts_for_nothing() {
        let mut epochs = epochs(&[Some(1.0), Some(2.0)]);
        for (number, relative) in [(0, 0.5), (1, 2.0)] {
            let epoch = epochs.get_mut(&number).unwrap();
            epoch.rows.insert(9, row(relative));
            epoch.answers.insert(9, answers(0, 5));
        }

        let attributed = assemble(&epochs, &HABITS);

        let of = |validator| attributed.iter().find(|one| (one.validator, one.seen_in) == (validator, 1)).unwrap();
        assert!(of(7).evidence.is_ok());
        assert_eq!(of(9).evidence, Err(Excluded::Copied));
    }

    #[test]
    fn rows_that_weigh_nobody_else_have_no_score() {
        let mut epochs = epochs(&[Some(1.0), Some(1.0)]);
        epochs.get_mut(&1).unwrap().rows.insert(7, Row { weight: 5, total: 5, rated: 1, largest: 5 });

        assert_eq!(assemble(&epochs, &HABITS)[1].evidence, Err(Excluded::NoScore));
    }

    #[test]
    fn without_a_configured_rate_it_is_fitted_once_there_is_enough() {
        let mut random = crate::random::Random::new(5, &[]);
        let mut average = 1.0;
        let relatives: Vec<Option<f64>> = (0..300)
            .map(|_| {
                average = 0.75 * average + 0.25 * (1.0 + 0.4 * random.normal()).max(0.0);
                Some(average)
            })
            .collect();

        let few = assemble(&epochs(&relatives[..10]), &Habits::default());
        let many = assemble(&epochs(&relatives), &Habits::default());

        assert!((few[9].rate - 1.0).abs() < f64::EPSILON);
        assert!((many[9].rate - 0.25).abs() < 0.1, "{}", many[9].rate);
    }
}
