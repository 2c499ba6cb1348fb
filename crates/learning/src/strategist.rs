//! From evidence to shares: what is sent to the router after each epoch, and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cusum::Change;
use crate::evidence::{Evidence, EvidenceError};
use crate::guard::{Advice, Guard, Snapshots};
use crate::learner::Learner;
use crate::random::Random;
use crate::settings::Settings;
use crate::shares::{self, Candidate, Chances, Choice};

/// Shares of arms that come to 1; arms that are missing have none.
pub type Shares = BTreeMap<u32, f64>;
/// The shares of each validator's classes.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Tables(Vec<(Key, Shares)>);

/// Whom and what a table is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The validator; any if absent.
    pub validator: Option<u32>,
    /// The class.
    pub task: u32,
}

/// Turns evidence into strategies.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Strategist {
    settings: Settings,
    seed: u64,
    number: u64,
    learner: Learner,
    guard: Guard,
    tables: Tables,
    snapshots: Snapshots<Tables>,
    /// Evidence since the last revision.
    taken: u64,
    answers: u64,
}

/// Why the tables are what they are.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The revision's number.
    pub number: u64,
    /// The last epoch that it takes into account.
    pub epoch: u64,
    /// Scores taken in since the revision before.
    pub scores: u64,
    /// The answers that they were for.
    pub answers: u64,
    /// The furthest that the shares of a validator's class moved, in total variation.
    pub moved: f64,
    /// A change of the world that was noticed in this epoch.
    pub change: Option<Change>,
    /// What the guard wanted.
    pub advice: Advice,
    /// What is believed of each arm in each class.
    pub estimates: Vec<ArmEstimate>,
}

/// What is believed of an arm in a class.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ArmEstimate {
    /// The class.
    pub task: u32,
    /// The arm.
    pub arm: u32,
    /// The expected score by a validator of no effect.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
    /// How likely the arm is the best, prices included.
    pub chance: f64,
}

impl Tables {
    /// Returns the shares for a validator's class, or those for any validator.
    #[must_use]
    pub fn get(&self, validator: Option<u32>, task: u32) -> Option<&Shares> {
        let find = |validator| {
            let place = self.0.binary_search_by_key(&Key { validator, task }, |(key, _)| *key).ok()?;
            self.0.get(place).map(|(_, shares)| shares)
        };
        find(validator).or_else(|| find(None))
    }

    /// Returns all tables.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &Shares)> {
        self.0.iter().map(|(key, shares)| (*key, shares))
    }
}

impl Strategist {
    /// Starts without evidence. The seed decides all draws.
    #[must_use]
    pub fn new(settings: Settings, seed: u64) -> Self {
        Self {
            settings,
            seed,
            number: 0,
            learner: Learner::new(settings),
            guard: Guard::default(),
            tables: Tables::default(),
            snapshots: Snapshots::default(),
            taken: 0,
            answers: 0,
        }
    }

    /// Takes in a validator's score of an epoch.
    ///
    /// # Errors
    /// If it cannot be evidence, or comes too late.
    pub fn add(&mut self, evidence: Evidence) -> Result<(), EvidenceError> {
        let (validator, score, count) = (evidence.validator, evidence.score, evidence.count());
        self.learner.add(evidence)?;
        self.guard.note(validator, score);
        self.taken += 1;
        self.answers += count;
        Ok(())
    }

    /// Returns what has been learnt.
    pub fn learner(&mut self) -> &mut Learner {
        &mut self.learner
    }

    /// Returns the tables of the last revision.
    #[must_use]
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Holds the tables as they are until this epoch, whatever is learnt.
    pub fn freeze(&mut self, until: u64) {
        self.guard.freeze(until);
    }

    /// Lets the tables change again.
    pub fn thaw(&mut self) {
        self.guard.thaw();
    }

    /// Goes back to the tables from before the last epochs and holds them until `until`; false if there are none.
    pub fn roll_back(&mut self, epoch: u64, until: u64) -> bool {
        let before = self.snapshots.before_fall(epoch).map(|(_, tables)| tables.clone());
        let found = before.is_some();
        self.tables = before.unwrap_or_else(|| self.tables.clone());
        self.guard.freeze(until);
        found
    }

    /// Makes the next revision after an epoch, for these validators and choices.
    pub fn revise(&mut self, epoch: u64, validators: &[u32], choices: &[Choice]) -> Report {
        self.number += 1;
        let mut random = Random::new(self.seed, &[self.number]);
        let chances = shares::chances(self.learner.posterior(), choices, &self.settings, &mut random);
        let last_change = self.learner.last_change();
        let advice = self.guard.advise(epoch, last_change);
        if matches!(advice, Advice::RollBack { .. })
            && let Some((_, tables)) = self.snapshots.before_fall(epoch)
        {
            self.tables = tables.clone();
        }
        let may_move = matches!(advice, Advice::Learn);
        let (tables, moved) = self.moved(validators, choices, &chances, may_move);
        self.tables = tables;
        if may_move {
            self.snapshots.keep(epoch, &self.tables);
        }
        Report {
            number: self.number,
            epoch,
            scores: std::mem::take(&mut self.taken),
            answers: std::mem::take(&mut self.answers),
            moved,
            change: last_change.filter(|(at, _)| *at == epoch).map(|(_, change)| change),
            advice,
            estimates: self.estimates(choices, &chances),
        }
    }

    /// The next tables and how far the shares moved at most.
    fn moved(&self, validators: &[u32], choices: &[Choice], chances: &[Chances], may_move: bool) -> (Tables, f64) {
        let mut furthest = 0.0_f64;
        let mut tables = Vec::new();
        let everyone = std::iter::once(None).chain(validators.iter().copied().map(Some));
        for validator in everyone {
            for (choice, chances) in choices.iter().zip(chances) {
                if choice.candidates.is_empty() {
                    continue;
                }
                let old = self.old(validator, choice);
                let aim = shares::aim(&chances.candidates, &choice.candidates, &self.settings);
                let is_aimed = may_move && aim.iter().sum::<f64>() > 0.0;
                let new = if is_aimed { shares::step(&old, &aim, self.settings.step) } else { old.clone() };
                furthest = furthest.max(shares::total_variation(&old, &new));
                let arms = choice.candidates.iter().map(|candidate| candidate.arm);
                let shares = arms.zip(new).filter(|(_, share)| *share > 0.0).collect();
                tables.push((Key { validator, task: choice.task }, shares));
            }
        }
        tables.sort_by_key(|(key, _)| *key);
        (Tables(tables), furthest)
    }

    /// The shares so far, without the arms that are no longer there. At the start, and where none of those that had any is left,
    /// equal ones, without canaries.
    fn old(&self, validator: Option<u32>, choice: &Choice) -> Vec<f64> {
        let known = self.tables.get(validator, choice.task);
        let share = |candidate: &Candidate| known.and_then(|known| known.get(&candidate.arm)).copied().unwrap_or(0.0);
        let shares: Vec<f64> = choice.candidates.iter().map(share).collect();
        if shares.iter().sum::<f64>() > 0.0 {
            return shares::normalised(shares);
        }
        let equal = |candidate: &Candidate| f64::from(u8::from(!candidate.is_canary));
        shares::normalised(choice.candidates.iter().map(equal).collect())
    }

    fn estimates(&mut self, choices: &[Choice], chances: &[Chances]) -> Vec<ArmEstimate> {
        use crate::posterior::Effect;
        let mut estimates = Vec::new();
        for (choice, chances) in choices.iter().zip(chances) {
            let task = choice.task;
            for (candidate, &chance) in choice.candidates.iter().zip(&chances.candidates) {
                let arm = candidate.arm;
                let weights = [(Effect::Task(task), 1.0), (Effect::Arm(arm), 1.0), (Effect::Cell { task, arm }, 1.0)];
                let estimate = self.learner.posterior().estimate(&weights);
                estimates.push(ArmEstimate { task, arm, mean: estimate.mean, deviation: estimate.deviation, chance });
            }
        }
        estimates
    }
}
