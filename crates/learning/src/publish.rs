//! From the learner's tables to the revision that the router follows.

use std::collections::BTreeMap;

use common::id::{Netuid, Ss58};
use common::strategy::{
    Arm, ArmShare, EpochClock, FORMAT, MAX_CANARY_SHARE, Revision, RevisionError, ShareTable, SubnetStrategy, TaskClass,
};

use crate::strategist::{Shares, Tables};

/// What the learner's numbers stand for.
#[derive(Clone, Debug)]
pub struct Names {
    /// The subnet.
    pub netuid: Netuid,
    /// When its epochs begin.
    pub epochs: EpochClock,
    /// The arms that may be used, each with its number.
    pub arms: Vec<(u32, Arm)>,
    /// The classes: the place in the list is the number.
    pub classes: Vec<TaskClass>,
    /// The validators: the place in the list is the number.
    pub validators: Vec<Ss58>,
}

/// Makes the revision of one subnet. What has no name is left out, which the check of the shares' sum notices.
///
/// # Errors
/// If the tables cannot be followed.
pub fn revision(tables: &Tables, names: &Names, seed: u64, number: u64) -> Result<Revision, RevisionError> {
    let subnets = BTreeMap::from([(names.netuid, strategy(tables, names))]);
    let revision = Revision { version: FORMAT, number, seed, canary_share: MAX_CANARY_SHARE, subnets };
    revision.check()?;
    Ok(revision)
}

/// Makes one subnet's part of a revision.
#[must_use]
pub fn strategy(tables: &Tables, names: &Names) -> SubnetStrategy {
    let named = tables.iter().filter_map(|(key, shares)| {
        let class = *names.classes.get(key.task as usize)?;
        let validator = match key.validator {
            Some(validator) => Some(names.validators.get(validator as usize)?.clone()),
            None => None,
        };
        Some(ShareTable { validator, class: Some(class), shares: listed(shares, names) })
    });
    let general = ShareTable { validator: None, class: None, shares: listed(&mixed(tables, names), names) };
    SubnetStrategy {
        epochs: names.epochs,
        arms: names.arms.iter().map(|(_, arm)| arm.clone()).collect(),
        tables: std::iter::once(general).chain(named).collect(),
        callers: Vec::new(),
    }
}

fn listed(shares: &Shares, names: &Names) -> Vec<ArmShare> {
    let places = (0..=u16::MAX).zip(&names.arms);
    places.filter_map(|(arm, (number, _))| Some(ArmShare { arm, share: *shares.get(number)? })).collect()
}

/// For a class that nobody has asked for yet: the mean over the classes.
fn mixed(tables: &Tables, names: &Names) -> Shares {
    let general: Vec<&Shares> =
        tables.iter().filter(|(key, _)| key.validator.is_none()).map(|(_, shares)| shares).collect();
    if general.is_empty() {
        return names.arms.iter().map(|(arm, _)| (*arm, (names.arms.len() as f64).recip())).collect();
    }
    let mut mixed = Shares::new();
    for (&arm, share) in general.iter().flat_map(|shares| shares.iter()) {
        *mixed.entry(arm).or_insert(0.0) += share / general.len() as f64;
    }
    mixed
}

#[cfg(test)]
mod tests {
    use llm_router::Draws;

    use super::*;
    use crate::settings::Settings;
    use crate::shares::{Candidate, Choice};
    use crate::strategist::Strategist;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    fn names(classes: &[TaskClass]) -> Names {
        let arm =
            |model: &str| Arm { model: model.to_owned().try_into().unwrap(), effort: None, strategy: "direct".into() };
        Names {
            netuid: Netuid(18),
            epochs: EpochClock { number: 0, start_unix_ms: 0, length_ms: 1 },
            arms: vec![(0, arm("a/x")), (1, arm("b/y"))],
            classes: classes.to_vec(),
            validators: vec![ALICE.parse().unwrap()],
        }
    }

    fn tables() -> Tables {
        let mut strategist = Strategist::new(Settings::default(), 1);
        let candidates = (0..2).map(|arm| Candidate { arm, penalty: 0.0, is_canary: false }).collect();
        strategist.revise(0, &[0], &[Choice { task: 0, candidates, declined: None }]);
        strategist.tables().clone()
    }

    #[test]
    fn tables_become_a_revision_that_is_drawn_from_by_their_shares() {
        let names = names(&[TaskClass::Math]);

        let revision = revision(&tables(), &names, 5, 1).unwrap();

        let draws = Draws::new(&revision, names.netuid).unwrap();
        let first =
            (0..1000).filter(|&epoch| draws.arm(&names.validators[0], TaskClass::Math, epoch) == Some(0)).count();
        assert!((430..570).contains(&first), "{first}");
    }

    #[test]
    fn before_anything_is_learnt_all_arms_are_equal() {
        let revision = revision(&Tables::default(), &names(&[]), 5, 0).unwrap();

        let shares = &revision.subnets[&Netuid(18)].tables[0].shares;
        assert_eq!(shares.iter().map(|share| share.share).collect::<Vec<_>>(), [0.5, 0.5]);
    }

    #[test]
    fn an_arm_without_a_name_is_refused() {
        let mut names = names(&[TaskClass::Math]);
        names.arms.pop();

        assert!(matches!(revision(&tables(), &names, 5, 1), Err(RevisionError::Sum { .. })));
    }
}
