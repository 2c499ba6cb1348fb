//! Reports each epoch of a subnet to tracker: from finalized blocks, once, and those that were missed as far as any node
//! still knows them.

use std::time::SystemTime;

use chain::{Block, ChainError};
use common::epoch::{EpochGap, GapReason};
use common::id::{EntryId, Netuid};
use common::record::{Entry, Record};
use daemon_kit::{Durability, StoreError};

use super::Scope;
use super::{facts, memory};
use crate::clock;

/// The most epochs that are looked back: three days of a subnet with the usual tempo.
const MOST: usize = 64;
/// A finalized head so far behind what was reported belongs to a chain that was made anew.
const REPLACED_BLOCKS: u64 = 256;

/// Reports until the daemon stops.
pub(super) async fn report(scope: Scope, netuid: Netuid) {
    let name = scope.chain_name();
    let mut finalized = scope.client.finalized();
    let mut failing = false;
    loop {
        tokio::select! {
            changed = finalized.changed() => if changed.is_err() { return },
            () = scope.workers.stopping() => return,
        }
        let stopping = scope.workers.token();
        let Some(caught_up) = stopping.run_until_cancelled(catch_up(&scope, &name, netuid)).await else { return };
        match caught_up {
            Ok(()) => failing = false,
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(%netuid, error = format!("{:#}", anyhow::Error::new(error)), "Epochs cannot be reported yet");
            }
            Err(error) => tracing::debug!(%netuid, %error, "Epochs cannot be reported yet"),
        }
    }
}

/// Why an epoch waits.
#[derive(Debug, thiserror::Error)]
enum ReportError {
    #[error("the chain did not answer")]
    Chain(#[from] ChainError),
    #[error("the database failed")]
    Store(#[from] StoreError),
}

/// Reports everything up to the finalized head.
async fn catch_up(scope: &Scope, name: &str, netuid: Netuid) -> Result<(), ReportError> {
    let head = scope.client.at_finalized().await?;
    let Some(seen) = seen(scope, name, netuid, &head).await? else { return Ok(()) };
    let missed = head.missed_epochs(netuid.0, seen, MOST).await?;
    if let Some(first_known) = missed.lost_before {
        let reason = if missed.epochs.len() >= MOST { GapReason::TooLong } else { GapReason::Pruned };
        lose(scope, name, netuid, [seen.saturating_add(1), first_known.saturating_sub(1)], reason).await?;
    }
    for block in missed.epochs {
        match read(scope, &head, netuid, block).await {
            Ok(entry) => {
                keep(scope, name, netuid, block, vec![entry]).await?;
                tracing::info!(%netuid, block, "Reported an epoch");
            }
            Err(ChainError::StatePruned { .. } | ChainError::UnknownBlock { .. }) => {
                lose(scope, name, netuid, [block, block], GapReason::Pruned).await?;
            }
            Err(error @ (ChainError::Malformed { .. } | ChainError::ShapeDiffers(_))) => {
                tracing::error!(%netuid, block, %error, "An epoch cannot be read by this release");
                lose(scope, name, netuid, [block, block], GapReason::Unreadable).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Up to which block everything is reported. A miner that is new to the chain begins with the newest epoch.
async fn seen(scope: &Scope, name: &str, netuid: Netuid, head: &Block) -> Result<Option<u64>, ReportError> {
    let owned = name.to_owned();
    let known =
        scope.store.run(Durability::Lazy, move |connection| memory::progress(connection, &owned, netuid)).await?;
    if let Some(known) = known
        && known <= head.number().saturating_add(REPLACED_BLOCKS)
    {
        if let Some(subnet) = scope.view.subnet(netuid) {
            subnet.set_last_epoch_block(known);
        }
        return Ok((known <= head.number()).then_some(known));
    }
    Ok(Some(head.last_epoch(netuid.0).await?.saturating_sub(1)))
}

async fn read(scope: &Scope, head: &Block, netuid: Netuid, block: u64) -> Result<Entry, ChainError> {
    let at = head.at_number(block).await?;
    let metagraph = at.metagraph(netuid.0).await?;
    let hotkey = scope.address.clone();
    let (unix_ms, facts) = match at.facts_of(&metagraph, &scope.hotkey.public()).await {
        Ok(facts) => (facts.time_ms, facts::of_neuron(&facts, hotkey)),
        Err(ChainError::NotRegistered { .. }) => (at.time_ms().await?, facts::without_neuron(&metagraph, hotkey)),
        Err(error) => return Err(error),
    };
    Ok(Entry { id: EntryId::of_block(unix_ms, netuid, block), unix_ms, record: Record::Epoch(facts) })
}

async fn lose(
    scope: &Scope,
    name: &str,
    netuid: Netuid,
    [from_block, to_block]: [u64; 2],
    reason: GapReason,
) -> Result<(), ReportError> {
    tracing::warn!(%netuid, from_block, to_block, reason = reason.name(), "Epochs were missed for good");
    let unix_ms = clock::unix_ms(SystemTime::now());
    let gap = EpochGap { netuid, from_block, to_block, reason };
    let entry = Entry { id: EntryId::new(unix_ms, rand::random()), unix_ms, record: Record::EpochGap(gap) };
    keep(scope, name, netuid, to_block, vec![entry]).await
}

async fn keep(scope: &Scope, name: &str, netuid: Netuid, block: u64, entries: Vec<Entry>) -> Result<(), ReportError> {
    let name = name.to_owned();
    let job = move |connection: &_| memory::report(connection, &name, netuid, block, &entries);
    // What is not written now would be read from the chain again after the next start, if it still can be.
    scope.store.run(Durability::Synced, job).await?;
    scope.courier.notify();
    if let Some(subnet) = scope.view.subnet(netuid) {
        subnet.set_last_epoch_block(block);
    }
    Ok(())
}
