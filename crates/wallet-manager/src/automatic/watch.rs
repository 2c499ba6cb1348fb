//! Looks at every epoch whether something is wanted, and wants it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chain::{Block, ChainError};
use common::call::wallet::operation::{Mode, Operation, OperationState, Origin, PerformOperation};
use common::config::wallet::{OperationKind, Reregister, StakingRule};
use common::id::{Netuid, OperationId, Ss58};
use common::money::Rao;
use daemon_kit::{Durability, Workers};

use super::decide::{self, Lost, Refrain};
use crate::journal::step::{Phase, Record};
use crate::ledger;
use crate::operations::Operations;

const DAY_MS: u64 = 24 * 3600 * 1000;
/// Over how many days earnings are looked at.
const DAYS: u64 = 7;
/// How long an operation may take until its state is told; it goes on after that.
const PATIENCE: Duration = Duration::from_secs(60);
/// So many finalized blocks lie between two looks.
const EVERY: u64 = 5;

/// The rules and what they are applied to.
pub(crate) struct Automatic {
    pub(crate) operations: Arc<Operations>,
    pub(crate) hotkey: Ss58,
    pub(crate) netuids: Vec<Netuid>,
    pub(crate) reregister: Reregister,
    pub(crate) rules: Vec<StakingRule>,
}

impl Automatic {
    /// Looks until the daemon stops.
    pub(crate) async fn run(self, workers: Workers) {
        if !self.reregister.enabled && self.rules.is_empty() {
            return;
        }
        let stopping = workers.token();
        let _ended = stopping.run_until_cancelled(self.look_again_and_again()).await;
    }

    async fn look_again_and_again(&self) {
        let mut finalized = self.operations.client.finalized();
        let mut looked = 0;
        let mut said = None;
        while finalized.changed().await.is_ok() {
            let Some(number) = finalized.borrow_and_update().map(|head| head.number) else { continue };
            if number < looked + EVERY {
                continue;
            }
            looked = number;
            let Ok(block) = self.operations.client.at_finalized().await else { continue };
            if let Err(error) = self.look(&block, &mut said).await {
                tracing::debug!(%error, "Cannot see whether something is wanted");
            }
        }
    }

    async fn look(&self, block: &Block, said: &mut Option<(Netuid, Refrain)>) -> Result<(), ChainError> {
        let Ok(hotkey) = bittensor::ss58::decode(self.hotkey.as_str()) else { return Ok(()) };
        let numbers: Vec<u16> = self.netuids.iter().map(|netuid| netuid.0).collect();
        let uids = block.uids(&numbers, &hotkey).await?;
        for (netuid, uid) in self.netuids.iter().zip(uids) {
            if uid.is_none() && self.reregister.enabled {
                self.buy_again(*netuid, said).await;
            }
        }
        for rule in &self.rules {
            let stake = block.stake(&self.operations.coldkey, &hotkey, decide::netuid(rule.when).0).await?;
            let free = block.balance(&self.operations.coldkey).await?.free;
            if let Some(operation) = decide::staking(rule.when, &self.hotkey, stake, free) {
                self.want(operation, if rule.act { Mode::Submit } else { Mode::Propose }).await;
            }
        }
        Ok(())
    }

    async fn buy_again(&self, netuid: Netuid, said: &mut Option<(Netuid, Refrain)>) {
        let operation =
            Operation::Register { netuid, hotkey: self.hotkey.clone(), max_cost: self.reregister.max_cost.0 };
        let cost = match self.operations.quote(&operation).await {
            Ok(quote) => quote.registration.map_or(u64::MAX, |cost| cost.price.0.saturating_add(quote.fee.0)),
            Err(fault) => {
                tracing::debug!(%netuid, %fault, "A lost place cannot be bought again just now");
                return;
            }
        };
        let lost = self.lost(netuid, cost).await;
        match decide::reregister(&self.reregister, lost) {
            Ok(max_cost) => {
                tracing::warn!(%netuid, cost = %Rao(cost), "Buying a lost place again");
                let operation = Operation::Register { netuid, hotkey: self.hotkey.clone(), max_cost };
                self.want(operation, Mode::Submit).await;
            }
            Err(refrain) => {
                if *said != Some((netuid, refrain)) {
                    tracing::warn!(%netuid, reason = %refrain, "A lost place is not bought again");
                    *said = Some((netuid, refrain));
                }
            }
        }
    }

    async fn lost(&self, netuid: Netuid, cost: u64) -> Lost {
        let now_ms = (self.operations.clock)();
        let journal = &self.operations.journal;
        let places =
            journal.all(|record| record.wanted.operation.kind() == OperationKind::Register && record.is_spent());
        let at = |record: &Record| record.prepared_ms.unwrap_or(record.wanted_ms);
        let spent_day = places.iter().filter(|place| at(place).saturating_add(DAY_MS) > now_ms);
        let spent_day = spent_day.fold(0_u64, |sum, place| sum.saturating_add(place.moved().0));
        let since = now_ms.saturating_sub(DAYS * DAY_MS);
        let read = move |connection: &rusqlite::Connection| ledger::emission_value(connection, netuid, since);
        let earned = journal.store().run(Durability::Lazy, read).await.unwrap_or(0);
        Lost { cost, spent_day, last_ms: places.iter().map(at).max(), earned_per_day: earned / DAYS, now_ms }
    }

    /// Wants an operation, unless one of its kind is still open, or was rejected not long ago.
    async fn want(&self, operation: Operation, mode: Mode) {
        let day_ago = (self.operations.clock)().saturating_sub(DAY_MS);
        let stands = |record: &Record| match record.phase {
            Phase::Waiting | Phase::Proposed(_) | Phase::Prepared | Phase::Signed(_) => true,
            Phase::Rejected => record.changed_ms > day_ago,
            Phase::Approved | Phase::Interrupted | Phase::Done(_) | Phase::Failed(_) | Phase::Unknown(..) => false,
        };
        let alike = self.operations.journal.all(|record| {
            record.wanted.origin == Origin::Automatic
                && record.wanted.operation.kind() == operation.kind()
                && stands(record)
        });
        if !alike.is_empty() {
            return;
        }
        let Ok(quote) = self.operations.quote(&operation).await else { return };
        let id = OperationId::new((self.operations.clock)(), rand::random());
        let call = PerformOperation { id, operation, agreed: quote.worst_cost, mode };
        match self.operations.perform(call, Origin::Automatic, Instant::now() + PATIENCE).await {
            Ok(view) => {
                let state = if let OperationState::Refused(violation) = &view.state {
                    format!("refused: {}", violation.reason)
                } else {
                    format!("{:?}", view.state)
                };
                tracing::info!(%id, state, "An automatic operation was wanted");
            }
            Err(fault) => tracing::warn!(%id, %fault, "An automatic operation was not done"),
        }
    }
}
