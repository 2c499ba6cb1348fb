//! The budget of a replay: what arms cost, what is known of that beforehand, and the gate that no spending gets past.

use super::table::{Outcome, Price, Row, Table};
use crate::pacing::Left;

/// Answers that an expectation over all classes counts for in each class.
const SHRINK: f64 = 20.0;
/// How long an answer is expected to be before the first, in tokens.
const FIRST_ANSWER_TOKENS: f64 = 100.0;

/// Money, and what is known of costs.
#[derive(Clone, Debug)]
pub(crate) struct Purse {
    limit: Option<f64>,
    spent: f64,
    /// The most that an answer of each arm can cost: what is reserved before a call.
    worst: Vec<f64>,
    prices: Vec<Price>,
    /// By arm: answers and tokens in all classes, then in each.
    lengths: Vec<Vec<(f64, f64)>>,
}

impl Purse {
    pub(crate) fn new(table: &Table, limit: Option<f64>) -> Self {
        let worst = |arm| table.of_arm(arm).iter().map(|outcome| outcome.cost).fold(0.0, f64::max);
        let arms = 0..table.arms.len();
        Self {
            limit,
            spent: 0.0,
            worst: arms.clone().map(worst).collect(),
            prices: table.prices.clone(),
            lengths: arms.map(|_| vec![(0.0, 0.0); table.classes.len() + 1]).collect(),
        }
    }

    /// What each arm is expected to cost for a prompt: prices and the prompt's length are known, the answer's is not.
    pub(crate) fn expect(&self, row: &Row) -> Vec<f64> {
        let cost = |(arm, (outcome, price)): (usize, (&Outcome, &Price))| match price {
            Price::PerToken { input, output } => {
                outcome.input_tokens * input + self.answer_tokens(arm, row.class) * output
            }
            Price::PerAnswer(cost) => *cost,
        };
        row.outcomes.iter().zip(&self.prices).enumerate().map(cost).collect()
    }

    fn answer_tokens(&self, arm: usize, class: usize) -> f64 {
        let record = |place: usize| self.lengths.get(arm).and_then(|l| l.get(place)).copied().unwrap_or_default();
        let ((all, sum), (count, tokens)) = (record(0), record(class + 1));
        let general = (sum + FIRST_ANSWER_TOKENS) / (all + 1.0);
        (tokens + SHRINK * general) / (count + SHRINK)
    }

    /// Whether each arm can be paid whatever its answer costs.
    pub(crate) fn affordable(&self) -> Vec<bool> {
        let fits = |worst: &f64| self.limit.is_none_or(|limit| self.spent + worst <= limit);
        self.worst.iter().map(fits).collect()
    }

    /// What is left for the requests to come.
    pub(crate) fn left(&self, requests: usize) -> Option<Left> {
        self.limit.map(|limit| Left { money: limit - self.spent, requests: requests as f64 })
    }

    /// Pays for an answer.
    ///
    /// # Panics
    /// If the limit is broken: the replay would be worth nothing.
    pub(crate) fn pay(&mut self, row: &Row, arm: usize, outcome: Outcome) {
        self.spent += outcome.cost;
        assert!(self.limit.is_none_or(|limit| self.spent <= limit), "the budget is overspent");
        for place in [0, row.class + 1] {
            if let Some(record) = self.lengths.get_mut(arm).and_then(|lengths| lengths.get_mut(place)) {
                *record = (record.0 + 1.0, record.1 + outcome.output_tokens);
            }
        }
    }

    pub(crate) fn spent(&self) -> f64 {
        self.spent
    }
}
