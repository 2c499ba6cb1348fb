//! The usual bandits, without prices and without forgetting.

use rand_distr::{Beta, Distribution};

use super::{Player, Request, best, jitter};
use crate::random::Random;

/// Rewards of each arm, in all classes together or in each apart.
#[derive(Debug)]
struct Records {
    per_class: bool,
    /// By class and arm: how many, and their sum.
    records: Vec<Vec<(f64, f64)>>,
}

impl Records {
    fn new(classes: usize, arms: usize, per_class: bool) -> Self {
        Self { per_class, records: vec![vec![(0.0, 0.0); arms]; if per_class { classes } else { 1 }] }
    }

    fn place(&self, class: usize) -> usize {
        if self.per_class { class } else { 0 }
    }

    fn of(&self, class: usize) -> &[(f64, f64)] {
        self.records.get(self.place(class)).map_or(&[], Vec::as_slice)
    }

    fn note(&mut self, class: usize, arm: usize, reward: f64) {
        let place = self.place(class);
        if let Some(record) = self.records.get_mut(place).and_then(|records| records.get_mut(arm)) {
            *record = (record.0 + 1.0, record.1 + reward);
        }
    }
}

/// The best arm so far, and every tenth time any.
#[derive(Debug)]
pub(crate) struct EpsilonGreedy(Records);

impl EpsilonGreedy {
    const EPSILON: f64 = 0.1;

    pub(crate) fn new(classes: usize, arms: usize, per_class: bool) -> Self {
        Self(Records::new(classes, arms, per_class))
    }
}

impl Player for EpsilonGreedy {
    fn choose(&mut self, request: &Request<'_>, random: &mut Random) -> Option<usize> {
        let records = self.0.of(request.row.class);
        if random.uniform() < Self::EPSILON {
            return best(records.iter().map(|_| random.uniform()), &request.affordable);
        }
        let mean = |(count, sum): &(f64, f64)| if *count > 0.0 { sum / count } else { 1.0 };
        best(records.iter().map(|record| mean(record) + jitter(random)), &request.affordable)
    }

    fn learn(&mut self, request: &Request<'_>, arm: usize, reward: f64) {
        self.0.note(request.row.class, arm, reward);
    }
}

/// The arm whose mean could be the highest (UCB1).
#[derive(Debug)]
pub(crate) struct Ucb(Records);

impl Ucb {
    pub(crate) fn new(classes: usize, arms: usize, per_class: bool) -> Self {
        Self(Records::new(classes, arms, per_class))
    }
}

impl Player for Ucb {
    fn choose(&mut self, request: &Request<'_>, random: &mut Random) -> Option<usize> {
        let records = self.0.of(request.row.class);
        let total: f64 = records.iter().map(|(count, _)| count).sum();
        let bound = |(count, sum): &(f64, f64)| {
            if *count > 0.0 { sum / count + (2.0 * total.ln() / count).sqrt() } else { f64::MAX }
        };
        best(records.iter().map(|record| bound(record) + jitter(random)), &request.affordable)
    }

    fn learn(&mut self, request: &Request<'_>, arm: usize, reward: f64) {
        self.0.note(request.row.class, arm, reward);
    }
}

/// An arm as often as it may be the best, each arm's mean believed by itself.
#[derive(Debug)]
pub(crate) struct Thompson(Records);

impl Thompson {
    pub(crate) fn new(classes: usize, arms: usize, per_class: bool) -> Self {
        Self(Records::new(classes, arms, per_class))
    }
}

impl Player for Thompson {
    fn choose(&mut self, request: &Request<'_>, random: &mut Random) -> Option<usize> {
        let records = self.0.of(request.row.class).iter();
        let draws: Vec<f64> = records.map(|record| beta(1.0, 1.0, *record, random)).collect();
        best(draws.into_iter(), &request.affordable)
    }

    fn learn(&mut self, request: &Request<'_>, arm: usize, reward: f64) {
        self.0.note(request.row.class, arm, reward);
    }
}

/// Thompson sampling in each class, where an arm's mean over all classes, itself drawn, counts for some answers.
#[derive(Debug)]
pub(crate) struct Hierarchical {
    classes: Records,
    all: Records,
}

impl Hierarchical {
    /// Answers that the mean over all classes counts for in each.
    const STRENGTH: f64 = 20.0;

    pub(crate) fn new(classes: usize, arms: usize) -> Self {
        Self { classes: Records::new(classes, arms, true), all: Records::new(classes, arms, false) }
    }
}

impl Player for Hierarchical {
    fn choose(&mut self, request: &Request<'_>, random: &mut Random) -> Option<usize> {
        let class = request.row.class;
        let records = self.all.of(class).iter().zip(self.classes.of(class));
        let draws: Vec<f64> = records
            .map(|(all, own)| {
                let general = beta(1.0, 1.0, *all, random);
                beta(Self::STRENGTH * general, Self::STRENGTH * (1.0 - general), *own, random)
            })
            .collect();
        best(draws.into_iter(), &request.affordable)
    }

    fn learn(&mut self, request: &Request<'_>, arm: usize, reward: f64) {
        self.classes.note(request.row.class, arm, reward);
        self.all.note(request.row.class, arm, reward);
    }
}

/// Draws a mean that may be an arm's, believed to be `good` to `bad` before its record.
fn beta(good: f64, bad: f64, (count, sum): (f64, f64), random: &mut Random) -> f64 {
    let won = sum.clamp(0.0, count);
    let lost = count - won;
    let least = f64::MIN_POSITIVE;
    Beta::new((good + won).max(least), (bad + lost).max(least)).map_or(0.5, |beta| beta.sample(random.generator()))
}
