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
