//! Prices and how far they may move. Pure, in integers; what is lost by rounding is never in our favour.

use common::call::wallet::operation::PriceBound;

/// One whole unit in its smallest parts.
pub(crate) const ONE: u64 = 1_000_000_000;
/// The whole in hundredths of a percent.
pub(crate) const ALL_BP: u32 = 10_000;

/// What an amount is worth at a price for a whole unit.
#[must_use]
pub(crate) fn worth(amount: u64, price: u64) -> u64 {
    saturated(u128::from(amount) * u128::from(price) / u128::from(ONE))
}

/// How much a price buys for an amount; nothing if there is no price.
#[must_use]
pub(crate) fn bought(amount: u64, price: u64) -> u64 {
    if price == 0 { 0 } else { saturated(u128::from(amount) * u128::from(ONE) / u128::from(price)) }
}

/// How much less `got` is than `ideal`, in hundredths of a percent, rounded up.
#[must_use]
pub(crate) fn shortfall_bp(ideal: u64, got: u64) -> u32 {
    if ideal == 0 {
        return ALL_BP;
    }
    let short = u128::from(ideal.saturating_sub(got)) * u128::from(ALL_BP);
    u32::try_from(short.div_ceil(u128::from(ideal))).unwrap_or(ALL_BP)
}

/// Which way a price must not go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    /// Stake is bought: not up.
    Buying,
    /// Stake is sold: not down.
    Selling,
}

/// The price at which the chain is to refuse, and how far it is from the price now. No price is no bound.
#[must_use]
pub(crate) fn limit(side: Side, price: u64, bound: PriceBound, policy_bp: u32) -> (Option<u64>, u32) {
    let within = |bp: u32| {
        let bp = bp.min(ALL_BP);
        let factor = match side {
            Side::Buying => u128::from(ALL_BP) + u128::from(bp),
            Side::Selling => u128::from(ALL_BP - bp),
        };
        (Some(saturated(u128::from(price) * factor / u128::from(ALL_BP))), bp)
    };
    match bound {
        PriceBound::Policy => within(policy_bp),
        PriceBound::SlippageBp(bp) => within(bp),
        PriceBound::Price(limit) => {
            let limit = limit.0;
            let away = match side {
                Side::Buying => limit.saturating_sub(price),
                Side::Selling => price.saturating_sub(limit),
            };
            let bp = (u128::from(away) * u128::from(ALL_BP)).div_ceil(u128::from(price.max(1)));
            (Some(limit), u32::try_from(bp).unwrap_or(u32::MAX))
        }
        PriceBound::None => (None, ALL_BP),
    }
}

fn saturated(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use common::money::Rao;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bound_lies_on_the_side_that_hurts() {
        assert_eq!(limit(Side::Buying, 50_000, PriceBound::Policy, 100), (Some(50_500), 100));
        assert_eq!(limit(Side::Selling, 50_000, PriceBound::SlippageBp(100), 7), (Some(49_500), 100));
        assert_eq!(limit(Side::Selling, 50_000, PriceBound::SlippageBp(20_000), 7), (Some(0), ALL_BP));
        assert_eq!(limit(Side::Buying, 50_000, PriceBound::None, 100), (None, ALL_BP));
    }

    #[test]
    fn a_price_of_ones_own_is_as_far_away_as_it_is() {
        assert_eq!(limit(Side::Buying, 50_000, PriceBound::Price(Rao(50_001)), 0), (Some(50_001), 1));
        assert_eq!(limit(Side::Buying, 50_000, PriceBound::Price(Rao(40_000)), 0), (Some(40_000), 0));
        assert_eq!(limit(Side::Selling, 50_000, PriceBound::Price(Rao(25_000)), 0), (Some(25_000), 5_000));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_amount_and_no_price_overflow(amount: u64, price: u64, got: u64, bp: u32) {
            let _ = worth(amount, price);
            let _ = bought(amount, price);
            prop_assert!(shortfall_bp(amount, got) <= ALL_BP);
            let (up, _) = limit(Side::Buying, price, PriceBound::SlippageBp(bp), 0);
            let (down, _) = limit(Side::Selling, price, PriceBound::SlippageBp(bp), 0);
            prop_assert!(up >= Some(price) && down <= Some(price));
        }

        #[test]
        fn what_an_amount_buys_is_worth_no_more_than_it(amount: u64, price in 1..=u64::MAX) {
            prop_assert!(worth(bought(amount, price), price) <= amount);
        }
    }
}
