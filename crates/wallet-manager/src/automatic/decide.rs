//! When a lost place is bought again, and when stake is moved. Pure: what is known comes in as arguments.

use common::call::wallet::operation::{Operation, PriceBound};
use common::config::wallet::{Reregister, StakingTrigger};
use common::id::{Netuid, Ss58};
use common::money::{AlphaRao, Rao};

/// What is known of a lost place and of what it would cost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Lost {
    /// Price, collateral and fee now, in rao.
    pub(crate) cost: u64,
    /// What was spent on places in the last 24 hours, in rao.
    pub(crate) spent_day: u64,
    /// When the last place was bought, in milliseconds since 1970.
    pub(crate) last_ms: Option<u64>,
    /// What the place earned in a day, lately, in rao.
    pub(crate) earned_per_day: u64,
    /// Now, in milliseconds since 1970.
    pub(crate) now_ms: u64,
}

/// Why a place is not bought again.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Refrain {
    /// It is switched off.
    #[error("wallet.reregister.enabled is false")]
    Off,
    /// It is too dear.
    #[error("a place costs {0} now, more than wallet.reregister.max_cost")]
    TooDear(Rao),
    /// Too much was spent today.
    #[error("with {0} more, the last 24 hours would cost more than wallet.reregister.max_per_day")]
    DaySpent(Rao),
    /// The last place is too near.
    #[error("the last place was bought too recently: wallet.reregister.cooldown_s")]
    TooSoon,
    /// It would not pay for itself in time.
    #[error("a place that earns {0} a day would not pay for itself within wallet.reregister.pays_back_days")]
    DoesNotPay(Rao),
}

/// Whether a lost place is bought again, and for how much at most.
pub(crate) fn reregister(rule: &Reregister, lost: Lost) -> Result<Rao, Refrain> {
    if !rule.enabled {
        return Err(Refrain::Off);
    }
    if lost.cost > rule.max_cost.0.0 {
        return Err(Refrain::TooDear(Rao(lost.cost)));
    }
    if lost.spent_day.saturating_add(lost.cost) > rule.max_per_day.0.0 {
        return Err(Refrain::DaySpent(Rao(lost.cost)));
    }
    let again = lost.last_ms.map_or(0, |last| last.saturating_add(rule.cooldown_s.saturating_mul(1000)));
    if lost.now_ms < again {
        return Err(Refrain::TooSoon);
    }
    let pays_back = |days: u32| u128::from(lost.earned_per_day) * u128::from(days) >= u128::from(lost.cost);
    match rule.pays_back_days {
        Some(days) if !pays_back(days) => Err(Refrain::DoesNotPay(Rao(lost.earned_per_day))),
        Some(_) | None => Ok(Rao(rule.max_cost.0.0.min(rule.max_per_day.0.0.saturating_sub(lost.spent_day)))),
    }
}

/// What a staking rule wants, given the hotkey's stake on its subnet and the free balance.
pub(crate) fn staking(trigger: StakingTrigger, hotkey: &Ss58, stake: u64, free: u64) -> Option<Operation> {
    let (have, keep, at_least) = match trigger {
        StakingTrigger::StakeAbove { keep, at_least, .. } => (stake, keep, at_least),
        StakingTrigger::BalanceAbove { keep, at_least, .. } => (free, keep, at_least),
    };
    let rest = have.saturating_sub(keep.0.0);
    if rest == 0 || rest < at_least.0.0 {
        return None;
    }
    let (hotkey, bound) = (hotkey.clone(), PriceBound::Policy);
    Some(match trigger {
        StakingTrigger::StakeAbove { netuid, .. } => {
            Operation::RemoveStake { hotkey, netuid, amount: AlphaRao(rest), bound }
        }
        StakingTrigger::BalanceAbove { netuid, .. } => Operation::AddStake { hotkey, netuid, amount: Rao(rest), bound },
    })
}

/// The subnet a staking rule is about.
pub(crate) fn netuid(trigger: StakingTrigger) -> Netuid {
    match trigger {
        StakingTrigger::StakeAbove { netuid, .. } | StakingTrigger::BalanceAbove { netuid, .. } => netuid,
    }
}

#[cfg(test)]
mod tests {
    use common::money::Tao;
    use proptest::prelude::*;

    use super::*;

    const HOTKEY: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

    fn rule() -> Reregister {
        Reregister {
            enabled: true,
            max_cost: Tao(Rao(100)),
            max_per_day: Tao(Rao(150)),
            cooldown_s: 10,
            pays_back_days: Some(5),
        }
    }

    fn lost() -> Lost {
        Lost { cost: 100, spent_day: 50, last_ms: Some(10_000), earned_per_day: 20, now_ms: 20_000 }
    }

    #[test]
    fn a_place_that_keeps_all_limits_is_bought_and_one_that_breaks_one_is_not() {
        assert_eq!(reregister(&rule(), lost()), Ok(Rao(100)));
        assert_eq!(reregister(&rule(), Lost { cost: 60, spent_day: 80, ..lost() }), Ok(Rao(70)));
        assert_eq!(reregister(&Reregister::default(), lost()), Err(Refrain::Off));
        assert_eq!(reregister(&rule(), Lost { cost: 101, ..lost() }), Err(Refrain::TooDear(Rao(101))));
        assert_eq!(reregister(&rule(), Lost { spent_day: 51, ..lost() }), Err(Refrain::DaySpent(Rao(100))));
        assert_eq!(reregister(&rule(), Lost { now_ms: 19_999, ..lost() }), Err(Refrain::TooSoon));
        assert_eq!(reregister(&rule(), Lost { earned_per_day: 19, ..lost() }), Err(Refrain::DoesNotPay(Rao(19))));
        let patient = Reregister { pays_back_days: None, ..rule() };
        assert_eq!(reregister(&patient, Lost { earned_per_day: 0, ..lost() }), Ok(Rao(100)));
    }

    #[test]
    fn only_what_is_beyond_and_enough_is_moved() {
        let hotkey: Ss58 = HOTKEY.parse().unwrap();
        let sell = |keep, at_least| StakingTrigger::StakeAbove {
            netuid: Netuid(3),
            keep: Tao(Rao(keep)),
            at_least: Tao(Rao(at_least)),
        };

        assert_eq!(staking(sell(10, 5), &hotkey, 14, 99), None);
        let Some(Operation::RemoveStake { amount, netuid, .. }) = staking(sell(10, 5), &hotkey, 15, 99) else {
            panic!("it is beyond and enough")
        };
        assert_eq!((amount, netuid), (AlphaRao(5), Netuid(3)));
        assert_eq!(staking(sell(10, 0), &hotkey, 10, 99), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_place_is_never_bought_beyond_a_limit(
            cost: u64, spent_day: u64, last_ms: Option<u64>, earned_per_day: u64, now_ms: u64,
            max_cost: u64, max_per_day: u64, cooldown_s: u64, enabled: bool,
        ) {
            let rule = Reregister {
                enabled,
                max_cost: Tao(Rao(max_cost)),
                max_per_day: Tao(Rao(max_per_day)),
                cooldown_s,
                pays_back_days: Some(1),
            };
            let decided = reregister(&rule, Lost { cost, spent_day, last_ms, earned_per_day, now_ms });
            if let Ok(Rao(most)) = decided {
                prop_assert!(enabled && earned_per_day >= cost && cost <= most.max(cost));
                prop_assert!(most <= max_cost && u128::from(spent_day) + u128::from(most) <= u128::from(max_per_day));
                prop_assert!(last_ms.is_none_or(|last| now_ms >= last.saturating_add(cooldown_s.saturating_mul(1000))));
            }
        }
    }
}
