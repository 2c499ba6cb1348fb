//! One state of the strategy.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Arm, TaskClass};
use crate::id::{Netuid, Ss58};

/// The only format so far.
pub const FORMAT: u32 = 1;
/// The most canaries: a fiftieth of the requests.
pub const MAX_CANARY_SHARE: f64 = 0.02;
/// The most ways of answering in one subnet.
pub const MAX_ARMS: usize = 256;

/// One state of the strategy. [`Revision::check`] says whether it can be followed.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// [`FORMAT`].
    pub version: u32,
    /// Counts up; 0 is what task-handler makes of the profiles before anything has been learnt.
    pub number: u64,
    /// Where every draw begins.
    pub seed: u64,
    /// The share of requests that try another way than the one drawn, at most [`MAX_CANARY_SHARE`]. They teach what a way costs
    /// and whether it works, never what it earns.
    pub canary_share: f64,
    /// The subnets. For one that is missing, the profile says what is done.
    pub subnets: BTreeMap<Netuid, SubnetStrategy>,
}

/// What is done in one subnet.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SubnetStrategy {
    /// When epochs begin: within one, a validator's tasks of a class are all answered the same way.
    pub epochs: EpochClock,
    /// The ways of answering; others refer to them by their place, from 0.
    pub arms: Vec<Arm>,
    /// How often each way is drawn, for whom and for what. The most special table holds: validator and class, then validator,
    /// then class, then the one for all, which must be there.
    pub tables: Vec<ShareTable>,
    /// What is known of validators.
    pub callers: Vec<CallerFacts>,
}

/// When epochs begin, as far as can be told without asking the chain.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EpochClock {
    /// The number of the epoch that began at `start_unix_ms`.
    pub number: u64,
    /// When it began, in milliseconds since 1970.
    pub start_unix_ms: u64,
    /// From one epoch to the next, in milliseconds.
    pub length_ms: u64,
}

/// How often each way of answering is drawn.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ShareTable {
    /// For this validator; any if absent.
    pub validator: Option<Ss58>,
    /// For tasks of this class; any if absent.
    pub class: Option<TaskClass>,
    /// The shares, which come to 1; ways that are not named are never drawn.
    pub shares: Vec<ArmShare>,
}

/// How often one way of answering is drawn.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ArmShare {
    /// Its place in the list of ways, from 0.
    pub arm: u16,
    /// From 0 to 1.
    pub share: f64,
}

/// What is known of a validator, which says what answering it is worth.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CallerFacts {
    /// The validator.
    pub validator: Ss58,
    /// Its part of all validators' stake in the subnet, from 0 to 1.
    pub stake_share: f64,
    /// The weight it gave us lately, relative to an equal part for every neuron it rates: 1 is average. None if it has not
    /// rated anybody yet.
    pub relative_weight: Option<f64>,
}

impl EpochClock {
    /// Returns the number of the epoch at `unix_ms`.
    #[must_use]
    pub fn at(&self, unix_ms: u64) -> u64 {
        let passed = unix_ms.saturating_sub(self.start_unix_ms);
        self.number.saturating_add(passed.checked_div(self.length_ms).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_ends_when_its_length_has_passed() {
        let clock = EpochClock { number: 7, start_unix_ms: 1_000, length_ms: 500 };

        assert_eq!([0, 1_000, 1_499, 1_500, 2_600].map(|unix_ms| clock.at(unix_ms)), [7, 7, 7, 8, 10]);
    }

    #[test]
    fn the_example_is_what_is_written() {
        let json = include_str!("example.json");

        let revision: Revision = serde_json::from_str(json).unwrap();

        assert_eq!(revision.check(), Ok(()));
        assert_eq!(serde_json::to_string_pretty(&revision).unwrap() + "\n", json);
    }
}
