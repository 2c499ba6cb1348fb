//! What could be true, drawn from a belief.

use std::collections::BTreeMap;

use super::prior::{Effect, Prior};
use crate::random::Random;

/// Values of all effects that could be true together.
#[derive(Debug)]
pub struct Draw<'a, const LANES: usize> {
    prior: Prior,
    spread: f64,
    index: &'a BTreeMap<Effect, usize>,
    values: Vec<[f64; LANES]>,
    /// Effects without evidence, drawn when first asked for.
    unknown: BTreeMap<Effect, [f64; LANES]>,
}

impl<'a, const LANES: usize> Draw<'a, LANES> {
    pub(super) fn new(
        prior: Prior,
        spread: f64,
        index: &'a BTreeMap<Effect, usize>,
        values: Vec<[f64; LANES]>,
    ) -> Self {
        Self { prior, spread, index, values, unknown: BTreeMap::new() }
    }

    /// Returns the drawn values of one effect.
    pub fn effect(&mut self, effect: Effect, random: &mut Random) -> [f64; LANES] {
        if let Some(values) = self.index.get(&effect).and_then(|&index| self.values.get(index)) {
            return *values;
        }
        let deviation = self.spread * self.prior.deviation(effect);
        *self.unknown.entry(effect).or_insert_with(|| std::array::from_fn(|_| deviation * random.normal()))
    }

    /// Returns the drawn scores of an arm in a class, by a validator of no effect.
    pub fn score(&mut self, task: u32, arm: u32, random: &mut Random) -> [f64; LANES] {
        let effects = [Effect::Task(task), Effect::Arm(arm), Effect::Cell { task, arm }];
        let [class, arm, cell] = effects.map(|effect| self.effect(effect, random));
        std::array::from_fn(|lane| {
            let value = |values: &[f64; LANES]| values.get(lane).copied().unwrap_or_default();
            self.prior.mean + value(&class) + value(&arm) + value(&cell)
        })
    }
}
