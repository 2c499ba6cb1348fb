//! How much is left of the budget, as it was within the last second: what decisions go by. That there is room is only said by
//! the ledger, when it reserves.

use std::sync::Arc;
use std::time::Duration;

use common::call::task::{BudgetReport, LimitUse};
use common::config::budget::LimitScope;
use common::decision::WindowFacts;
use common::id::{Netuid, Ss58};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::chain::chain;
use crate::ledger::{Reporter, elapsed_share};

/// How often it is read.
const EVERY: Duration = Duration::from_secs(1);

/// How much is left of the budget. Clones share it.
#[derive(Clone, Debug)]
pub struct Headroom(watch::Receiver<Arc<[Window]>>);

/// Keeps the headroom up to date.
#[derive(Debug)]
pub struct Gauge(watch::Sender<Arc<[Window]>>);

#[derive(Clone, Debug)]
struct Window {
    scope: LimitScope,
    facts: WindowFacts,
}

/// Nothing is known yet.
#[must_use]
pub fn channel() -> (Gauge, Headroom) {
    let (sender, receiver) = watch::channel(Vec::new().into());
    (Gauge(sender), Headroom(receiver))
}

impl Gauge {
    /// Reads the budget every second until the ledger has ended.
    pub async fn keep(self, reporter: Reporter) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = reporter.ledger_ended() => return,
            }
            match reporter.report().await {
                Ok(report) => drop(self.0.send_replace(windows(&report))),
                Err(error) => {
                    tracing::warn!(error = chain(&error), "The budget cannot be read; the last one known is used")
                }
            }
        }
    }
}

impl Headroom {
    /// Returns the limits that hold for a validator's tasks whatever model is called.
    #[must_use]
    pub fn windows(&self, netuid: Netuid, caller: &Ss58) -> Vec<WindowFacts> {
        let known = self.0.borrow();
        let holds = |scope: &LimitScope| {
            scope.netuid.is_none_or(|of| of == netuid) && scope.validator.as_ref().is_none_or(|of| of == caller)
        };
        known.iter().filter(|window| holds(&window.scope)).map(|window| window.facts.clone()).collect()
    }
}

fn windows(report: &BudgetReport) -> Arc<[Window]> {
    let limits = report.limits.iter().map(|state| &state.usage).filter(|usage| is_general(&usage.scope));
    limits.map(|usage| Window { scope: usage.scope.clone(), facts: facts(usage, report.unix_ms) }).collect()
}

/// Whether a limit holds whatever is called.
fn is_general(scope: &LimitScope) -> bool {
    let LimitScope { vendor, key, model, netuid: _, validator: _ } = scope;
    vendor.is_none() && key.is_none() && model.is_none()
}

fn facts(usage: &LimitUse, unix_ms: u64) -> WindowFacts {
    let (settled, reserved) = (usage.settled, usage.reserved);
    let tokens = settled.tokens.saturating_add(reserved.tokens);
    let cost = settled.cost.saturating_add(reserved.cost);
    let share = |used: u64, most: u64| if most == 0 { 1.0 } else { (used as f64 / most as f64).min(1.0) };
    let of_tokens = usage.max_tokens.map_or(0.0, |most| share(tokens, most));
    let of_cost = usage.max_cost.map_or(0.0, |most| share(cost.0, most.0));
    WindowFacts {
        limit: usage.name.clone(),
        tokens_left: usage.max_tokens.map(|most| most.saturating_sub(tokens)),
        cost_left: usage.max_cost.map(|most| common::money::NanoUsd(most.0.saturating_sub(cost.0))),
        used_share: of_tokens.max(of_cost),
        elapsed_share: elapsed_share(usage.window, unix_ms),
    }
}

#[cfg(test)]
mod tests {
    use common::call::task::{Amount, LimitState, OpenCalls};
    use common::config::budget::LimitWindow;
    use common::money::NanoUsd;

    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
    /// Six in the morning of 2026-11-28.
    const MORNING: u64 = 1_795_824_000_000 + 6 * 3_600_000;

    fn usage(name: &str, scope: LimitScope) -> LimitUse {
        LimitUse {
            name: name.into(),
            scope,
            window: LimitWindow::Day,
            settled: Amount { tokens: 300, cost: NanoUsd(10) },
            reserved: Amount { tokens: 100, cost: NanoUsd(5) },
            max_tokens: Some(1_000),
            max_cost: Some(NanoUsd(20)),
        }
    }

    fn report(usages: Vec<LimitUse>) -> BudgetReport {
        let state = |usage| LimitState { usage, reached_unix_ms: None, blocked: 0 };
        BudgetReport {
            unix_ms: MORNING,
            limits: usages.into_iter().map(state).collect(),
            open: OpenCalls::default(),
            blocked: Vec::new(),
            blocked_others: 0,
            clock_jump: None,
            earnings: None,
            lifted: Vec::new(),
        }
    }

    #[test]
    fn what_is_left_counts_reservations_and_the_scarcer_of_tokens_and_money() {
        let windows = windows(&report(vec![usage("day", LimitScope::default())]));

        let facts = &windows[0].facts;
        assert_eq!((facts.tokens_left, facts.cost_left), (Some(600), Some(NanoUsd(5))));
        assert!((facts.used_share - 0.75).abs() < 1e-9);
        assert!((facts.elapsed_share.unwrap() - 0.25).abs() < 1e-9);
    }

    #[test]
    fn only_limits_that_hold_whatever_is_called_count_and_only_for_whom_they_are() {
        let of = |validator: &str| LimitScope { validator: Some(validator.parse().unwrap()), ..LimitScope::default() };
        let (gauge, headroom) = channel();
        gauge.0.send_replace(windows(&report(vec![
            usage("all", LimitScope::default()),
            usage("model", LimitScope { model: Some("m".into()), ..LimitScope::default() }),
            usage("subnet", LimitScope { netuid: Some(Netuid(18)), ..LimitScope::default() }),
            usage("alice", of(ALICE)),
            usage("bob", of(BOB)),
        ])));

        let names = |netuid, caller: &str| -> Vec<String> {
            let windows = headroom.windows(Netuid(netuid), &caller.parse().unwrap());
            windows.into_iter().map(|window| window.limit).collect()
        };

        assert_eq!(names(18, ALICE), ["all", "subnet", "alice"]);
        assert_eq!(names(1, BOB), ["all", "bob"]);
    }
}
