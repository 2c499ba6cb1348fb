//! Those who choose arms in a replay: the learner and what it is compared with.

mod bandit;
mod fixed;
mod learned;
mod linear;

pub(crate) use bandit::{EpsilonGreedy, Hierarchical, Thompson, Ucb};
pub(crate) use fixed::{Fixed, OraclePerClass, OraclePerPrompt, Uniform};
pub(crate) use learned::Learned;
pub(crate) use linear::LinUcb;

use super::table::Row;
use crate::pacing::Left;
use crate::random::Random;

/// A prompt that an arm is to be chosen for.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    /// The prompt.
    pub(crate) row: &'a Row,
    /// What each arm is expected to cost.
    pub(crate) costs: Vec<f64>,
    /// Which arms the budget lets through even in the worst case.
    pub(crate) affordable: Vec<bool>,
    /// What is left of the budget, if there is one.
    pub(crate) left: Option<Left>,
    /// What each arm would be rewarded: for those who know everything.
    pub(crate) hindsight: Vec<f64>,
    /// Whether rewards have changed: for those who know everything.
    pub(crate) changed: bool,
}

/// Chooses an arm for each prompt and learns what came of it.
pub(crate) trait Player {
    /// Chooses an arm; none declines the prompt.
    fn choose(&mut self, request: &Request<'_>, random: &mut Random) -> Option<usize>;

    /// Hears the reward of an answer.
    fn learn(&mut self, request: &Request<'_>, arm: usize, reward: f64) {
        let _ = (request, arm, reward);
    }

    /// Hears that an epoch is over, and says whether it has noticed a change.
    fn end_epoch(&mut self) -> bool {
        false
    }
}

/// The place of the largest value among those that `may`.
fn best(values: impl Iterator<Item = f64>, may: &[bool]) -> Option<usize> {
    let allowed = values.enumerate().filter(|(place, _)| may.get(*place).copied().unwrap_or(false));
    allowed.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(place, _)| place)
}

/// Adds a little chance, so that equal values are not always decided alike.
fn jitter(random: &mut Random) -> f64 {
    random.uniform() * 1e-9
}
