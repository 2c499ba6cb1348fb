//! A subnet's part of a revision, ready to be drawn from.

use std::collections::{BTreeMap, HashMap};

use common::config::answering::Respond;
use common::config::subnet::ModelRef;
use common::decision::DecisionFacts;
use common::id::{Netuid, Ss58, TaskId};
use common::strategy::{Arm, EpochClock, Revision, ShareTable, SubnetStrategy, TaskClass};

use crate::Strategy;
use crate::hash::Draw;

/// Keeps draws for different purposes apart.
const FOR_ARM: u64 = 1;
const FOR_CANARY: u64 = 2;
const FOR_CANARY_ARM: u64 = 3;

/// What a validator's weight of nothing leaves of its worth: it may come to rate us.
const LEAST_REGARD: f64 = 0.25;

/// A subnet's part of a revision, ready to be drawn from.
#[derive(Clone, Debug)]
pub(crate) struct Chooser {
    netuid: Netuid,
    /// The seed of the revision.
    pub(crate) seed: u64,
    pub(crate) canary_share: f64,
    pub(crate) epochs: EpochClock,
    pub(crate) arms: Vec<KnownArm>,
    /// The models of the arms, each once.
    pub(crate) models: Vec<ModelRef>,
    tables: Tables,
    callers: HashMap<Ss58, Regard>,
}

/// A way of answering.
#[derive(Clone, Debug)]
pub(crate) struct KnownArm {
    pub(crate) arm: Arm,
    /// The place of its model in the list of models.
    pub(crate) model: usize,
    /// None if this program does not know it.
    pub(crate) strategy: Option<Strategy>,
}

/// What is known of a validator.
#[derive(Clone, Copy, Debug)]
struct Regard {
    stake_share: f64,
    relative_weight: Option<f64>,
}

#[derive(Clone, Debug, Default)]
struct Tables {
    general: OfClasses,
    special: HashMap<Ss58, OfClasses>,
}

#[derive(Clone, Debug, Default)]
struct OfClasses {
    any: Option<Shares>,
    each: BTreeMap<TaskClass, Shares>,
}

/// One table of shares.
#[derive(Clone, Debug)]
pub(crate) struct Shares {
    /// Whom and what it is for, in words.
    pub(crate) name: String,
    /// By arm.
    pub(crate) by_arm: Vec<f64>,
    /// The arms, the largest share first, in the list's order where shares are the same.
    pub(crate) order: Vec<u16>,
}

/// What was drawn for a task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Drawn {
    pub(crate) point: f64,
    pub(crate) arm: u16,
    pub(crate) canary_point: f64,
}

impl Chooser {
    pub(crate) fn new(revision: &Revision, netuid: Netuid, subnet: &SubnetStrategy) -> Self {
        let mut models: Vec<ModelRef> = Vec::new();
        let arms = subnet.arms.iter().map(|arm| {
            let model = models.iter().position(|model| *model == arm.model).unwrap_or_else(|| {
                models.push(arm.model.clone());
                models.len() - 1
            });
            KnownArm { arm: arm.clone(), model, strategy: Strategy::find(&arm.strategy) }
        });
        let arms: Vec<_> = arms.collect();
        let mut tables = Tables::default();
        for table in &subnet.tables {
            let shares = Shares::new(table, arms.len());
            let of_classes = match &table.validator {
                None => &mut tables.general,
                Some(validator) => tables.special.entry(validator.clone()).or_default(),
            };
            match table.class {
                None => of_classes.any = Some(shares),
                Some(class) => drop(of_classes.each.insert(class, shares)),
            }
        }
        let callers = subnet.callers.iter().map(|facts| {
            let regard = Regard { stake_share: facts.stake_share, relative_weight: facts.relative_weight };
            (facts.validator.clone(), regard)
        });
        let callers = callers.collect();
        let Revision { seed, canary_share, .. } = *revision;
        Self { netuid, seed, canary_share, epochs: subnet.epochs, arms, models, tables, callers }
    }

    /// Returns the most special table there is. None only if the revision was not checked.
    pub(crate) fn shares(&self, caller: &Ss58, class: TaskClass) -> Option<&Shares> {
        let special = self.tables.special.get(caller).and_then(|tables| tables.find(class));
        special.or_else(|| self.tables.general.find(class))
    }

    /// Draws. The arm depends on the seed, the subnet, the validator, the epoch and the class only.
    pub(crate) fn draw(&self, facts: &DecisionFacts, shares: &Shares) -> Drawn {
        let point = self.point(&facts.caller, facts.class, self.epochs.at(facts.unix_ms));
        let canary_point = self.of_task(FOR_CANARY, facts.task).fraction();
        Drawn { point, arm: shares.at(point), canary_point }
    }

    /// Returns the arm that a validator's tasks of a class are answered by in an epoch, canaries and failures aside. None only if
    /// the revision was not checked.
    pub(crate) fn arm(&self, caller: &Ss58, class: TaskClass, epoch: u64) -> Option<u16> {
        Some(self.shares(caller, class)?.at(self.point(caller, class, epoch)))
    }

    fn point(&self, caller: &Ss58, class: TaskClass, epoch: u64) -> f64 {
        Draw::new(self.seed)
            .number(FOR_ARM)
            .number(self.netuid.0.into())
            .text(caller.as_str())
            .number(epoch)
            .text(class.name())
            .fraction()
    }

    /// Picks one of `others` for a canary, evenly.
    pub(crate) fn canary(&self, task: TaskId, others: &[u16]) -> Option<u16> {
        others.get(self.of_task(FOR_CANARY_ARM, task).below(others.len())).copied()
    }

    /// Returns what answering a validator is worth, from 0 to 1; nobody knows better of a stranger than 1.
    pub(crate) fn worth(&self, caller: &Ss58, respond: &Respond) -> f64 {
        let Some(regard) = self.callers.get(caller) else { return 1.0 };
        let stake = (regard.stake_share / respond.full_stake_share.max(f64::MIN_POSITIVE)).min(1.0);
        stake * regard.relative_weight.map_or(1.0, |weight| weight.clamp(LEAST_REGARD, 1.0))
    }

    fn of_task(&self, purpose: u64, task: TaskId) -> Draw {
        Draw::new(self.seed).number(purpose).text(&task.to_string())
    }
}

impl OfClasses {
    fn find(&self, class: TaskClass) -> Option<&Shares> {
        self.each.get(&class).or(self.any.as_ref())
    }
}

impl Shares {
    fn new(table: &ShareTable, arms: usize) -> Self {
        let mut by_arm = vec![0.0; arms];
        for entry in &table.shares {
            if let Some(share) = by_arm.get_mut(usize::from(entry.arm)) {
                *share = entry.share;
            }
        }
        let mut order: Vec<u16> = (0..=u16::MAX).take(arms).collect();
        let share = |arm: &u16| by_arm.get(usize::from(*arm)).copied().unwrap_or(0.0);
        order.sort_by(|one, other| share(other).total_cmp(&share(one)));
        let validator = table.validator.as_ref().map_or("any validator", Ss58::as_str);
        let class = table.class.map_or("any class", TaskClass::name);
        Self { name: format!("{validator}, {class}"), by_arm, order }
    }

    /// Returns the arm whose part of the line from 0 to 1 holds `point`. Rounding may leave a hair at the end of the line to
    /// the last arm that has any share.
    fn at(&self, point: f64) -> u16 {
        let mut sum = 0.0;
        let mut last = self.order.first().copied().unwrap_or(0);
        for (arm, share) in (0..=u16::MAX).zip(&self.by_arm) {
            if *share > 0.0 {
                last = arm;
                sum += share;
                if point < sum {
                    break;
                }
            }
        }
        last
    }
}
