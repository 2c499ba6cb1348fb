//! What a call is booked as when it ends. Pure.

use common::call::task::{Amount, Lift};
use common::money::NanoUsd;
use common::usage::TokenUsage;
use llm::models::Prices;
use llm::{Billing, WorstCase};

use super::lift;

/// What may be spent on one call: reserved before it, and taken in full if nobody says what it came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Bound {
    /// What the request can use, as far as anybody knows.
    asked: WorstCase,
    /// How much more is reserved.
    lift: Lift,
    prices: Prices,
}

/// What a call came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Booking {
    /// The tokens used; the worst case if estimated.
    pub usage: TokenUsage,
    /// What they cost.
    pub cost: NanoUsd,
    /// Whether this is the worst case, because the vendor did not say.
    pub estimated: bool,
}

impl Bound {
    pub(super) fn new(asked: WorstCase, lift: Lift, prices: Prices) -> Self {
        Self { asked, lift, prices }
    }

    /// What is reserved. The prices are those that the call is booked with.
    pub(super) fn reserved(&self) -> Amount {
        Amount { tokens: self.worst_usage().total(), cost: self.prices.worst_case(self.worst()) }
    }

    /// Returns what a call is booked as. Usage that the vendor reports is believed even where it is zero, or more than
    /// was reserved.
    pub(super) fn book(&self, billing: Billing) -> Booking {
        match billing {
            Billing::Nothing => Booking { usage: TokenUsage::default(), cost: NanoUsd::ZERO, estimated: false },
            Billing::Known(usage) => Booking { usage, cost: self.prices.cost(usage), estimated: false },
            Billing::Unknown => self.book_worst(self.worst_usage()),
            Billing::AtLeast(seen) => self.book_worst(self.at_least(seen)),
        }
    }

    /// Returns how much more than now must be reserved the next time, if a call came to more than its bound.
    pub(super) fn lift_for(&self, booking: &Booking) -> Option<Lift> {
        lift::needed(self.asked, self.lift, booking.usage)
    }

    /// Books usage that is the worst case, or more than that.
    fn book_worst(&self, usage: TokenUsage) -> Booking {
        let cost = self.prices.cost(usage).max(self.prices.worst_case(self.worst()));
        Booking { usage, cost, estimated: true }
    }

    /// The worst case, but no part of it less than what was seen.
    fn at_least(&self, seen: TokenUsage) -> TokenUsage {
        let worst = self.worst_usage();
        let is_more = seen.total().saturating_sub(seen.output) > worst.input_uncached;
        let input = if is_more { seen } else { worst };
        TokenUsage { output: seen.output.max(worst.output), ..input }
    }

    fn worst(&self) -> WorstCase {
        lift::lifted(self.asked, self.lift)
    }

    fn worst_usage(&self) -> TokenUsage {
        let WorstCase { input_tokens, output_tokens } = self.worst();
        TokenUsage { input_uncached: input_tokens, output: output_tokens.into(), ..TokenUsage::default() }
    }
}

impl Booking {
    /// Returns the tokens of all buckets and the money.
    #[must_use]
    pub fn amount(&self) -> Amount {
        Amount { tokens: self.usage.total(), cost: self.cost }
    }
}

#[cfg(test)]
mod tests {
    use common::money::TokenPrice;
    use llm::models::Rates;

    use super::*;

    /// One dollar per million is a thousand nano-dollars per token.
    fn dollars(usd: u64) -> TokenPrice {
        TokenPrice(usd * 1_000_000_000)
    }

    fn bound() -> Bound {
        let rates = Rates { input: dollars(2), cache_read: dollars(1), cache_write: dollars(3), output: dollars(10) };
        Bound::new(WorstCase { input_tokens: 100, output_tokens: 50 }, lift::usual(), Prices::new(rates, Vec::new()))
    }

    #[test]
    fn p3_a_call_of_unknown_usage_is_booked_as_reserved_and_flagged() {
        let booking = bound().book(Billing::Unknown);

        assert_eq!(booking.amount(), bound().reserved());
        assert_eq!(booking.amount().tokens, 150);
        assert!(booking.estimated);
    }

    #[test]
    fn p8_zero_usage_is_zero_and_no_usage_is_the_worst_case() {
        let zero = bound().book(Billing::Known(TokenUsage::default()));
        let absent = bound().book(Billing::Unknown);

        assert_eq!(zero.amount(), Amount::default());
        assert!(!zero.estimated);
        assert_ne!(absent.amount(), Amount::default());
    }

    #[test]
    fn p9_each_bucket_is_billed_once_at_its_own_price() {
        let usage = TokenUsage { input_uncached: 7, input_cache_read: 20, input_cache_write: 3, output: 11 };

        let booking = bound().book(Billing::Known(usage));

        let dollars_per_million = 7 * 2 + 20 + 3 * 3 + 11 * 10;
        assert_eq!(booking.amount(), Amount { tokens: 41, cost: NanoUsd(dollars_per_million * 1_000) });
    }

    #[test]
    fn p13_a_known_bill_in_nano_dollars() {
        let rates = Rates {
            input: TokenPrice(100_000_000),
            cache_read: TokenPrice(10_000_000),
            cache_write: TokenPrice(125_000_000),
            output: TokenPrice(500_000_000),
        };
        let worst = WorstCase { input_tokens: 2_000, output_tokens: 1_000 };
        let bound = Bound::new(worst, lift::usual(), Prices::new(rates, Vec::new()));
        let usage = TokenUsage { input_uncached: 1_000, output: 333, ..TokenUsage::default() };

        let booking = bound.book(Billing::Known(usage));

        // 0.10 USD and 0.50 USD per million: 0.0001 USD and 0.0001665 USD.
        assert_eq!(booking.cost.to_string(), "0.0002665 USD");
    }

    #[test]
    fn p7_what_was_seen_of_an_aborted_call_is_never_undercut() {
        let some = TokenUsage { input_uncached: 30, output: 20, ..TokenUsage::default() };
        let more = TokenUsage { input_cache_write: 120, output: 60, ..TokenUsage::default() };

        let less_seen = bound().book(Billing::AtLeast(some));
        let more_seen = bound().book(Billing::AtLeast(more));

        assert_eq!(less_seen, bound().book(Billing::Unknown));
        assert_eq!(more_seen.amount(), Amount { tokens: 180, cost: NanoUsd((120 * 3 + 60 * 10) * 1_000) });
        assert!(more_seen.estimated);
    }

    #[test]
    fn p19_more_than_was_reserved_is_booked_in_full() {
        let usage = TokenUsage { output: 1_000_000, ..TokenUsage::default() };

        let booking = bound().book(Billing::Known(usage));

        assert_eq!(booking.amount(), Amount { tokens: 1_000_000, cost: NanoUsd(10_000_000_000) });
    }
}
