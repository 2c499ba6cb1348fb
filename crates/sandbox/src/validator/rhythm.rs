//! When a validator asks next: pure.

use std::time::Duration;

use crate::random::Draws;

/// Nobody who starts a sandbox wants to wait for the first question.
const FIRST_WITHIN: Duration = Duration::from_millis(500);

/// Returns how long after its start the validator asks first.
pub(super) fn until_first(seed: u64, interval: Duration) -> Duration {
    FIRST_WITHIN.min(interval).mul_f64(Draws::new(seed, "first").unit())
}

/// Returns how long after a round the next one comes: the interval, give or take a quarter.
pub(super) fn until_next(seed: u64, round: u64, interval: Duration) -> Duration {
    interval.mul_f64(0.75 + 0.5 * Draws::new(seed.wrapping_add(round), "round").unit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_come_in_the_interval_on_average() {
        let interval = Duration::from_secs(4);

        let rounds: Vec<_> = (0..1_000).map(|round| until_next(9, round, interval)).collect();

        assert!(rounds.iter().all(|time| (3..=5).contains(&time.as_secs())));
        let mean = rounds.iter().sum::<Duration>() / 1_000;
        assert!((3_900..4_100).contains(&mean.as_millis()), "{mean:?}");
    }

    #[test]
    fn the_first_question_comes_soon() {
        assert!((0..100).all(|seed| until_first(seed, Duration::from_secs(60)) < FIRST_WITHIN));
    }
}
