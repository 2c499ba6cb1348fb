//! Writes down what each epoch brings to the hotkey, from finalized blocks only, each epoch once.

use std::sync::Arc;
use std::time::Duration;

use chain::{Account, Block, ChainError, Client};
use common::call::wallet::balance::EarningsKind;
use common::id::{Netuid, Ss58};
use common::money::Rao;
use daemon_kit::{Durability, Workers};

use crate::journal::Journal;
use crate::ledger::{self, NewEntry};
use crate::service::error_chain;

/// Epochs looked back at in one go: three days of the usual tempo.
const MOST: usize = 64;
/// Between two tries while the chain does not answer.
const PAUSE: Duration = Duration::from_secs(5);

/// Follows one hotkey on one subnet.
pub(crate) struct Follower {
    pub(crate) client: Client,
    pub(crate) journal: Arc<Journal>,
    /// Under which name progress is kept: what was read of another chain means nothing on this one.
    pub(crate) chain: String,
    pub(crate) netuid: Netuid,
    pub(crate) hotkey: Account,
    pub(crate) address: Ss58,
}

/// An epoch could not be written down.
#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error("the chain did not answer")]
    Chain(#[from] ChainError),
    #[error("wallet.db does not work")]
    Store(#[from] daemon_kit::StoreError),
}

impl Follower {
    /// Follows until the daemon stops.
    pub(crate) async fn follow(self, workers: Workers) {
        let stopping = workers.token();
        let mut finalized = self.client.finalized();
        let mut told = None;
        loop {
            match stopping.run_until_cancelled(self.catch_up()).await {
                None => return,
                Some(Ok(())) => told = None,
                Some(Err(error)) => {
                    let error = error_chain(&error);
                    if told.as_ref() != Some(&error) {
                        tracing::warn!(netuid = %self.netuid, error, "Emissions cannot be written down just now");
                        told = Some(error);
                    }
                    if stopping.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
                        return;
                    }
                }
            }
            match stopping.run_until_cancelled(finalized.changed()).await {
                Some(Ok(())) => {}
                None | Some(Err(_)) => return,
            }
        }
    }

    async fn catch_up(&self) -> Result<(), FollowError> {
        let block = match self.client.at_finalized().await {
            // The connection itself is told of elsewhere.
            Err(ChainError::NotConnected(_)) => return Ok(()),
            block => block?,
        };
        let last = block.last_epoch(self.netuid.0).await?;
        let Some(seen) = self.progress().await? else {
            // What was before the first start was earned without us.
            return self.advance(last, Vec::new()).await;
        };
        if last <= seen {
            return Ok(());
        }
        let missed = block.missed_epochs(self.netuid.0, seen, MOST).await?;
        if let Some(before) = missed.lost_before {
            let there = block.at_number(before).await?;
            let gap = self.entry(&there, EarningsKind::Gap, 0, None).await?;
            self.advance(before.saturating_sub(1), vec![gap]).await?;
        }
        for epoch in missed.epochs {
            let there = block.at_number(epoch).await?;
            let entry = match there.metagraph(self.netuid.0).await?.by_hotkey(&self.hotkey) {
                Some(neuron) if neuron.emission > 0 => {
                    let price = there.alpha_price_rao(self.netuid.0).await?;
                    Some(self.entry(&there, EarningsKind::Emission, neuron.emission, Some(Rao(price))).await?)
                }
                _ => None,
            };
            self.advance(epoch, entry.into_iter().collect()).await?;
        }
        Ok(())
    }

    async fn entry(
        &self,
        block: &Block,
        kind: EarningsKind,
        alpha: u64,
        price: Option<Rao>,
    ) -> Result<NewEntry, FollowError> {
        Ok(NewEntry {
            unix_ms: block.time_ms().await?,
            block: block.number(),
            kind,
            netuid: Some(self.netuid),
            hotkey: Some(self.address.clone()),
            tao: 0,
            alpha: i64::try_from(alpha).unwrap_or(i64::MAX),
            price,
            transaction: None,
            operation: None,
        })
    }

    async fn progress(&self) -> Result<Option<u64>, FollowError> {
        let (chain, netuid, hotkey) = (self.chain.clone(), self.netuid, self.address.clone());
        let read = move |connection: &rusqlite::Connection| ledger::progress(connection, &chain, netuid, &hotkey);
        Ok(self.journal.store().run(Durability::Lazy, read).await?)
    }

    async fn advance(&self, block: u64, entries: Vec<NewEntry>) -> Result<(), FollowError> {
        let (chain, netuid, hotkey) = (self.chain.clone(), self.netuid, self.address.clone());
        let write = move |connection: &rusqlite::Connection| {
            ledger::advance(connection, &chain, netuid, &hotkey, block, &entries)
        };
        Ok(self.journal.store().run(Durability::Synced, write).await?)
    }
}
