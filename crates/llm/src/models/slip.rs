//! Prices that are probably a slip: per token instead of per million, or a hundred times what the vendor lists.

use common::config::budget::PriceOverride;
use common::id::ModelName;
use common::money::{NanoUsd, Usd};

use super::ModelTable;
use super::table::{self, ImplausiblePrice, LOWEST};

/// How far an operator's price may be from the listed one.
const FAR: u64 = 100;

/// A price of token-budgets.json that cannot be meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PriceSlip {
    /// Almost nothing.
    #[error(
        "{key} is {usd} per million tokens, which looks like a price per token: multiply it by 1000000, or write 0 if it is free",
        usd = .price
    )]
    PerToken {
        /// The key that holds it.
        key: &'static str,
        /// The price per million tokens.
        price: NanoUsd,
    },
    /// Beyond everything.
    #[error("{key} is {usd} per million tokens: at most 1000 is expected, so divide it if it is for more than a million", usd = .price)]
    TooHigh {
        /// The key that holds it.
        key: &'static str,
        /// The price per million tokens.
        price: NanoUsd,
    },
    /// Another order of magnitude than the vendor's own.
    #[error(
        "{key} is {usd} per million tokens, a hundred times more or less than the {listed} that the vendor lists: move the point",
        usd = .price
    )]
    FarFromListed {
        /// The key that holds it.
        key: &'static str,
        /// The price per million tokens.
        price: NanoUsd,
        /// The vendor's.
        listed: NanoUsd,
    },
}

impl ModelTable {
    /// Checks the operator's price of a model, by itself and beside the listed one.
    ///
    /// # Errors
    /// The first of its prices that cannot be meant.
    pub fn check_price(&self, model: &ModelName, price: &PriceOverride) -> Result<(), PriceSlip> {
        table::check_price(price, true).map_err(|ImplausiblePrice { key, price }| {
            if price < LOWEST { PriceSlip::PerToken { key, price } } else { PriceSlip::TooHigh { key, price } }
        })?;
        let listed = self.file.services.iter().flat_map(|service| &service.models).find(|entry| entry.name == *model);
        let Some(listed) = listed.and_then(|entry| entry.prices.last()) else { return Ok(()) };
        for (key, Usd(price), Usd(listed)) in [
            ("input_usd", price.input_usd, listed.base.input_usd),
            ("output_usd", price.output_usd, listed.base.output_usd),
        ] {
            let (low, high) = (price.min(listed), price.max(listed));
            if low != NanoUsd::ZERO && high.0 / low.0 >= FAR {
                return Err(PriceSlip::FarFromListed { key, price, listed });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p13_a_slip_is_told_from_a_discount() {
        let cases = [
            ("gpt-6-luna", "0.08", "0.4", None),
            ("gpt-6-luna", "0", "0", None),
            ("my-own", "900", "0.001", None),
            ("my-own", "0.0000001", "1", Some("PerToken")),
            ("my-own", "1", "1000.01", Some("TooHigh")),
            ("gpt-6-luna", "10", "0.5", Some("FarFromListed")),
            ("gpt-6-luna", "0.1", "0.005", Some("FarFromListed")),
        ];

        for (model, input, output, slip) in cases {
            let price: PriceOverride =
                serde_json::from_str(&format!(r#"{{ "input_usd": "{input}", "output_usd": "{output}" }}"#)).unwrap();
            let found = ModelTable::shipped().check_price(&model.into(), &price).err();

            let name = found.map(|found| format!("{found:?}").split(' ').next().unwrap().to_owned());
            assert_eq!(name.as_deref(), slip, "{model} {input} {output}");
        }
    }
}
