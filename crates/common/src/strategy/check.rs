//! Whether a revision can be followed.

use std::collections::HashSet;

use super::revision::{FORMAT, MAX_ARMS, MAX_CANARY_SHARE, Revision, ShareTable, SubnetStrategy};
use super::{Arm, TaskClass};
use crate::id::{Netuid, Ss58};

/// How far shares may be from 1 together.
const TOLERANCE: f64 = 1e-6;

/// Why a revision cannot be followed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RevisionError {
    /// Another program's format.
    #[error("the revision has format {0}, but format {FORMAT} is expected")]
    Format(u32),
    /// Too many canaries, or no number.
    #[error("canary_share is {0}, but must be from 0 to {MAX_CANARY_SHARE}")]
    CanaryShare(f64),
    /// Time would stand still.
    #[error("subnet {0}: epochs have no length")]
    EpochLength(Netuid),
    /// No way of answering, or too many.
    #[error("subnet {netuid}: {arms} arms, but 1 to {MAX_ARMS} are expected")]
    ArmCount {
        /// The subnet.
        netuid: Netuid,
        /// How many there are.
        arms: usize,
    },
    /// The same way twice.
    #[error("subnet {netuid}: the arm `{arm}` is there twice")]
    ArmTwice {
        /// The subnet.
        netuid: Netuid,
        /// The way.
        arm: Arm,
    },
    /// There is no table for all.
    #[error("subnet {0}: no table without validator and class")]
    NoTableForAll(Netuid),
    /// Two tables for the same.
    #[error("subnet {netuid}: two tables for {}", whom(validator.as_ref(), *class))]
    TableTwice {
        /// The subnet.
        netuid: Netuid,
        /// The validator.
        validator: Option<Ss58>,
        /// The class.
        class: Option<TaskClass>,
    },
    /// A table names a way that is not in the list.
    #[error("subnet {netuid}: a table names arm {arm}, but the last one is {}", arms.saturating_sub(1))]
    UnknownArm {
        /// The subnet.
        netuid: Netuid,
        /// The place it names.
        arm: u16,
        /// How many ways there are.
        arms: usize,
    },
    /// A table names a way twice.
    #[error("subnet {netuid}: a table names arm {arm} twice")]
    ShareTwice {
        /// The subnet.
        netuid: Netuid,
        /// The way's place.
        arm: u16,
    },
    /// Not a share.
    #[error("subnet {netuid}: the share of arm {arm} is {share}, but must be from 0 to 1")]
    Share {
        /// The subnet.
        netuid: Netuid,
        /// The way's place.
        arm: u16,
        /// What it says.
        share: f64,
    },
    /// The shares do not come to 1.
    #[error("subnet {netuid}: the shares for {} come to {sum}, but must to 1", whom(validator.as_ref(), *class))]
    Sum {
        /// The subnet.
        netuid: Netuid,
        /// The validator.
        validator: Option<Ss58>,
        /// The class.
        class: Option<TaskClass>,
        /// What they come to.
        sum: f64,
    },
    /// What is said of a validator is no number of its kind.
    #[error("subnet {netuid}: the stake share or the weight of {validator} is out of range")]
    Caller {
        /// The subnet.
        netuid: Netuid,
        /// The validator.
        validator: Ss58,
    },
}

fn whom(validator: Option<&Ss58>, class: Option<TaskClass>) -> String {
    let validator = validator.map_or("any validator", Ss58::as_str);
    let class = class.map_or("any class", TaskClass::name);
    format!("{validator}, {class}")
}

impl Revision {
    /// Checks that the revision can be followed.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), RevisionError> {
        if self.version != FORMAT {
            return Err(RevisionError::Format(self.version));
        }
        if !(0.0..=MAX_CANARY_SHARE).contains(&self.canary_share) {
            return Err(RevisionError::CanaryShare(self.canary_share));
        }
        self.subnets.iter().try_for_each(|(netuid, subnet)| check_subnet(*netuid, subnet))
    }
}

fn check_subnet(netuid: Netuid, subnet: &SubnetStrategy) -> Result<(), RevisionError> {
    if subnet.epochs.length_ms == 0 {
        return Err(RevisionError::EpochLength(netuid));
    }
    let arms = subnet.arms.len();
    if arms == 0 || arms > MAX_ARMS {
        return Err(RevisionError::ArmCount { netuid, arms });
    }
    let mut seen = std::collections::BTreeSet::new();
    if let Some(arm) = subnet.arms.iter().find(|arm| !seen.insert(*arm)) {
        return Err(RevisionError::ArmTwice { netuid, arm: arm.clone() });
    }
    let mut seen = HashSet::new();
    for table in &subnet.tables {
        if !seen.insert((&table.validator, table.class)) {
            let (validator, class) = (table.validator.clone(), table.class);
            return Err(RevisionError::TableTwice { netuid, validator, class });
        }
        check_table(netuid, table, arms)?;
    }
    if !seen.contains(&(&None, None)) {
        return Err(RevisionError::NoTableForAll(netuid));
    }
    for caller in &subnet.callers {
        let weight_is_good = caller.relative_weight.is_none_or(|weight| weight.is_finite() && weight >= 0.0);
        if !(0.0..=1.0).contains(&caller.stake_share) || !weight_is_good {
            return Err(RevisionError::Caller { netuid, validator: caller.validator.clone() });
        }
    }
    Ok(())
}

fn check_table(netuid: Netuid, table: &ShareTable, arms: usize) -> Result<(), RevisionError> {
    let mut seen = HashSet::new();
    let mut sum = 0.0;
    for entry in &table.shares {
        let (arm, share) = (entry.arm, entry.share);
        if usize::from(arm) >= arms {
            return Err(RevisionError::UnknownArm { netuid, arm, arms });
        }
        if !seen.insert(arm) {
            return Err(RevisionError::ShareTwice { netuid, arm });
        }
        if !(0.0..=1.0).contains(&share) {
            return Err(RevisionError::Share { netuid, arm, share });
        }
        sum += share;
    }
    if (sum - 1.0).abs() > TOLERANCE {
        let (validator, class) = (table.validator.clone(), table.class);
        return Err(RevisionError::Sum { netuid, validator, class, sum });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::ArmShare;

    const NETUID: Netuid = Netuid(18);

    fn good() -> Revision {
        serde_json::from_str(include_str!("example.json")).unwrap()
    }

    fn with(change: impl FnOnce(&mut SubnetStrategy)) -> Result<(), RevisionError> {
        let mut revision = good();
        change(revision.subnets.get_mut(&NETUID).unwrap());
        revision.check()
    }

    #[test]
    fn more_canaries_than_a_fiftieth_are_refused() {
        for share in [0.021, -0.1, f64::NAN] {
            let revision = Revision { canary_share: share, ..good() };

            assert!(matches!(revision.check(), Err(RevisionError::CanaryShare(_))), "{share}");
        }
    }

    #[test]
    fn shares_that_do_not_come_to_one_are_refused() {
        let outcome = with(|subnet| subnet.tables[0].shares[0].share += 0.01);

        assert!(matches!(outcome, Err(RevisionError::Sum { .. })), "{outcome:?}");
    }

    #[test]
    fn a_share_that_is_no_share_is_refused() {
        for share in [f64::NAN, f64::INFINITY, -0.5, 1.5] {
            let outcome = with(|subnet| subnet.tables[0].shares[0].share = share);

            assert!(matches!(outcome, Err(RevisionError::Share { .. })), "{share}");
        }
    }

    #[test]
    fn an_arm_that_is_unknown_or_named_twice_is_refused() {
        let unknown = with(|subnet| subnet.tables[0].shares[0].arm = 2);
        let twice = with(|subnet| subnet.tables[0].shares.push(ArmShare { arm: 0, share: 0.0 }));

        assert_eq!(unknown, Err(RevisionError::UnknownArm { netuid: NETUID, arm: 2, arms: 2 }));
        assert_eq!(twice, Err(RevisionError::ShareTwice { netuid: NETUID, arm: 0 }));
    }

    #[test]
    fn there_is_one_table_for_all_and_one_for_each() {
        let none = with(|subnet| subnet.tables.retain(|table| table.class.is_some()));
        let two = with(|subnet| subnet.tables.push(subnet.tables[0].clone()));

        assert_eq!(none, Err(RevisionError::NoTableForAll(NETUID)));
        assert!(matches!(two, Err(RevisionError::TableTwice { .. })), "{two:?}");
    }

    #[test]
    fn arms_are_there_and_differ() {
        let none = with(|subnet| subnet.arms.clear());
        let twice = with(|subnet| subnet.arms.push(subnet.arms[0].clone()));

        assert_eq!(none, Err(RevisionError::ArmCount { netuid: NETUID, arms: 0 }));
        assert!(matches!(twice, Err(RevisionError::ArmTwice { .. })), "{twice:?}");
    }

    #[test]
    fn a_caller_has_numbers_of_their_kind() {
        for (stake_share, relative_weight) in [(1.5, None), (f64::NAN, None), (0.5, Some(-1.0)), (0.5, Some(f64::NAN))]
        {
            let outcome = with(|subnet| {
                subnet.callers[0].stake_share = stake_share;
                subnet.callers[0].relative_weight = relative_weight;
            });

            assert!(matches!(outcome, Err(RevisionError::Caller { .. })), "{stake_share} {relative_weight:?}");
        }
    }

    #[test]
    fn another_format_and_unknown_keys_are_refused() {
        let later = Revision { version: 2, ..good() };
        let unknown = r#"{ "version": 1, "number": 0, "seed": 0, "canary_share": 0, "subnets": {}, "extra": 1 }"#;

        assert_eq!(later.check(), Err(RevisionError::Format(2)));
        assert!(serde_json::from_str::<Revision>(unknown).is_err());
    }
}
