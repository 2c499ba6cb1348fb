//! Which verified validators are answered. Pure.

use std::collections::HashSet;

use common::config::miner::{CallerPolicy, Callers};
use common::id::Ss58;

/// The configured callers, ready to be looked up.
#[derive(Debug)]
pub(crate) struct Admission {
    allow: Allow,
    deny: HashSet<Ss58>,
}

#[derive(Debug)]
enum Allow {
    Listed(HashSet<Ss58>),
    Anyone,
}

impl Admission {
    /// Reads the configuration.
    pub(crate) fn new(callers: &Callers) -> Self {
        let allow = match callers.policy {
            CallerPolicy::Listed => Allow::Listed(callers.allow.iter().cloned().collect()),
            CallerPolicy::Anyone => Allow::Anyone,
        };
        Self { allow, deny: callers.deny.iter().cloned().collect() }
    }

    /// Whether a verified hotkey is answered. `deny` stands above all.
    pub(crate) fn admits(&self, caller: &Ss58) -> bool {
        let allowed = match &self.allow {
            Allow::Listed(listed) => listed.contains(caller),
            Allow::Anyone => true,
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

    #[test]
    fn only_listed_callers_are_answered() {
        let admission =
            Admission::new(&Callers { policy: CallerPolicy::Listed, allow: vec![alice()], deny: Vec::new() });

        assert!(admission.admits(&alice()));
        assert!(!admission.admits(&bob()));
    }

    #[test]
    fn deny_stands_above_all() {
        for policy in [CallerPolicy::Listed, CallerPolicy::Anyone] {
            let admission = Admission::new(&Callers { policy, allow: vec![alice()], deny: vec![alice()] });

            assert!(!admission.admits(&alice()), "{policy:?}");
        }
    }

    #[test]
    fn anyone_means_everyone_else() {
        let admission = Admission::new(&Callers { policy: CallerPolicy::Anyone, allow: Vec::new(), deny: Vec::new() });

        assert!(admission.admits(&bob()));
    }
}
