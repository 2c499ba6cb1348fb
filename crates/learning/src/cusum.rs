//! Notices that scores no longer are what they were: a two-sided CUSUM over standardised surprises.

use serde::{Deserialize, Serialize};

/// When a change is believed.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Vigilance {
    /// Surprises up to so many standard deviations on average are chance.
    pub slack: f64,
    /// The sum of surprises beyond the slack that is an alarm.
    pub threshold: f64,
}

impl Default for Vigilance {
    /// With pure chance there is an alarm every 5,000 epochs or so; a lasting shift of 5 deviations takes two epochs.
    fn default() -> Self {
        Self { slack: 0.4, threshold: 9.0 }
    }
}

/// The surprises so far, upwards and downwards.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Cusum {
    up: f64,
    down: f64,
}

/// Which way scores have changed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// They are better than expected.
    Better,
    /// They are worse than expected.
    Worse,
}

impl Cusum {
    /// Takes in one surprise, in standard deviations, and says whether it was one too many; then it starts over.
    #[must_use]
    pub fn next(self, surprise: f64, vigilance: Vigilance) -> (Self, Option<Change>) {
        let up = (self.up + surprise - vigilance.slack).max(0.0);
        let down = (self.down - surprise - vigilance.slack).max(0.0);
        if down > vigilance.threshold {
            (Self::default(), Some(Change::Worse))
        } else if up > vigilance.threshold {
            (Self::default(), Some(Change::Better))
        } else {
            (Self { up, down }, None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// The first alarm under surprises with the given mean, at most after `limit`.
    fn first_alarm(mean: f64, seed: u64, limit: usize) -> Option<(usize, Change)> {
        let mut random = Random::new(seed, &[]);
        let mut cusum = Cusum::default();
        (0..limit).find_map(|n| {
            let (next, change) = cusum.next(mean + random.normal(), Vigilance::default());
            cusum = next;
            change.map(|change| (n + 1, change))
        })
    }

    #[test]
    fn a_clear_change_is_noticed_at_once_and_its_direction_is_right() {
        for seed in 0..50 {
            let (after, change) = first_alarm(-5.0, seed, 10).unwrap();
            assert!(after <= 3 && change == Change::Worse, "{after}");
            assert_eq!(first_alarm(5.0, seed, 10).unwrap().1, Change::Better);
        }
    }

    #[test]
    fn chance_rarely_raises_an_alarm() {
        let alarms = (0..200).filter(|&seed| first_alarm(0.0, seed, 286).is_some()).count();

        assert!(alarms < 20, "{alarms} of 200");
    }
}
