//! What each validator thinks of the miner: a moving average of the scores it gave.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How much the newest score changes the opinion: the last twenty or so count, as with validators of real subnets.
const NEWEST: f64 = 0.1;

/// The opinions by the validators' names. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Opinions(Arc<Mutex<HashMap<String, f64>>>);

impl Opinions {
    /// A validator has given a score.
    pub fn hear(&self, validator: &str, score: f64) {
        let mut opinions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        opinions
            .entry(validator.to_owned())
            .and_modify(|opinion| *opinion += NEWEST * (score - *opinion))
            .or_insert(score);
    }

    /// Returns what a validator thinks; none if it has not asked yet.
    #[must_use]
    pub fn of(&self, validator: &str) -> Option<f64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(validator).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opinion_follows_the_scores_slowly() {
        let opinions = Opinions::default();

        opinions.hear("even", 1.0);
        opinions.hear("even", 0.0);

        assert_eq!(opinions.of("even"), Some(0.9));
        assert_eq!(opinions.of("strict"), None);
    }
}
