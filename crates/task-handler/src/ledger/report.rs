//! What the operator is told of the budget.

use common::call::task::{Amount, BudgetReport, LimitState};
use daemon_kit::{Durability, Store, StoreError};
use tokio::sync::{oneshot, watch};

use super::blocked::Blocks;
use super::clock_guard::ClockGuard;
use super::lift::Lifts;
use super::settler::Note;
use super::sums::{Standing, Sums};
use super::{Clock, Ledger, forecast};

/// Tells of the budget without keeping the ledger open.
#[derive(Clone, Debug)]
pub struct Reporter {
    store: Store,
    sums: Sums,
    clock: Clock,
    guard: ClockGuard,
    lifts: Lifts,
    blocks: Blocks,
    ended: watch::Receiver<()>,
}

impl Ledger {
    /// Returns the budget now, every call counted that has ended.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn report(&self) -> Result<BudgetReport, StoreError> {
        let (written, all_written) = oneshot::channel();
        // Without its settler the ledger is stopping, and what is open counts in full.
        if self.settlements.send(Note::Asked(written)).await.is_ok() {
            drop(all_written.await);
        }
        self.reporter().report().await
    }

    /// Returns who tells of the budget.
    #[must_use]
    pub fn reporter(&self) -> Reporter {
        Reporter {
            store: self.store.clone(),
            sums: self.sums.clone(),
            clock: self.clock.clone(),
            guard: self.guard.clone(),
            lifts: self.lifts.clone(),
            blocks: self.blocks.clone(),
            ended: self.ended.clone(),
        }
    }
}

impl Reporter {
    /// Waits until the ledger has written its last call.
    pub async fn ledger_ended(&self) {
        // Nothing is ever sent: it ends with the settler.
        drop(self.ended.clone().changed().await);
    }

    /// Returns the budget now. Calls that have just ended may still count as open.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn report(&self) -> Result<BudgetReport, StoreError> {
        let (sums, blocks, now_ms) = (self.sums.clone(), self.blocks.clone(), self.clock.now_ms());
        let jump = self.guard.jump();
        let (blocked, blocked_others) = blocks.list();
        let lifted = self.lifts.list();
        self.store
            .run(Durability::Lazy, move |connection| {
                sums.with(connection, |tally| {
                    let unix_ms = tally.time_ms(now_ms);
                    Ok(BudgetReport {
                        unix_ms,
                        limits: tally.at(unix_ms).map(|standing| state(&standing, &blocks, unix_ms)).collect(),
                        open: tally.open_calls(),
                        blocked,
                        blocked_others,
                        clock_jump: jump,
                        earnings: tally.earnings().cloned(),
                        lifted,
                    })
                })
            })
            .await
    }
}

fn state(standing: &Standing<'_>, blocks: &Blocks, time_ms: u64) -> LimitState {
    let usage = standing.usage();
    let used = Amount {
        tokens: usage.settled.tokens.saturating_add(usage.reserved.tokens),
        cost: usage.settled.cost.saturating_add(usage.reserved.cost),
    };
    let pace = standing.pace();
    let reached = forecast::reached(usage.window, usage.max_tokens, usage.max_cost, used, pace, time_ms);
    LimitState { reached_unix_ms: reached, blocked: blocks.of_limit(&usage.name), usage }
}
