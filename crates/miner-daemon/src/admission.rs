//! Which verified validators are answered. Pure.

use std::collections::HashSet;

use common::config::miner::{CallerPolicy, Callers};
use common::id::Ss58;

/// The configured callers, ready to be looked up.
#[derive(Debug)]
pub(crate) struct Admission {
    policy: CallerPolicy,
    allow: HashSet<Ss58>,
    deny: HashSet<Ss58>,
    min_stake: u64,
}

/// What the chain knows of a caller in the subnet that it calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Standing {
    /// Whether it may set weights.
    pub(crate) permit: bool,
    /// Its stake weight, in whole alpha.
    pub(crate) stake: u64,
}

/// How much stake a caller has of what the largest has, in thousandths.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Weight(u32);

impl Weight {
    /// As much as anybody.
    pub(crate) const FULL: Self = Self(1000);

    /// The part that `stake` is of `most`.
    pub(crate) fn of(stake: u64, most: u64) -> Self {
        let part = u128::from(stake) * 1000 / u128::from(most.max(1));
        Self(u32::try_from(part).unwrap_or(1000).min(1000))
    }

    /// Of so many places, those that may be taken before this caller is refused: the last half is given by stake.
    pub(crate) fn places(self, all: u32) -> u32 {
        let kept_back = u64::from(all / 2) * u64::from(1000 - self.0) / 1000;
        all.saturating_sub(u32::try_from(kept_back).unwrap_or(0))
    }
}

impl Admission {
    /// Reads the configuration.
    pub(crate) fn new(callers: &Callers) -> Self {
        Self {
            policy: callers.policy,
            allow: callers.allow.iter().cloned().collect(),
            deny: callers.deny.iter().cloned().collect(),
            min_stake: callers.min_stake,
        }
    }

    /// Whether a verified hotkey is answered. `deny` stands above all. `standing` is asked for only where it matters.
    pub(crate) fn admits(&self, caller: &Ss58, standing: impl FnOnce() -> Option<Standing>) -> bool {
        let listed = || self.allow.contains(caller);
        let allowed = match self.policy {
            CallerPolicy::Listed => listed(),
            CallerPolicy::Validators => {
                listed() || standing().is_some_and(|standing| standing.permit && standing.stake >= self.min_stake)
            }
            CallerPolicy::Registered => listed() || standing().is_some_and(|standing| standing.stake >= self.min_stake),
            CallerPolicy::Anyone => true,
        };
        allowed && !self.deny.contains(caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> Ss58 {
        "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".parse().unwrap()
    }

    fn bob() -> Ss58 {
        "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty".parse().unwrap()
    }

    fn admission(policy: CallerPolicy, allow: &[Ss58], deny: &[Ss58]) -> Admission {
        Admission::new(&Callers { policy, allow: allow.to_vec(), deny: deny.to_vec(), min_stake: 100 })
    }

    fn stranger() -> Option<Standing> {
        None
    }

    #[test]
    fn only_listed_callers_are_answered() {
        let admission = admission(CallerPolicy::Listed, &[alice()], &[]);

        assert!(admission.admits(&alice(), stranger));
        assert!(!admission.admits(&bob(), || Some(Standing { permit: true, stake: u64::MAX })));
    }

    #[test]
    fn deny_stands_above_all() {
        for policy in [CallerPolicy::Listed, CallerPolicy::Validators, CallerPolicy::Anyone] {
            let admission = admission(policy, &[alice()], &[alice()]);

            assert!(!admission.admits(&alice(), || Some(Standing { permit: true, stake: 100 })), "{policy:?}");
        }
    }

    #[test]
    fn anyone_means_everyone_else() {
        assert!(admission(CallerPolicy::Anyone, &[], &[]).admits(&bob(), stranger));
    }

    #[test]
    fn a_validator_needs_its_permit_and_stake() {
        let admission = admission(CallerPolicy::Validators, &[alice()], &[]);

        let admitted = [(true, 100), (true, 99), (false, 100)]
            .map(|(permit, stake)| admission.admits(&bob(), || Some(Standing { permit, stake })));

        assert_eq!(admitted, [true, false, false]);
        assert!(!admission.admits(&bob(), stranger));
        assert!(admission.admits(&alice(), stranger));
    }
}
