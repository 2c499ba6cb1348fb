//! The order in which prompts come, and what changes on the way.

use super::table::{Outcome, Row, Table};
use crate::random::Random;

/// What the best arm's rewards are multiplied by after the change.
const WORSE: f64 = 0.6;
/// What is added to another arm's rewards after the change.
const BETTER: f64 = 0.15;

/// A sequence of prompts from a table.
#[derive(Clone, Debug)]
pub struct Stream<'a> {
    /// The table.
    pub table: &'a Table,
    order: Vec<usize>,
    change: Option<DriftPlan>,
}

#[derive(Clone, Copy, Debug)]
struct DriftPlan {
    from: usize,
    worse: usize,
    better: usize,
}

impl<'a> Stream<'a> {
    /// Takes `length` prompts in a random order; the table is gone through again as often as needed.
    #[must_use]
    pub fn new(table: &'a Table, length: usize, drift: bool, seed: u64) -> Self {
        let mut random = Random::new(seed, &[1]);
        let mut order = Vec::with_capacity(length + table.rows.len());
        while order.len() < length && !table.rows.is_empty() {
            let mut pass: Vec<usize> = (0..table.rows.len()).collect();
            random.shuffle(&mut pass);
            order.extend(pass);
        }
        order.truncate(length);
        let change = drift.then(|| plan(table, length)).flatten();
        Self { table, order, change }
    }

    /// Returns how many prompts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is no prompt.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Whether everything has changed before this place.
    #[must_use]
    pub fn is_changed(&self, place: usize) -> bool {
        self.change.is_some_and(|change| place >= change.from)
    }

    /// Returns the prompt at a place.
    #[must_use]
    pub fn row(&self, place: usize) -> Option<&'a Row> {
        self.table.rows.get(*self.order.get(place)?)
    }

    /// Returns what an arm makes of the prompt at a place.
    #[must_use]
    pub fn outcome(&self, place: usize, arm: usize) -> Option<Outcome> {
        let outcome = *self.row(place)?.outcomes.get(arm)?;
        Some(match self.change.filter(|change| place >= change.from) {
            Some(change) => change.applied(arm, outcome),
            None => outcome,
        })
    }

    /// Returns each arm's mean reward in each class, before the change or after it.
    #[must_use]
    pub fn means(&self, changed: bool) -> Vec<Vec<f64>> {
        let change = self.change.filter(|_| changed);
        let arms = self.table.arms.len();
        let mut sums = vec![vec![(0.0, 0.0_f64); arms]; self.table.classes.len()];
        for row in &self.table.rows {
            for (arm, outcome) in row.outcomes.iter().enumerate() {
                let outcome = change.map_or(*outcome, |change| change.applied(arm, *outcome));
                if let Some(sum) = sums.get_mut(row.class).and_then(|class| class.get_mut(arm)) {
                    *sum = (sum.0 + outcome.reward, sum.1 + 1.0);
                }
            }
        }
        sums.into_iter().map(|class| class.into_iter().map(|(sum, n)| sum / n.max(1.0)).collect()).collect()
    }
}

impl DriftPlan {
    fn applied(self, arm: usize, outcome: Outcome) -> Outcome {
        let reward = if arm == self.worse {
            outcome.reward * WORSE
        } else if arm == self.better {
            // No answer is better than a perfect one.
            (outcome.reward + BETTER).min(outcome.reward.max(1.0))
        } else {
            outcome.reward
        };
        Outcome { reward, ..outcome }
    }
}

/// At half time the best arm becomes worse and the third best better; of two, the other.
fn plan(table: &Table, length: usize) -> Option<DriftPlan> {
    let mean = |arm: usize| table.of_arm(arm).iter().map(|outcome| outcome.reward).sum::<f64>();
    let mut arms: Vec<(usize, f64)> = (0..table.arms.len()).map(|arm| (arm, mean(arm))).collect();
    arms.sort_by(|a, b| b.1.total_cmp(&a.1));
    let &(worse, _) = arms.first()?;
    let &(better, _) = arms.get(2).or(arms.get(1))?;
    Some(DriftPlan { from: length / 2, worse, better })
}
