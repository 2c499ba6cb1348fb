//! The learner: evidence in, belief out. What it believes depends on what it was told, not on the order.
//!
//! The last epochs are kept as they came, on top of a belief that holds everything older. Late evidence goes to its
//! place, and the epochs from there on are judged again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cusum::{Change, Cusum};
use crate::evidence::{Evidence, EvidenceError};
use crate::noise::Noise;
use crate::posterior::{Effect, Posterior};
use crate::settings::Settings;

/// After so many epochs the prior is compared with the evidence.
pub(crate) const TUNE_EVERY: u64 = 4;

/// The learner's memory.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Learner {
    settings: Settings,
    /// Everything that is too old to be changed by late evidence.
    base: State,
    /// The epochs after it.
    window: BTreeMap<u64, Epoch>,
    /// Everything; nothing until asked for after a change in the window.
    #[serde(skip)]
    tip: Option<State>,
}

/// One epoch that late evidence may still change.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Epoch {
    /// By validator.
    evidence: BTreeMap<u32, Entry>,
    /// What was made of it, if it has been judged since it last changed.
    #[serde(skip)]
    verdict: Option<Verdict>,
}

/// What a validator's score of an epoch is known to be.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    /// One score.
    Told(Evidence),
    /// Two that contradict each other: neither is believed.
    Disputed,
}

/// What is believed after an epoch.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct State {
    epoch: Option<u64>,
    /// How many epochs there was evidence of.
    epochs: u64,
    posterior: Posterior,
    cusum: Cusum,
    noise: Noise,
    last_change: Option<(u64, Change)>,
}

/// What an epoch's evidence means in the light of everything before it.
#[derive(Clone, Debug, PartialEq)]
struct Verdict {
    cusum: Cusum,
    change: Option<Change>,
    /// The variance of each validator's score around what its answers are worth, in the order of the validators.
    variances: Vec<f64>,
    /// The squared difference of each validator's score, in parts of what was expected.
    squares: Vec<(u32, f64)>,
}

impl Learner {
    /// Starts without evidence.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let base = State {
            epoch: None,
            epochs: 0,
            posterior: Posterior::new(settings.prior),
            cusum: Cusum::default(),
            noise: Noise::default(),
            last_change: None,
        };
        Self { settings, base, window: BTreeMap::new(), tip: None }
    }

    /// Takes in evidence. What is known already changes nothing; what contradicts it takes both out.
    ///
    /// # Errors
    /// If it cannot be evidence, or comes too late.
    pub fn add(&mut self, evidence: Evidence) -> Result<(), EvidenceError> {
        evidence.check()?;
        let newest = self.window.keys().next_back().copied().unwrap_or(evidence.epoch);
        let is_settled = self.base.epoch.is_some_and(|settled| evidence.epoch <= settled);
        if is_settled || evidence.epoch.saturating_add(self.settings.late_epochs) < newest {
            return Err(EvidenceError::TooLate);
        }
        let evidence = evidence.sorted();
        let (epoch, validator) = (evidence.epoch, evidence.validator);
        let entry = match self.window.get(&epoch).and_then(|known| known.evidence.get(&validator)) {
            Some(Entry::Told(told)) if *told == evidence => return Ok(()),
            Some(Entry::Told(_) | Entry::Disputed) => Entry::Disputed,
            None => Entry::Told(evidence),
        };
        if self.tip.as_ref().is_some_and(|tip| tip.epoch.is_some_and(|done| epoch <= done)) {
            self.tip = None;
        }
        self.window.entry(epoch).or_default().evidence.insert(validator, entry);
        for (_, later) in self.window.range_mut(epoch..) {
            later.verdict = None;
        }
        Ok(())
    }

    /// Judges what has come in and returns what is believed now.
    pub fn posterior(&mut self) -> &mut Posterior {
        self.settle();
        &mut self.tip.get_or_insert_with(|| self.base.clone()).posterior
    }

    /// Returns the last epoch in which a change was noticed, and which way it went.
    pub fn last_change(&mut self) -> Option<(u64, Change)> {
        self.settle();
        self.tip.as_ref().and_then(|tip| tip.last_change)
    }

    /// Returns by what factor a validator's scores vary more than those of validators in general; 1 for one that does not.
    pub fn unreliability(&mut self, validator: u32) -> f64 {
        self.settle();
        self.tip.as_ref().map_or(1.0, |tip| {
            let common = tip.noise.common();
            tip.noise.of(validator, common) / common
        })
    }

    /// Brings the tip up to the newest epoch and moves what is too old into the base.
    fn settle(&mut self) {
        let mut tip = self.tip.take().unwrap_or_else(|| self.base.clone());
        let done = tip.epoch;
        for (&number, epoch) in &mut self.window {
            if done.is_some_and(|done| number <= done) {
                continue;
            }
            let verdict = tip.judge(epoch, &self.settings);
            tip.apply(number, epoch, &verdict, &self.settings);
            epoch.verdict = Some(verdict);
        }
        self.tip = Some(tip);

        let newest = self.window.keys().next_back().copied().unwrap_or_default();
        while let Some(entry) = self.window.first_entry() {
            if entry.key().saturating_add(self.settings.late_epochs) >= newest {
                break;
            }
            let (number, epoch) = entry.remove_entry();
            // Judged above or in an earlier call; a missing verdict would mean that it was never judged.
            let verdict = match &epoch.verdict {
                Some(verdict) => verdict.clone(),
                None => self.base.judge(&epoch, &self.settings),
            };
            self.base.apply(number, &epoch, &verdict, &self.settings);
        }
    }
}

impl Epoch {
    fn told(&self) -> impl Iterator<Item = &Evidence> {
        self.evidence.values().filter_map(|entry| match entry {
            Entry::Told(evidence) => Some(evidence),
            Entry::Disputed => None,
        })
    }
}

impl State {
    /// Lets time pass up to the epoch.
    fn age(&mut self, number: u64, settings: &Settings) {
        let epochs = self.epoch.map_or(0, |before| number.saturating_sub(before));
        // Also where nothing is forgotten: what was solved before must be solved anew, whichever way the state came about.
        self.posterior.forget(settings.keep.powf(epochs as f64));
        self.epoch = Some(number);
        self.epochs += 1;
    }

    /// Compares an epoch with what was expected of it.
    fn judge(&mut self, epoch: &Epoch, settings: &Settings) -> Verdict {
        let common = self.noise.common();
        let surprises: Vec<Surprise> = epoch
            .told()
            .map(|evidence| {
                let weights = evidence.weights();
                let mean = self.posterior.expect(&weights);
                let difference = evidence.score - mean;
                let expected = settings.variance(mean, evidence.count());
                let variance = expected * self.noise.of(evidence.validator, common);
                Surprise { validator: evidence.validator, weights, difference, expected, variance }
            })
            .collect();
        let (cusum, change) = match self.pooled(&surprises) {
            // The first epochs form the belief, prior and noise included: until then it is no measure.
            Some(pooled) if self.epochs >= settings.watch_after => self.cusum.next(pooled, settings.vigilance),
            Some(_) | None => (self.cusum, None),
        };
        // After a change the belief is off, not the validators.
        let squares = if change.is_some() { Vec::new() } else { self.squares(&surprises) };
        let variances = surprises.iter().map(|surprise| surprise.variance).collect();
        Verdict { cusum, change, variances, squares }
    }

    /// The epoch's surprise over all validators, in standard deviations of what was not known.
    fn pooled(&mut self, surprises: &[Surprise]) -> Option<f64> {
        let certainty: f64 = surprises.iter().map(|surprise| surprise.variance.recip()).sum();
        let difference: f64 = surprises.iter().map(|surprise| surprise.difference / surprise.variance).sum();
        let mut weights = BTreeMap::new();
        for surprise in surprises {
            for &(effect, weight) in &surprise.weights {
                *weights.entry(effect).or_insert(0.0) += weight / surprise.variance;
            }
        }
        let weights: Vec<_> = weights.into_iter().collect();
        let deviation = (self.posterior.estimate(&weights).deviation.powi(2) + certainty).sqrt();
        (certainty > 0.0).then(|| difference / deviation)
    }

    /// Each validator's squared difference without what the belief may be off, in parts of what was expected.
    fn squares(&mut self, surprises: &[Surprise]) -> Vec<(u32, f64)> {
        let square = |surprise: &Surprise| {
            let belief = self.posterior.estimate(&surprise.weights).deviation.powi(2);
            (surprise.validator, (surprise.difference.powi(2) - belief) / surprise.expected)
        };
        surprises.iter().map(square).collect()
    }

    /// Takes an epoch in.
    fn apply(&mut self, number: u64, epoch: &Epoch, verdict: &Verdict, settings: &Settings) {
        self.age(number, settings);
        self.cusum = verdict.cusum;
        if let Some(change) = verdict.change {
            self.posterior.forget(settings.keep_on_change);
            self.last_change = Some((number, change));
        }
        for (evidence, &variance) in epoch.told().zip(&verdict.variances) {
            self.posterior.observe(&evidence.weights(), evidence.score, variance);
        }
        for &(validator, square) in &verdict.squares {
            self.noise.note(validator, square);
        }
        if self.epochs.is_multiple_of(TUNE_EVERY) {
            self.posterior.tune();
        }
    }
}

/// A score that is compared with what was believed.
struct Surprise {
    validator: u32,
    weights: Vec<(Effect, f64)>,
    difference: f64,
    /// The variance that is expected of such scores.
    expected: f64,
    /// The same by what is known of the validator.
    variance: f64,
}
