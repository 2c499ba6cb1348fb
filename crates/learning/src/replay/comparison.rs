//! Many replays of one table, and what they come to.

use serde::Serialize;

use super::run::{Mode, Plan, Played, Policy, play};
use super::table::Table;

/// For so many epochs after a noticed change, noticing it again is part of adapting to it, as for the guard.
const ADAPTING: usize = 24;

/// A mean and how far runs differ from it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The mean over the runs.
    pub mean: f64,
    /// The standard deviation between runs; 0 for a single one.
    pub sd: f64,
}

/// What a policy's runs came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The policy.
    pub policy: Policy,
    /// Mean reward of a prompt.
    pub reward: Spread,
    /// The same in the last fifth of the run.
    pub late_reward: Spread,
    /// The sum of rewards that a run lost to the reference: the best arm of each class, or the optimum under the budget.
    pub regret: Spread,
    /// Cost per thousand prompts.
    pub cost_per_1000: Spread,
    /// What a run spent in all.
    pub spent: Spread,
    /// The share of prompts that were declined.
    pub declined: f64,
    /// Reward in parts of the reference.
    pub part_of_reference: f64,
    /// What was noticed of changes; only where a policy looks for them.
    pub changes: Option<Changes>,
}

/// What was noticed of changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Changes {
    /// Epochs until the change was noticed, of each run; nothing if it was not, or if there was none.
    pub noticed_after: Vec<Option<usize>>,
    /// Changes per run that were noticed where there was none.
    pub false_per_run: f64,
}

/// The seeds of a comparison.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seeds {
    /// The first.
    pub first: u64,
    /// How many.
    pub count: u64,
}

/// Replays the table with each policy and each seed. With a budget, `optimum` is what it could earn at most per prompt.
#[must_use]
pub fn compare(table: &Table, plan: &Plan, seeds: Seeds, optimum: Option<f64>, policies: &[Policy]) -> Vec<Summary> {
    let runs = |policy: Policy| -> Vec<Played> {
        let seeds = seeds.first..seeds.first.saturating_add(seeds.count);
        seeds.map(|seed| play(table, &Plan { seed, ..*plan }, policy)).collect()
    };
    let oracle = runs(Policy::OraclePerClass);
    let references: Vec<f64> = oracle.iter().map(|run| optimum.unwrap_or_else(|| run.mean())).collect();
    policies.iter().map(|&policy| summarise(policy, plan, &runs(policy), &references)).collect()
}

fn summarise(policy: Policy, plan: &Plan, runs: &[Played], references: &[f64]) -> Summary {
    let of = |value: &dyn Fn(&Played) -> f64| spread(runs.iter().map(value));
    let reward = of(&Played::mean);
    let reference = spread(references.iter().copied()).mean;
    let regrets = runs.iter().zip(references).map(|(run, reference)| (reference - run.mean()) * run.prompts as f64);
    Summary {
        policy,
        reward,
        late_reward: of(&|run| run.late_reward / (run.prompts / 5).max(1) as f64),
        regret: spread(regrets),
        cost_per_1000: of(&|run| run.spent / run.prompts.max(1) as f64 * 1e3),
        spent: of(&|run| run.spent),
        declined: of(&|run| run.declined as f64 / run.prompts.max(1) as f64).mean,
        part_of_reference: reward.mean / reference,
        changes: (policy == Policy::Learner).then(|| changes(plan, runs)),
    }
}

fn changes(plan: &Plan, runs: &[Played]) -> Changes {
    let block = match plan.mode {
        Mode::Immediate(_) => super::immediate::BLOCK,
        Mode::Epochs(epochs) => epochs.requests,
    };
    let judged: Vec<_> =
        runs.iter().map(|run| judge(&run.alarms, plan.drift.then_some(run.prompts / 2 / block.max(1)))).collect();
    let false_alarms: usize = judged.iter().map(|(_, false_alarms)| false_alarms).sum();
    Changes {
        noticed_after: judged.into_iter().map(|(noticed, _)| noticed).collect(),
        false_per_run: false_alarms as f64 / runs.len().max(1) as f64,
    }
}

/// How many epochs it took to notice the change, and how often one was noticed that was none.
fn judge(alarms: &[usize], change: Option<usize>) -> (Option<usize>, usize) {
    let (mut noticed, mut false_alarms) = (None, 0);
    let mut adapting_until = None;
    for &alarm in alarms {
        let is_true = change.is_some_and(|change| alarm >= change) && noticed.is_none();
        let is_adapting = adapting_until.is_some_and(|until| alarm <= until);
        if is_true {
            noticed = change.map(|change| alarm - change + 1);
        } else if !is_adapting {
            false_alarms += 1;
        }
        adapting_until = Some(alarm + ADAPTING);
    }
    (noticed, false_alarms)
}

fn spread(values: impl Iterator<Item = f64>) -> Spread {
    let values: Vec<f64> = values.collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count.max(1.0);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Spread { mean, sd: (squares / (count - 1.0).max(1.0)).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_are_true_false_or_part_of_adapting() {
        assert_eq!(judge(&[144, 147, 152], Some(143)), (Some(2), 0));
        assert_eq!(judge(&[20, 25, 145], Some(143)), (Some(3), 1));
        assert_eq!(judge(&[144, 180], Some(143)), (Some(2), 1));
        assert_eq!(judge(&[], Some(143)), (None, 0));
        assert_eq!(judge(&[7], None), (None, 1));
    }

    #[test]
    fn a_spread_is_that_of_a_sample() {
        assert_eq!(spread([1.0, 3.0].into_iter()), Spread { mean: 2.0, sd: 2.0_f64.sqrt() });
        assert_eq!(spread([4.0].into_iter()), Spread { mean: 4.0, sd: 0.0 });
    }
}
