//! Players that learn nothing: one arm, chance, and those that know the table.

use super::{Player, Request, best, jitter};
use crate::random::Random;

/// Always the same arm; declines when there is no money for it.
#[derive(Debug)]
pub(crate) struct Fixed(pub(crate) usize);

impl Player for Fixed {
    fn choose(&mut self, request: &Request<'_>, _: &mut Random) -> Option<usize> {
        request.affordable.get(self.0).copied().unwrap_or(false).then_some(self.0)
    }
}

/// Any arm.
#[derive(Debug)]
pub(crate) struct Uniform;

impl Player for Uniform {
    fn choose(&mut self, request: &Request<'_>, random: &mut Random) -> Option<usize> {
        best(request.affordable.iter().map(|_| random.uniform()), &request.affordable)
    }
}

/// Knows each arm's mean in each class, and when it changes.
#[derive(Debug)]
pub(crate) struct OraclePerClass {
    /// By class and arm.
    pub(crate) before: Vec<Vec<f64>>,
    /// The same after the change.
    pub(crate) after: Vec<Vec<f64>>,
}

impl Player for OraclePerClass {
    fn choose(&mut self, request: &Request<'_>, _: &mut Random) -> Option<usize> {
        let means = if request.changed { &self.after } else { &self.before };
        best(means.get(request.row.class)?.iter().copied(), &request.affordable)
    }
}

/// Knows what each arm will be rewarded; takes the cheapest of the best.
#[derive(Debug)]
pub(crate) struct OraclePerPrompt;

impl Player for OraclePerPrompt {
    fn choose(&mut self, request: &Request<'_>, random: &mut Random) -> Option<usize> {
        let dearest = request.costs.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let worth = |(reward, cost): (&f64, &f64)| reward - 1e-6 * cost / dearest + jitter(random);
        best(request.hindsight.iter().zip(&request.costs).map(worth), &request.affordable)
    }
}
