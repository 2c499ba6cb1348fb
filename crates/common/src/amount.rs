//! Amounts of TAO and alpha as people write them, read digit by digit: `2.5` is 2,500,000,000 rao, exactly.

/// The most decimals: a rao is the smallest amount there is.
const DECIMALS: usize = 9;

/// The text is not an amount that can be moved. Places count characters from 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AmountError {
    /// Nothing was written.
    #[error("an amount is expected, such as 2.5")]
    Empty,
    /// A sign, an exponent, a separator, a foreign digit, a space, or whatever else is no digit.
    #[error(
        "{found:?} at place {place} cannot stand in an amount: digits and at most one point are expected, such as 2.5"
    )]
    Character {
        /// What stands there.
        found: char,
        /// Where.
        place: usize,
    },
    /// A point without digits on both sides, or a second one.
    #[error("the point at place {place} must stand once, and between digits, such as in 0.5")]
    Point {
        /// Where.
        place: usize,
    },
    /// Less than a rao.
    #[error("the decimal at place {place} is one too many: an amount has at most nine")]
    Decimals {
        /// Where.
        place: usize,
    },
    /// More than can be counted.
    #[error("the amount is more than 18446744073.709551615, which is more than there is")]
    TooMuch,
    /// Nothing would be moved.
    #[error("the amount is zero: nothing would be moved")]
    Zero,
}

/// Reads an amount in whole units, and returns it in billionths.
///
/// # Errors
/// If it is anything but ASCII digits with at most nine decimals, is zero, or does not fit.
pub fn parse(text: &str) -> Result<u64, AmountError> {
    let mut amount: u64 = 0;
    let mut decimals: Option<usize> = None;
    let mut before = None;
    for (index, found) in text.chars().enumerate() {
        let place = index.saturating_add(1);
        match (found, decimals) {
            ('.', None) if before.is_some() => decimals = Some(0),
            ('.', _) => return Err(AmountError::Point { place }),
            ('0'..='9', Some(DECIMALS)) => return Err(AmountError::Decimals { place }),
            ('0'..='9', _) => {
                let digit = u64::from(found).saturating_sub(u64::from('0'));
                amount = amount
                    .checked_mul(10)
                    .and_then(|tenfold| tenfold.checked_add(digit))
                    .ok_or(AmountError::TooMuch)?;
                decimals = decimals.map(|count| count.saturating_add(1));
            }
            _ => return Err(AmountError::Character { found, place }),
        }
        before = Some(found);
    }
    match before {
        None => return Err(AmountError::Empty),
        Some('.') => return Err(AmountError::Point { place: text.chars().count() }),
        Some(_) => {}
    }
    let missing = u32::try_from(DECIMALS.saturating_sub(decimals.unwrap_or(0))).unwrap_or(0);
    let amount = amount.checked_mul(10_u64.saturating_pow(missing)).ok_or(AmountError::TooMuch)?;
    if amount == 0 { Err(AmountError::Zero) } else { Ok(amount) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;
    use crate::money::billionths;

    const UNIT: u64 = 1_000_000_000;

    #[test]
    fn an_amount_is_exactly_what_is_written() {
        let cases = [
            ("1", UNIT),
            ("2.5", 2_500_000_000),
            ("0.1", 100_000_000),
            ("0.000000001", 1),
            ("007.10", 7_100_000_000),
            ("18446744073.709551615", u64::MAX),
        ];

        for (text, rao) in cases {
            assert_eq!(parse(text), Ok(rao), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused_with_the_place() {
        let character = |found, place| AmountError::Character { found, place };
        let cases = [
            ("", AmountError::Empty),
            ("-1", character('-', 1)),
            ("+1", character('+', 1)),
            ("1e3", character('e', 2)),
            ("1,5", character(',', 2)),
            ("1_000", character('_', 2)),
            (" 1", character(' ', 1)),
            ("1\n", character('\n', 2)),
            ("0x10", character('x', 2)),
            ("inf", character('i', 1)),
            ("１", character('１', 1)),
            ("1٣", character('٣', 2)),
            ("2²", character('²', 2)),
            (".5", AmountError::Point { place: 1 }),
            ("5.", AmountError::Point { place: 2 }),
            ("1.2.3", AmountError::Point { place: 4 }),
            ("1.0000000000", AmountError::Decimals { place: 12 }),
            ("0", AmountError::Zero),
            ("0.000000000", AmountError::Zero),
            ("18446744073.709551616", AmountError::TooMuch),
            ("18446744074", AmountError::TooMuch),
            ("99999999999999999999", AmountError::TooMuch),
        ];

        for (text, error) in cases {
            assert_eq!(parse(text), Err(error), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_reads_back_as_it_is_shown(rao in 1..=u64::MAX) {
            prop_assert_eq!(parse(&billionths(rao)), Ok(rao));
        }

        #[test]
        fn any_text_is_an_amount_of_its_own_digits_or_refused(text in any::<String>()) {
            if let Ok(amount) = parse(&text) {
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
                prop_assert!(amount > 0);
            }
        }

        #[test]
        fn text_like_an_amount_is_read_like_exact_decimals(text in "[0-9]{0,12}\\.?[0-9]{0,11}") {
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
            let exact = (!whole.is_empty() && !fraction.is_empty() && fraction.len() <= 9)
                .then(|| whole.parse::<u128>().unwrap() * u128::from(UNIT) + format!("{fraction:0<9}").parse::<u128>().unwrap())
                .filter(|amount| (1..=u128::from(u64::MAX)).contains(amount));

            prop_assert_eq!(parse(&text).ok().map(u128::from), exact);
        }
    }
}
