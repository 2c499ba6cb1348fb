//! Limits: which calls they apply to, and whether one more fits. Pure.

use common::call::task::{Amount, Earnings, LimitUse};
use common::config::budget::{self, EarningsShare, LimitScope, LimitWindow};
use common::id::{ModelName, Netuid, Ss58, VendorName};
use common::money::NanoUsd;

use super::earnings;

/// A limit of token-budgets.json.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limit {
    /// Stands in declines and in the status.
    pub name: String,
    /// Which calls it applies to.
    pub scope: LimitScope,
    /// Over which time.
    pub window: LimitWindow,
    /// The most tokens, if limited.
    pub max_tokens: Option<u64>,
    /// The most money, if limited.
    pub max_cost: Option<NanoUsd>,
    /// The most money as a share of what is earned, if limited.
    pub of_earnings: Option<EarningsShare>,
}

/// What a call is made with and for: the keys of a scope.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Subject {
    /// The vendor that is called.
    pub vendor: VendorName,
    /// The key it is called with.
    pub key: Key,
    /// The model that is called.
    pub model: ModelName,
    /// The task's subnet.
    pub netuid: Netuid,
    /// The validator that the task came from.
    pub validator: Ss58,
}

/// The key that a call is made with, by its name.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Key {
    /// An entry of llm-credentials.json.
    Entry(String),
    /// The vendor takes no key.
    None,
    /// It was not written down when the call was made: it may be any.
    Unknown,
}

/// What has been used, as settled and as still reserved.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Used {
    /// Settled.
    pub settled: Amount,
    /// Reserved and not settled yet.
    pub reserved: Amount,
}

impl From<&budget::Limit> for Limit {
    fn from(limit: &budget::Limit) -> Self {
        Self {
            name: limit.name.clone(),
            scope: limit.scope.clone(),
            window: limit.window,
            max_tokens: limit.max_tokens,
            max_cost: limit.max_usd.map(|usd| usd.0),
            of_earnings: limit.of_earnings.clone(),
        }
    }
}

impl Limit {
    /// Whether the limit applies to such a call: every key of its scope matches, and it limits anything at all.
    #[must_use]
    pub fn applies_to(&self, subject: &Subject) -> bool {
        self.limits_something() && self.matches(subject)
    }

    /// Whether every key of the limit's scope matches such a call.
    pub(super) fn matches(&self, subject: &Subject) -> bool {
        let LimitScope { vendor, key, model, netuid, validator } = &self.scope;
        vendor.as_ref().is_none_or(|vendor| *vendor == subject.vendor)
            && key.as_ref().is_none_or(|key| subject.key.may_be(key))
            && model.as_ref().is_none_or(|model| *model == subject.model)
            && netuid.is_none_or(|netuid| netuid == subject.netuid)
            && validator.as_ref().is_none_or(|validator| *validator == subject.validator)
    }

    /// Whether the limit holds after `asked` has been added to `used`, where `max_cost` is the most money at that time.
    #[must_use]
    pub fn admits(&self, used: Used, asked: Amount, max_cost: Option<NanoUsd>) -> bool {
        let after = add(used.total(), asked);
        self.max_tokens.is_none_or(|most| after.tokens <= most) && max_cost.is_none_or(|most| after.cost <= most)
    }

    /// Returns the most money at a time, if that is limited.
    #[must_use]
    pub fn max_cost_at(&self, earnings: Option<&Earnings>, time_ms: u64) -> Option<NanoUsd> {
        let share = self.of_earnings.as_ref();
        let share = share.map(|share| earnings::most_cost(share, self.window, self.scope.netuid, earnings, time_ms));
        [self.max_cost, share].into_iter().flatten().min()
    }

    /// Returns the limit with what is used of it.
    pub(super) fn usage(&self, used: Used, max_cost: Option<NanoUsd>) -> LimitUse {
        LimitUse {
            name: self.name.clone(),
            scope: self.scope.clone(),
            window: self.window,
            settled: used.settled,
            reserved: used.reserved,
            max_tokens: self.max_tokens,
            max_cost,
        }
    }

    /// Whether the limit names an amount at all.
    #[must_use]
    pub fn limits_something(&self) -> bool {
        self.max_tokens.is_some() || self.max_cost.is_some() || self.of_earnings.is_some()
    }
}

impl Key {
    /// Whether it can be the one of that name.
    fn may_be(&self, name: &str) -> bool {
        match self {
            Self::Entry(entry) => entry == name,
            Self::None => false,
            Self::Unknown => true,
        }
    }
}

impl Used {
    /// Returns what is settled and reserved together.
    #[must_use]
    pub fn total(self) -> Amount {
        add(self.settled, self.reserved)
    }

    /// Returns both parts added to another's.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { settled: add(self.settled, other.settled), reserved: add(self.reserved, other.reserved) }
    }
}

fn add(left: Amount, right: Amount) -> Amount {
    Amount { tokens: left.tokens.saturating_add(right.tokens), cost: left.cost.saturating_add(right.cost) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

    fn subject() -> Subject {
        Subject {
            vendor: "v".into(),
            key: Key::Entry("k".into()),
            model: "m".into(),
            netuid: Netuid(1),
            validator: ALICE.parse().unwrap(),
        }
    }

    fn limit(scope: LimitScope) -> Limit {
        let (window, max_tokens, max_cost) = (LimitWindow::Day, Some(10), Some(NanoUsd(100)));
        Limit { name: "l".into(), scope, window, max_tokens, max_cost, of_earnings: None }
    }

    fn amount(tokens: u64, cost: u64) -> Amount {
        Amount { tokens, cost: NanoUsd(cost) }
    }

    #[test]
    fn a_limit_applies_where_all_its_keys_match() {
        let all = LimitScope {
            vendor: Some("v".into()),
            key: Some("k".into()),
            model: Some("m".into()),
            netuid: Some(Netuid(1)),
            validator: Some(ALICE.parse().unwrap()),
        };
        let others = [
            LimitScope { vendor: Some("w".into()), ..all.clone() },
            LimitScope { key: Some("l".into()), ..all.clone() },
            LimitScope { model: Some("n".into()), ..all.clone() },
            LimitScope { netuid: Some(Netuid(2)), ..all.clone() },
            LimitScope { validator: Some(BOB.parse().unwrap()), ..all.clone() },
        ];

        assert!(limit(LimitScope::default()).applies_to(&subject()));
        assert!(limit(all).applies_to(&subject()));
        for other in others {
            assert!(!limit(other.clone()).applies_to(&subject()), "{other:?}");
        }
    }

    #[test]
    fn p17_a_key_that_is_not_known_may_be_any_and_none_is_no_key() {
        let limit = limit(LimitScope { key: Some("k".into()), ..LimitScope::default() });
        let applies = |key| limit.applies_to(&Subject { key, ..subject() });

        assert_eq!(
            [Key::Unknown, Key::Entry("k".into()), Key::Entry("l".into()), Key::None].map(applies),
            [true, true, false, false]
        );
    }

    #[test]
    fn a_limit_without_an_amount_applies_to_nothing() {
        let nothing = Limit { max_tokens: None, max_cost: None, ..limit(LimitScope::default()) };

        assert!(!nothing.applies_to(&subject()));
    }

    #[test]
    fn the_last_token_and_the_last_nano_dollar_may_be_used_but_no_more() {
        let limit = limit(LimitScope::default());
        let used = Used { settled: amount(4, 40), reserved: amount(3, 30) };

        let admits = |asked| limit.admits(used, asked, limit.max_cost);
        assert!(admits(amount(3, 30)));
        assert!(!admits(amount(4, 30)));
        assert!(!admits(amount(3, 31)));
        assert!(!admits(amount(u64::MAX, 0)));
    }
}
