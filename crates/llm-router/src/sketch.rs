//! Quantiles of what was measured lately, in a fixed number of bytes.
//!
//! Values are counted in buckets a ninth wider than the one before. Two generations are kept, so that what is older than two
//! of them is forgotten: a model that was slow an hour ago is tried again. Pure: time comes in as an argument.

use std::time::Duration;

/// From one bucket to the next, values grow by this factor.
const GROWTH: f64 = 1.122;
/// The last bucket begins at about 300,000 and takes all that is larger.
const BUCKETS: usize = 110;

/// Counts values, and says under which of them a share of them lies.
#[derive(Clone, Debug)]
pub struct Quantiles {
    generation: Duration,
    least: u32,
    /// When the newer generation began.
    begun: Duration,
    newer: [u32; BUCKETS],
    older: [u32; BUCKETS],
}

impl Quantiles {
    /// Makes an empty sketch that forgets what is older than two generations, and says nothing of fewer than `least` values.
    #[must_use]
    pub fn new(generation: Duration, least: u32) -> Self {
        Self { generation, least, begun: Duration::ZERO, newer: [0; BUCKETS], older: [0; BUCKETS] }
    }

    /// Counts a value at a time, which is given as what has passed since any fixed moment.
    pub fn add(&mut self, value: u64, now: Duration) {
        self.age(now);
        if let Some(count) = self.newer.get_mut(bucket(value)) {
            *count = count.saturating_add(1);
        }
    }

    /// Returns a value that the share `share` (0 to 1) of the latest values do not exceed by more than an eighth; none while
    /// there are too few.
    #[must_use]
    pub fn at(&mut self, share: f64, now: Duration) -> Option<u64> {
        self.age(now);
        let counts = || self.newer.iter().zip(&self.older).map(|(newer, older)| u64::from(*newer) + u64::from(*older));
        let total: u64 = counts().sum();
        if total < u64::from(self.least.max(1)) {
            return None;
        }
        let wanted = (total as f64 * share.clamp(0.0, 1.0)).ceil().max(1.0);
        let mut passed = 0;
        let place = counts().position(|count| {
            passed += count;
            passed as f64 >= wanted
        });
        Some(upper(place.unwrap_or(BUCKETS - 1)))
    }

    fn age(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.begun);
        if passed < self.generation {
            return;
        }
        self.older = if passed < self.generation.saturating_mul(2) { self.newer } else { [0; BUCKETS] };
        self.newer = [0; BUCKETS];
        self.begun = now;
    }
}

fn bucket(value: u64) -> usize {
    let place = ((value.max(1)) as f64).ln() / GROWTH.ln();
    (place.ceil() as usize).min(BUCKETS - 1)
}

/// The largest value of a bucket.
fn upper(bucket: usize) -> u64 {
    GROWTH.powf(bucket as f64).floor() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn filled(values: impl IntoIterator<Item = u64>) -> Quantiles {
        let mut sketch = Quantiles::new(MINUTE, 5);
        for value in values {
            sketch.add(value, Duration::ZERO);
        }
        sketch
    }

    #[test]
    fn a_quantile_is_right_to_an_eighth() {
        let mut sketch = filled((1..=1_000).map(|n| n * 10));

        for (share, right) in [(0.5, 5_000.0), (0.9, 9_000.0), (0.99, 9_900.0)] {
            let found = sketch.at(share, Duration::ZERO).unwrap() as f64;
            assert!((found / right - 1.0).abs() < 0.125, "{found} instead of {right}");
        }
    }

    #[test]
    fn few_values_say_nothing() {
        assert_eq!(filled([1; 4]).at(0.5, Duration::ZERO), None);
        assert!(filled([1; 5]).at(0.5, Duration::ZERO).is_some());
    }

    #[test]
    fn what_is_two_generations_old_is_forgotten() {
        let mut sketch = filled([9_000; 50]);

        assert!(sketch.at(0.5, MINUTE - Duration::from_secs(1)).is_some());
        assert!(sketch.at(0.5, MINUTE).is_some(), "the older generation still counts");
        sketch.add(10, MINUTE);
        assert_eq!(sketch.at(0.5, MINUTE * 3), None);
    }

    #[test]
    fn the_largest_and_the_smallest_value_are_counted() {
        let mut sketch = filled([0, 0, 0, u64::MAX, u64::MAX]);

        assert_eq!(sketch.at(0.0, Duration::ZERO), Some(1));
        assert!(sketch.at(1.0, Duration::ZERO).unwrap() > 250_000);
    }
}
