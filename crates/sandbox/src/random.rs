//! Numbers that depend on a seed and on what they are drawn for, and on nothing else: the same on every machine.
//!
//! Nothing secret is made of them.

/// A sequence of numbers that look random.
#[derive(Clone, Debug)]
pub(crate) struct Draws {
    state: u64,
}

impl Draws {
    /// Starts the sequence of a seed for one purpose.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        Self { state: mixed(seed ^ fingerprint(purpose)) }
    }

    /// Returns the next number: `SplitMix64`.
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.state)
    }

    /// Returns a number below `limit`, or 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// Returns a number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> i64 {
        let span = u64::from(high.saturating_sub(low)) + 1;
        i64::from(low) + i64::try_from(self.below(span)).unwrap_or_default()
    }

    /// Returns a number from 0 to below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        // 53 bits are what a float holds exactly.
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something happens that happens with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Returns a number of the normal distribution with mean 0 and deviation 1.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Picks one.
    #[expect(clippy::indexing_slicing, reason = "the index is below the length, which is not 0")]
    pub(crate) fn pick<T: Copy, const N: usize>(&mut self, items: &[T; N]) -> T {
        const { assert!(N > 0, "there must be something to pick from") }
        items[self.below(N as u64) as usize]
    }

    /// Picks different ones, in random order; all of them if there are not enough.
    pub(crate) fn pick_some<T: Copy, const N: usize>(&mut self, items: &[T; N], count: usize) -> Vec<T> {
        let mut items = items.to_vec();
        self.shuffle(&mut items);
        items.truncate(count);
        items
    }

    /// Puts items into random order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}

/// Returns a number that stands for a text: FNV-1a.
pub(crate) fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_of_a_seed_never_changes() {
        let mut draws = Draws::new(7, "test");

        let first = [draws.below(1000), draws.below(1000), draws.below(1000)];

        assert_eq!(first, FIRST_OF_SEVEN);
    }

    #[test]
    fn purposes_do_not_influence_each_other() {
        assert_ne!(Draws::new(7, "a").next(), Draws::new(7, "b").next());
        assert_ne!(Draws::new(7, "a").next(), Draws::new(8, "a").next());
    }

    #[test]
    fn a_chance_is_taken_as_often_as_it_says() {
        let mut draws = Draws::new(1, "chance");

        let taken = (0..10_000).filter(|_| draws.chance(0.3)).count();

        assert!((2_800..3_200).contains(&taken), "{taken}");
    }

    #[test]
    fn bounds_are_kept() {
        let mut draws = Draws::new(1, "bounds");

        for _ in 0..1_000 {
            assert!((3..=5).contains(&draws.between(3, 5)));
            assert!(draws.below(0) == 0);
            assert!((0.0..1.0).contains(&draws.unit()));
            assert!(draws.normal().is_finite());
        }
    }

    #[test]
    fn some_are_different_ones() {
        let picked = Draws::new(1, "some").pick_some(&[1, 2, 3, 4], 3);

        let mut distinct = picked.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!((picked.len(), distinct.len()), (3, 3));
    }

    const FIRST_OF_SEVEN: [u64; 3] = [841, 464, 127];
}
