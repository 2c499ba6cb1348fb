//! What is wrong with the budget and the vendors' keys, for tracker's alerts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use common::alert::{AlertSeverity, Condition, ConditionKind};
use common::call::task::{BudgetReport, LimitState, LimitUse};
use common::call::tracker::Vital;
use common::config::budget::LimitWindow;
use common::id::VendorName;
use daemon_kit::beat;

use crate::chain::chain;
use crate::ledger::Reporter;

/// How long after it last blocked a call a limit counts as used up.
const BLOCKING: Duration = Duration::from_secs(300);

/// Looks at the ledger and at the keys.
pub(crate) struct Health {
    reporter: Reporter,
    /// The vendors whose key could not be had at the start, and why.
    keys: BTreeMap<VendorName, String>,
    blocks: Mutex<Blocks>,
}

impl Health {
    /// Looks at the ledger of `reporter`; `keys` are the vendors whose key cannot be had, and why.
    #[must_use]
    pub(crate) fn new(reporter: Reporter, keys: BTreeMap<VendorName, String>) -> Self {
        Self { reporter, keys, blocks: Mutex::default() }
    }
}

impl beat::Health for Health {
    async fn look(&self) -> (Vec<Condition>, Vec<Vital>) {
        let mut conditions: Vec<_> = self.keys.iter().map(of_key).collect();
        match self.reporter.report().await {
            Ok(report) => {
                let blocking = self.blocks.lock().unwrap_or_else(PoisonError::into_inner).look(&report, Instant::now());
                conditions.extend(of_budget(&report, &blocking));
                (conditions, report.limits.iter().map(vital).collect())
            }
            Err(error) => {
                conditions.push(Condition {
                    kind: ConditionKind::Storage,
                    subject: "state/ledger.db".into(),
                    severity: AlertSeverity::Critical,
                    detail: chain(&error),
                });
                (conditions, Vec::new())
            }
        }
    }
}

/// Which limits block calls these minutes.
#[derive(Debug, Default)]
struct Blocks(BTreeMap<String, (u64, Option<Instant>)>);

impl Blocks {
    /// Notes the counts of a report and returns the limits that have blocked a call lately.
    fn look(&mut self, report: &BudgetReport, now: Instant) -> Vec<String> {
        let mut blocking = Vec::new();
        for limit in &report.limits {
            let (count, last) = self.0.entry(limit.usage.name.clone()).or_default();
            if limit.blocked > *count {
                (*count, *last) = (limit.blocked, Some(now));
            }
            if last.is_some_and(|last| now.saturating_duration_since(last) < BLOCKING) {
                blocking.push(limit.usage.name.clone());
            }
        }
        blocking
    }
}

fn of_key((vendor, problem): (&VendorName, &String)) -> Condition {
    Condition {
        kind: ConditionKind::VendorKey,
        subject: vendor.to_string(),
        severity: AlertSeverity::Critical,
        detail: problem.clone(),
    }
}

fn of_budget(report: &BudgetReport, blocking: &[String]) -> Vec<Condition> {
    let jump = report.clock_jump.map(|jump| Condition {
        kind: ConditionKind::ClockDoubt,
        subject: "clock".into(),
        severity: AlertSeverity::Critical,
        detail: format!("by {} min against the clock that only counts on", jump.by_ms / 60_000),
    });
    let limits = report.limits.iter().filter(|limit| limit.usage.window != LimitWindow::Minute);
    limits.filter_map(|limit| of_limit(limit, blocking.contains(&limit.usage.name))).chain(jump).collect()
}

/// A limit of a minute fills and empties all the time: it is no news.
fn of_limit(limit: &LimitState, is_blocking: bool) -> Option<Condition> {
    let percent = percent(&limit.usage);
    let severity = match percent {
        _ if is_blocking => AlertSeverity::Critical,
        100.. => AlertSeverity::Critical,
        95.. => AlertSeverity::Warning,
        80.. => AlertSeverity::Notice,
        _ => return None,
    };
    let blocked = if is_blocking { ", tasks are declined" } else { "" };
    // In steps, so that the text does not change with every task.
    let detail = format!("{} % of {} used{blocked}", percent / 5 * 5, most(&limit.usage));
    Some(Condition { kind: ConditionKind::Budget, subject: limit.usage.name.clone(), severity, detail })
}

fn vital(limit: &LimitState) -> Vital {
    let usage = &limit.usage;
    Vital { name: format!("budget {}", usage.name), value: format!("{} % of {}", percent(usage), most(usage)) }
}

/// How much is used, reservations included, of the bound that is nearest: whole percent, rounded down.
fn percent(usage: &LimitUse) -> u64 {
    let share =
        |used: u64, most: u64| u64::try_from(u128::from(used) * 100 / u128::from(most.max(1))).unwrap_or(u64::MAX);
    let tokens = usage.settled.tokens.saturating_add(usage.reserved.tokens);
    let cost = usage.settled.cost.saturating_add(usage.reserved.cost);
    let of_tokens = usage.max_tokens.map(|most| share(tokens, most));
    of_tokens.into_iter().chain(usage.max_cost.map(|most| share(cost.0, most.0))).max().unwrap_or(0)
}

fn most(usage: &LimitUse) -> String {
    let tokens = usage.max_tokens.map(|tokens| format!("{tokens} tokens"));
    let cost = usage.max_cost.map(|cost| format!("${cost}"));
    tokens.into_iter().chain(cost).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use common::call::task::{Amount, ClockJump, OpenCalls};
    use common::config::budget::LimitScope;
    use common::money::NanoUsd;

    use super::*;

    fn report(window: LimitWindow, tokens: u64, blocked: u64) -> BudgetReport {
        let settled = Amount { tokens, cost: NanoUsd::ZERO };
        let usage = LimitUse {
            name: "daily".into(),
            scope: LimitScope::default(),
            window,
            settled,
            reserved: Amount::default(),
            max_tokens: Some(1_000),
            max_cost: None,
        };
        BudgetReport {
            unix_ms: 0,
            limits: vec![LimitState { usage, reached_unix_ms: None, blocked }],
            open: OpenCalls::default(),
            blocked: vec![],
            blocked_others: 0,
            clock_jump: None,
            earnings: None,
            lifted: vec![],
        }
    }

    fn severities(report: &BudgetReport, blocking: &[String]) -> Vec<AlertSeverity> {
        of_budget(report, blocking).into_iter().map(|condition| condition.severity).collect()
    }

    #[test]
    fn a_limit_is_told_at_80_at_95_and_when_it_blocks() {
        let of = |tokens| severities(&report(LimitWindow::Day, tokens, 0), &[]);

        assert_eq!(of(799), []);
        assert_eq!(of(800), [AlertSeverity::Notice]);
        assert_eq!(of(950), [AlertSeverity::Warning]);
        assert_eq!(of(1_000), [AlertSeverity::Critical]);
        let blocking = severities(&report(LimitWindow::Day, 900, 1), &["daily".to_owned()]);
        assert_eq!(blocking, [AlertSeverity::Critical]);
        assert_eq!(severities(&report(LimitWindow::Minute, 1_000, 1), &["daily".to_owned()]), []);
    }

    #[test]
    fn a_limit_blocks_for_some_minutes_after_it_last_did() {
        let start = Instant::now();
        let mut blocks = Blocks::default();

        let before = blocks.look(&report(LimitWindow::Day, 0, 0), start);
        let now = blocks.look(&report(LimitWindow::Day, 0, 3), start);
        let soon = blocks.look(&report(LimitWindow::Day, 0, 3), start + BLOCKING - Duration::from_secs(1));
        let later = blocks.look(&report(LimitWindow::Day, 0, 3), start + BLOCKING);

        assert_eq!([before.len(), now.len(), soon.len(), later.len()], [0, 1, 1, 0]);
    }

    #[test]
    fn a_clock_that_jumped_is_critical() {
        let jumped =
            BudgetReport { clock_jump: Some(ClockJump { by_ms: 7_200_000 }), ..report(LimitWindow::Day, 0, 0) };

        let told = of_budget(&jumped, &[]);

        assert_eq!((told[0].kind, told[0].severity), (ConditionKind::ClockDoubt, AlertSeverity::Critical));
        assert!(told[0].detail.contains("120 min"));
    }

    #[test]
    fn a_figure_names_the_bound_that_is_nearest() {
        let vital = vital(&report(LimitWindow::Day, 410, 0).limits[0]);

        assert_eq!((vital.name.as_str(), vital.value.as_str()), ("budget daily", "41 % of 1000 tokens"));
    }
}
