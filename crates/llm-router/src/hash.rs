//! Draws without randomness: the same seed and words always give the same number.

/// A hash that grows word by word. Written out because a decision must be the same with every version of every library.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Draw(u64);

impl Draw {
    /// Begins with a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    /// Takes in a text.
    pub(crate) fn text(self, text: &str) -> Self {
        Self(text.bytes().fold(self.0, |hash, byte| mix(hash ^ u64::from(byte))))
    }

    /// Takes in a number.
    pub(crate) fn number(self, number: u64) -> Self {
        Self(mix(self.0 ^ number))
    }

    /// Returns a number from 0 up to but not including 1, evenly spread over seeds and over words.
    pub(crate) fn fraction(self) -> f64 {
        /// 2 to the power of 53: every integer below it is exact in an `f64`.
        const STEPS: u64 = 1 << 53;
        (self.0 % STEPS) as f64 / STEPS as f64
    }

    /// Returns a number below `count`, or 0.
    pub(crate) fn below(self, count: usize) -> usize {
        u64::try_from(count).ok().and_then(|count| self.0.checked_rem(count)).map_or(0, |number| number as usize)
    }
}

/// Spreads a number over all numbers: the finalizer of SplitMix64.
#[must_use]
pub fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_over_words_and_numbers_is_even() {
        for half in [0.25, 0.5, 0.75] {
            let over_texts = (0..10_000).filter(|n| Draw::new(1).text(&format!("task-{n}")).fraction() < half).count();
            let over_numbers = (0..10_000).filter(|n| Draw::new(1).number(*n).fraction() < half).count();

            for below in [over_texts, over_numbers] {
                assert!((below as f64 / 10_000.0 - half).abs() < 0.02, "{below} below {half}");
            }
        }
    }

    #[test]
    fn a_number_below_nothing_is_zero() {
        assert_eq!(Draw::new(1).below(0), 0);
        assert!((0..100).all(|n| Draw::new(n).below(3) < 3));
    }
}
