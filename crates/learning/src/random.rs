//! Random numbers from a seed: the same seed always gives the same numbers.

use llm_router::mix;
use rand_distr::{Distribution, StandardNormal, StandardUniform};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::SeedableRng;

/// A source of random numbers.
#[derive(Clone, Debug)]
pub struct Random(Pcg64Mcg);

impl Random {
    /// Starts the source that belongs to a seed and to what it is used for; different uses are independent.
    #[must_use]
    pub fn new(seed: u64, uses: &[u64]) -> Self {
        Self(Pcg64Mcg::seed_from_u64(uses.iter().fold(mix(seed), |state, &word| mix(state ^ word))))
    }

    /// Returns a number from 0 up to but not including 1.
    pub fn uniform(&mut self) -> f64 {
        StandardUniform.sample(&mut self.0)
    }

    /// Returns a number of the normal distribution with mean 0 and standard deviation 1.
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// Returns a number from 0 up to but not including `count`; 0 if there is none.
    pub fn index(&mut self, count: usize) -> usize {
        ((self.uniform() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// Returns the generator, for other distributions.
    pub(crate) fn generator(&mut self) -> &mut Pcg64Mcg {
        &mut self.0
    }

    /// Puts the items into a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            let other = self.index(end + 1);
            items.swap(end, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_use_always_give_the_same_numbers() {
        let numbers = |uses: &[u64]| {
            let mut random = Random::new(7, uses);
            [random.uniform(), random.normal(), random.uniform()]
        };

        assert_eq!(numbers(&[1]), numbers(&[1]));
        assert_ne!(numbers(&[1]), numbers(&[2]));
        assert_ne!(numbers(&[1, 2]), numbers(&[2, 1]));
    }

    #[test]
    fn numbers_have_the_moments_of_their_distributions() {
        let mut random = Random::new(3, &[]);
        let uniform: f64 = (0..20_000).map(|_| random.uniform()).sum::<f64>() / 20_000.0;
        let normal: Vec<f64> = (0..20_000).map(|_| random.normal()).collect();

        let mean = normal.iter().sum::<f64>() / 20_000.0;
        let variance = normal.iter().map(|x| x * x).sum::<f64>() / 20_000.0;
        assert!((uniform - 0.5).abs() < 0.01, "{uniform}");
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();

        Random::new(1, &[]).shuffle(&mut items);

        assert_ne!(items[..10], (0..10).collect::<Vec<u32>>()[..]);
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<u32>>());
    }
}
