//! One replay: a table, a plan, a policy.

use std::ops::Range;

use serde::Serialize;

use super::player::{
    EpsilonGreedy, Fixed, Hierarchical, Learned, LinUcb, OraclePerClass, OraclePerPrompt, Player, Thompson, Ucb,
    Uniform,
};
use super::stream::Stream;
use super::table::Table;
use super::{epochs, immediate};
use crate::settings::Settings;

/// How a table is replayed.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// When rewards are heard.
    pub mode: Mode,
    /// What can be spent in all.
    pub budget: Option<f64>,
    /// Whether at half time the best arm becomes worse and another better.
    pub drift: bool,
    /// The reward of no answer.
    pub declined: f64,
    /// Where all chance begins.
    pub seed: u64,
    /// The learner's settings.
    pub settings: Settings,
}

/// When rewards are heard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// After each of so many answers.
    Immediate(usize),
    /// After each epoch, as means.
    Epochs(Epochs),
}

impl Mode {
    /// Returns how many prompts a run has.
    #[must_use]
    pub fn prompts(&self) -> usize {
        match self {
            Self::Immediate(prompts) => *prompts,
            Self::Epochs(epochs) => epochs.epochs * epochs.requests,
        }
    }
}

/// The shape of a replay in epochs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Epochs {
    /// How many there are.
    pub epochs: usize,
    /// Prompts in each.
    pub requests: usize,
    /// Who ask them, in turn.
    pub validators: usize,
}

impl Epochs {
    /// The places of an epoch's prompts.
    pub(crate) fn places(&self, epoch: usize) -> Range<usize> {
        epoch * self.requests..(epoch + 1) * self.requests
    }
}

/// Who chooses the arms.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// The miner's own learner.
    Learner,
    /// The arm that is best over the whole table.
    BestSingle,
    /// The arm that costs least.
    Cheapest,
    /// Any arm.
    Random,
    /// The best arm of each class, known from the start.
    OraclePerClass,
    /// The best arm for each prompt, known from the start.
    OraclePerPrompt,
    /// The best so far, one time in ten any.
    EpsilonGreedy,
    /// UCB1.
    Ucb,
    /// Thompson sampling over all classes together.
    Thompson,
    /// Thompson sampling in each class apart.
    ThompsonPerClass,
    /// Thompson sampling in each class, with the arm's mean over all classes as its prior.
    ThompsonHierarchical,
    /// LinUCB on features of the text.
    LinUcb,
}

impl Policy {
    /// Every policy.
    pub const ALL: [Self; 12] = [
        Self::Learner,
        Self::BestSingle,
        Self::Cheapest,
        Self::Random,
        Self::OraclePerClass,
        Self::OraclePerPrompt,
        Self::EpsilonGreedy,
        Self::Ucb,
        Self::Thompson,
        Self::ThompsonPerClass,
        Self::ThompsonHierarchical,
        Self::LinUcb,
    ];

    /// Returns the policy's name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Learner => "learner",
            Self::BestSingle => "best single arm",
            Self::Cheapest => "cheapest arm",
            Self::Random => "random",
            Self::OraclePerClass => "oracle per class",
            Self::OraclePerPrompt => "oracle per prompt",
            Self::EpsilonGreedy => "epsilon-greedy",
            Self::Ucb => "UCB1",
            Self::Thompson => "Thompson",
            Self::ThompsonPerClass => "Thompson per class",
            Self::ThompsonHierarchical => "Thompson, hierarchical",
            Self::LinUcb => "LinUCB",
        }
    }
}

/// What came of a replay.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// Prompts, declined ones included.
    pub prompts: usize,
    /// The sum of rewards, declined prompts included.
    pub reward: f64,
    /// The same of the last fifth.
    pub late_reward: f64,
    /// What was paid.
    pub spent: f64,
    /// How many prompts were declined.
    pub declined: usize,
    /// The epochs in which a change was noticed.
    pub alarms: Vec<usize>,
}

impl Played {
    pub(crate) fn new(prompts: usize) -> Self {
        Self { prompts, reward: 0.0, late_reward: 0.0, spent: 0.0, declined: 0, alarms: Vec::new() }
    }

    pub(crate) fn answer(&mut self, place: usize, reward: f64) {
        self.reward += reward;
        if place >= self.prompts - self.prompts / 5 {
            self.late_reward += reward;
        }
    }

    pub(crate) fn decline(&mut self, place: usize, reward: f64) {
        self.answer(place, reward);
        self.declined += 1;
    }

    /// Returns the mean reward.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.reward / self.prompts.max(1) as f64
    }
}

/// Replays a table once.
#[must_use]
pub fn play(table: &Table, plan: &Plan, policy: Policy) -> Played {
    let stream = Stream::new(table, plan.mode.prompts(), plan.drift, plan.seed);
    if let (Policy::Learner, Mode::Epochs(epochs)) = (policy, plan.mode) {
        return epochs::play_strategic(&stream, plan, epochs);
    }
    let mut player = player(&stream, plan, policy);
    match plan.mode {
        Mode::Immediate(_) => immediate::play(&stream, plan, player.as_mut()),
        Mode::Epochs(epochs) => epochs::play_naive(&stream, plan, epochs, player.as_mut()),
    }
}

fn player(stream: &Stream<'_>, plan: &Plan, policy: Policy) -> Box<dyn Player> {
    let table = stream.table;
    let (classes, arms) = (table.classes.len(), table.arms.len());
    match policy {
        Policy::Learner => Box::new(Learned::new(plan.settings, plan.declined)),
        Policy::BestSingle => Box::new(Fixed(best_single(table))),
        Policy::Cheapest => Box::new(Fixed(cheapest(table))),
        Policy::Random => Box::new(Uniform),
        Policy::OraclePerClass => Box::new(OraclePerClass { before: stream.means(false), after: stream.means(true) }),
        Policy::OraclePerPrompt => Box::new(OraclePerPrompt),
        Policy::EpsilonGreedy => Box::new(EpsilonGreedy::new(classes, arms, false)),
        Policy::Ucb => Box::new(Ucb::new(classes, arms, false)),
        Policy::Thompson => Box::new(Thompson::new(classes, arms, false)),
        Policy::ThompsonPerClass => Box::new(Thompson::new(classes, arms, true)),
        Policy::ThompsonHierarchical => Box::new(Hierarchical::new(classes, arms)),
        Policy::LinUcb => Box::new(LinUcb::new(arms)),
    }
}

/// The arm with the highest mean reward.
#[must_use]
pub fn best_single(table: &Table) -> usize {
    let reward = |arm: &usize| table.of_arm(*arm).iter().map(|outcome| outcome.reward).sum::<f64>();
    (0..table.arms.len()).max_by(|a, b| reward(a).total_cmp(&reward(b))).unwrap_or(0)
}

/// The arm with the lowest mean cost.
#[must_use]
pub fn cheapest(table: &Table) -> usize {
    (0..table.arms.len()).min_by(|a, b| mean_cost(table, *a).total_cmp(&mean_cost(table, *b))).unwrap_or(0)
}

/// What an answer of the arm costs on average.
#[must_use]
pub fn mean_cost(table: &Table, arm: usize) -> f64 {
    table.of_arm(arm).iter().map(|outcome| outcome.cost).sum::<f64>() / table.rows.len().max(1) as f64
}
