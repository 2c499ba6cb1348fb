//! Integers of any size, which Python has and JSON can carry.

use std::fmt;

/// An integer, kept as its decimal text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Int(Box<str>);

impl Int {
    /// Reads an optional sign and at least one digit.
    pub(super) fn from_decimal(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = digits.trim_start_matches('0');
        Some(Self(match (negative, digits) {
            (_, "") => "0".into(),
            (false, digits) => digits.into(),
            (true, digits) => format!("-{digits}").into(),
        }))
    }

    /// Returns the decimal text, without leading zeros or a plus sign.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the nearest float, if there is a finite one.
    pub(super) fn to_float(&self) -> Option<f64> {
        self.0.parse().ok().filter(|float: &f64| float.is_finite())
    }
}

impl From<i64> for Int {
    fn from(number: i64) -> Self {
        Self(number.to_string().into())
    }
}

impl From<u64> for Int {
    fn from(number: u64) -> Self {
        Self(number.to_string().into())
    }
}

impl fmt::Display for Int {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_has_one_text() {
        for (text, canonical) in [("007", "7"), ("-0", "0"), ("+00", "0"), ("-010", "-10")] {
            assert_eq!(Int::from_decimal(text).unwrap().as_str(), canonical);
        }
    }

    #[test]
    fn what_is_no_integer_is_none() {
        for text in ["", "-", "+", "--1", "1.0", "1 ", "٣"] {
            assert_eq!(Int::from_decimal(text), None, "{text}");
        }
    }

    #[test]
    fn an_integer_beyond_every_float_is_no_float() {
        assert_eq!(Int::from_decimal(&"9".repeat(400)).unwrap().to_float(), None);
    }
}
