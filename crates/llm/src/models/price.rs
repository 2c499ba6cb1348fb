//! What tokens cost: prices per bucket, by length of the prompt.

use common::money::{NanoUsd, TokenPrice};
use common::usage::TokenUsage;

use crate::permit::WorstCase;

/// A model's prices on one day.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Prices {
    base: Rates,
    long: Vec<LongRates>,
}

/// Prices per bucket of [`TokenUsage`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rates {
    /// Prompt tokens at the full price.
    pub input: TokenPrice,
    /// Prompt tokens read from the vendor's cache.
    pub cache_read: TokenPrice,
    /// Prompt tokens written to the vendor's cache.
    pub cache_write: TokenPrice,
    /// Generated tokens.
    pub output: TokenPrice,
}

/// Rates for a whole call whose prompt is long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LongRates {
    /// They hold for prompts of more tokens than this.
    pub above_prompt_tokens: u64,
    /// The rates.
    pub rates: Rates,
}

impl Prices {
    /// Makes prices of the rates for short prompts and those for longer ones.
    #[must_use]
    pub fn new(base: Rates, mut long: Vec<LongRates>) -> Self {
        long.sort_by_key(|tier| tier.above_prompt_tokens);
        Self { base, long }
    }

    /// Returns the rates for short prompts.
    #[must_use]
    pub fn base(&self) -> Rates {
        self.base
    }

    /// Returns the rates for longer prompts, the shortest first.
    #[must_use]
    pub fn long(&self) -> &[LongRates] {
        &self.long
    }

    /// Returns what a call costs; each bucket is rounded up to a whole nano-dollar.
    #[must_use]
    pub fn cost(&self, usage: TokenUsage) -> NanoUsd {
        let prompt =
            usage.input_uncached.saturating_add(usage.input_cache_read).saturating_add(usage.input_cache_write);
        let rates =
            self.long.iter().rev().find(|tier| prompt > tier.above_prompt_tokens).map_or(self.base, |t| t.rates);
        rates
            .input
            .cost(usage.input_uncached)
            .saturating_add(rates.cache_read.cost(usage.input_cache_read))
            .saturating_add(rates.cache_write.cost(usage.input_cache_write))
            .saturating_add(rates.output.cost(usage.output))
    }

    /// Returns the most that a call within `worst` can cost: the dearest input bucket, at the dearest rates that a prompt
    /// of that length can reach.
    #[must_use]
    pub fn worst_case(&self, worst: WorstCase) -> NanoUsd {
        let reachable = self.long.iter().filter(|tier| worst.input_tokens > tier.above_prompt_tokens).map(|t| t.rates);
        reachable.chain([self.base]).map(|rates| rates.worst_case(worst)).max().unwrap_or_default()
    }
}

impl Rates {
    fn worst_case(self, worst: WorstCase) -> NanoUsd {
        let input = self.input.max(self.cache_read).max(self.cache_write);
        let input = match input.cost(worst.input_tokens) {
            NanoUsd::ZERO => NanoUsd::ZERO,
            // Three input buckets are rounded up where this is rounded up once.
            cost => cost.saturating_add(NanoUsd(2)),
        };
        input.saturating_add(self.output.cost(worst.output_tokens.into()))
    }

    /// Returns the rates with a surcharge; `percent` is 100 for none.
    #[must_use]
    pub(crate) fn scaled(self, percent: u32) -> Self {
        let scale = |price: TokenPrice| {
            let exact = u128::from(price.0) * u128::from(percent);
            TokenPrice(u64::try_from(exact.div_ceil(100)).unwrap_or(u64::MAX))
        };
        Self {
            input: scale(self.input),
            cache_read: scale(self.cache_read),
            cache_write: scale(self.cache_write),
            output: scale(self.output),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_known_bill_is_exact() {
        let usage = TokenUsage { input_uncached: 1_000, input_cache_read: 500, input_cache_write: 100, output: 300 };

        // 1000 x 0.10 + 500 x 0.01 + 100 x 0.125 + 300 x 0.50 dollars per million
        assert_eq!(luna().cost(usage), NanoUsd(100_000 + 5_000 + 12_500 + 150_000));
    }

    #[test]
    fn a_long_prompt_costs_more_in_every_bucket() {
        let at_the_limit = TokenUsage { input_uncached: 272_000, output: 1, ..TokenUsage::default() };
        let above = TokenUsage { input_uncached: 272_001, output: 1, ..TokenUsage::default() };

        assert_eq!(luna().cost(at_the_limit), NanoUsd(27_200_000 + 500));
        assert_eq!(luna().cost(above), NanoUsd(54_400_200 + 750));
    }

    #[test]
    fn the_worst_case_is_all_cache_writes_and_a_full_answer() {
        let worst = WorstCase { input_tokens: 1_000, output_tokens: 300 };

        assert_eq!(luna().worst_case(worst), NanoUsd(125_000 + 2 + 150_000));
    }

    #[test]
    fn what_is_free_stays_free() {
        let free = TokenPrice(0);
        let prices = Prices::new(Rates { input: free, cache_read: free, cache_write: free, output: free }, Vec::new());

        assert_eq!(prices.worst_case(WorstCase { input_tokens: u64::MAX, output_tokens: u32::MAX }), NanoUsd::ZERO);
    }

    #[test]
    fn a_surcharge_rounds_up() {
        let price = TokenPrice(1);
        let rates = Rates { input: price, cache_read: price, cache_write: price, output: TokenPrice(100) };

        assert_eq!(rates.scaled(110).input, TokenPrice(2));
        assert_eq!(rates.scaled(110).output, TokenPrice(110));
        assert_eq!(rates.scaled(100), rates);
    }

    proptest! {
        #[test]
        fn p6_no_call_within_its_worst_case_costs_more(
            prices in any_prices(),
            shares in (0_u64..400_000, 0_u64..400_000, 0_u64..400_000),
            output in 0_u32..200_000,
            cap in 0_u32..200_000,
        ) {
            let usage = TokenUsage {
                input_uncached: shares.0,
                input_cache_read: shares.1,
                input_cache_write: shares.2,
                output: output.min(cap).into(),
            };
            let worst = WorstCase { input_tokens: shares.0 + shares.1 + shares.2, output_tokens: cap };

            prop_assert!(prices.cost(usage) <= prices.worst_case(worst));
        }

        #[test]
        fn many_calls_never_cost_less_than_one(prices in any_rates(), tokens in 0_u64..1_000_000, parts in 1_u64..9) {
            let prices = Prices::new(prices, Vec::new());
            let whole = TokenUsage { output: tokens * parts, ..TokenUsage::default() };
            let part = TokenUsage { output: tokens, ..TokenUsage::default() };

            prop_assert!(prices.cost(part).0 * parts >= prices.cost(whole).0);
        }
    }

    fn any_rates() -> impl Strategy<Value = Rates> {
        let price = || (0_u64..1_000_000_000_000).prop_map(TokenPrice);
        (price(), price(), price(), price()).prop_map(|(input, cache_read, cache_write, output)| Rates {
            input,
            cache_read,
            cache_write,
            output,
        })
    }

    fn any_prices() -> impl Strategy<Value = Prices> {
        let long = (0_u64..600_000, any_rates())
            .prop_map(|(above_prompt_tokens, rates)| LongRates { above_prompt_tokens, rates });
        (any_rates(), proptest::collection::vec(long, 0..3)).prop_map(|(base, long)| Prices::new(base, long))
    }

    fn luna() -> Prices {
        let base = Rates {
            input: TokenPrice(100_000_000),
            cache_read: TokenPrice(10_000_000),
            cache_write: TokenPrice(125_000_000),
            output: TokenPrice(500_000_000),
        };
        let long = Rates {
            input: TokenPrice(200_000_000),
            cache_read: TokenPrice(20_000_000),
            cache_write: TokenPrice(250_000_000),
            output: TokenPrice(750_000_000),
        };
        Prices::new(base, vec![LongRates { above_prompt_tokens: 272_000, rates: long }])
    }
}
