//! Money as integers: no float ever enters a ledger.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amount of US dollars in units of 1e-9 USD.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct NanoUsd(pub u64);

impl NanoUsd {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// Adds, staying at the largest amount instead of wrapping.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// Writes dollars with as many decimals as the amount needs, and at least two.
impl fmt::Display for NanoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:09}", self.0 % 1_000_000_000);
        let significant = fraction.trim_end_matches('0').len().max(2);
        let shown = fraction.get(..significant).unwrap_or(&fraction);
        write!(f, "{}.{shown} USD", self.0 / 1_000_000_000)
    }
}

/// An amount of a subnet's own token, alpha, in units of 1e-9 alpha. Each subnet's alpha has its own price.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct AlphaRao(pub u64);

/// An amount of dollars as an operator writes it: a JSON number or text with at most nine decimals.
///
/// It is read from the decimal digits, so `0.1` is exactly a tenth of a dollar.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Usd(pub NanoUsd);

/// The text is not an amount of dollars.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an amount of dollars: digits with at most nine decimals are expected, such as 2.50")]
pub struct UsdError;

impl FromStr for Usd {
    type Err = UsdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
            return Err(UsdError);
        }
        let whole: u64 = whole.parse().map_err(|_| UsdError)?;
        let nano: u64 = format!("{fraction:0<9}").parse().map_err(|_| UsdError)?;
        let total = whole.checked_mul(1_000_000_000).and_then(|usd| usd.checked_add(nano));
        total.map(|total| Self(NanoUsd(total))).ok_or(UsdError)
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decimal(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Usd {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.to_string();
        serializer.serialize_str(text.trim_end_matches(" USD"))
    }
}

impl JsonSchema for Usd {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Usd".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        decimal_schema("dollars, with at most nine decimals")
    }
}

/// A price in 1e-9 USD per million tokens.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct TokenPrice(pub u64);

impl TokenPrice {
    /// Returns what `tokens` cost, rounded up so that many small calls never cost less than they should.
    #[must_use]
    pub fn cost(self, tokens: u64) -> NanoUsd {
        let exact = u128::from(self.0) * u128::from(tokens);
        NanoUsd(u64::try_from(exact.div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }
}

/// An amount of TAO in units of 1e-9 TAO.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Rao(pub u64);

/// Writes TAO with as many decimals as the amount needs.
impl fmt::Display for Rao {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} TAO", billionths(self.0))
    }
}

/// Writes alpha with as many decimals as the amount needs.
impl fmt::Display for AlphaRao {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} alpha", billionths(self.0))
    }
}

/// Writes an amount of billionths in whole units, exactly.
#[must_use]
pub fn billionths(amount: u64) -> String {
    let text = format!("{}.{:09}", amount / 1_000_000_000, amount % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// An amount of TAO or alpha as an operator writes it: a JSON number or text with at most nine decimals, read digit by digit.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Tao(pub Rao);

/// The text is not an amount of TAO or alpha.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an amount: digits with at most nine decimals are expected, such as 2.5")]
pub struct TaoError;

impl FromStr for Tao {
    type Err = TaoError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The digits of dollars, which also have nine decimals.
        text.parse::<Usd>().map(|amount| Self(Rao(amount.0.0))).map_err(|_| TaoError)
    }
}

impl<'de> Deserialize<'de> for Tao {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decimal(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Tao {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&billionths(self.0.0))
    }
}

impl JsonSchema for Tao {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Tao".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        decimal_schema("TAO or alpha, with at most nine decimals")
    }
}

/// The text of an amount that is written as a number or as text.
fn decimal<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(serde_json::Number),
        Text(String),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::Number(number) => number.to_string(),
        Written::Text(text) => text,
    })
}

fn decimal_schema(description: &str) -> schemars::Schema {
    schemars::json_schema!({
        "description": description,
        "anyOf": [
            { "type": "number", "minimum": 0 },
            { "type": "string", "pattern": "^[0-9]+(\\.[0-9]{1,9})?$" }
        ]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_digit_by_digit() {
        let cases = [("2.5", 2_500_000_000), ("0.000000001", 1), ("7", 7_000_000_000)];

        for (text, nano) in cases {
            assert_eq!(text.parse(), Ok(Usd(NanoUsd(nano))), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "-1", "1e3", ".5", "5.", "1.0000000001", "99999999999999"] {
            assert_eq!(text.parse::<Usd>(), Err(UsdError), "{text}");
        }
    }

    #[test]
    fn a_json_number_and_text_mean_the_same() {
        let number: Usd = serde_json::from_str("0.1").unwrap();
        let text: Usd = serde_json::from_str("\"0.1\"").unwrap();

        assert_eq!(number, text);
        assert_eq!(number.0, NanoUsd(100_000_000));
    }

    #[test]
    fn cost_rounds_up() {
        let price = TokenPrice(100_000_000);

        assert_eq!(price.cost(1), NanoUsd(100));
        assert_eq!(TokenPrice(1).cost(1), NanoUsd(1));
        assert_eq!(TokenPrice(u64::MAX).cost(u64::MAX), NanoUsd(u64::MAX));
    }

    #[test]
    fn an_amount_of_tao_is_read_as_it_is_written() {
        for (text, rao) in
            [("0", 0), ("2.5", 2_500_000_000), ("0.000000001", 1), ("18446744073", 18_446_744_073_000_000_000)]
        {
            assert_eq!(text.parse(), Ok(Tao(Rao(rao))), "{text}");
            assert_eq!(billionths(rao), text);
        }
        for text in ["", "-1", "1e3", "1.0000000001", "18446744074"] {
            assert_eq!(text.parse::<Tao>(), Err(TaoError), "{text}");
        }
        assert_eq!(Rao(1_500_000_000).to_string(), "1.5 TAO");
    }

    #[test]
    fn amounts_are_shown_in_dollars() {
        assert_eq!(NanoUsd(2_500_000_000).to_string(), "2.50 USD");
        assert_eq!(NanoUsd(1).to_string(), "0.000000001 USD");
    }
}
