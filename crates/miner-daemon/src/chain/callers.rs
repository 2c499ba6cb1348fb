//! Keeps who may call: the neurons of a subnet, read in one go once per epoch, and sooner when something has changed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use bittensor::ss58;
use chain::Metagraph;
use chain::registration::{Eviction, Standing as Place, standing};
use common::call::miner::chain::Registration;
use common::id::{Netuid, Ss58};
use daemon_kit::{Durability, StoreError};

use super::Scope;
use super::memory::{self, Remembered};
use super::view::{Callers, Subnet};
use crate::admission::Standing;

/// Blocks from one reading to the next that something asks for: strangers must not make us read at every block.
const LEAST_BLOCKS: u64 = 5;
/// So many epochs old, the neurons are called stale.
const STALE_EPOCHS: u32 = 2;

/// Alpha has nine decimals.
const ALPHA: u64 = 1_000_000_000;

/// Fills the view with what was known before this start.
///
/// # Errors
/// The database does not work.
pub(super) async fn recall(scope: &Scope) -> Result<(), StoreError> {
    for netuid in scope.view.netuids() {
        let name = scope.chain_name();
        let known =
            scope.store.run(Durability::Lazy, move |connection| memory::recall(connection, &name, netuid)).await?;
        if let (Some(known), Some(subnet)) = (known, scope.view.subnet(netuid)) {
            let validators = known.standings.values().filter(|standing| standing.permit).count();
            subnet.set_callers(Callers {
                block: known.block,
                neurons: count(known.standings.len()),
                validators: count(validators),
                fresh_until: Instant::now(),
                most_stake: most_stake(&known.standings),
                standings: Arc::new(known.standings),
            });
        }
    }
    Ok(())
}

/// What was read last, as far as the next reading depends on it.
#[derive(Clone, Copy, Debug)]
struct Last {
    block: u64,
    tempo: u16,
}

/// Reads when it is time, until the daemon stops.
pub(super) async fn keep(scope: Scope, netuid: Netuid) {
    let Some(subnet) = scope.view.subnet(netuid) else { return };
    let mut last = None;
    let (mut known, mut failing) = (None, false);
    while let Some(block) = scope.next_block(known).await {
        known = Some(block.head().hash);
        if !is_due(last, block.number(), subnet.is_asked_for()) {
            continue;
        }
        subnet.take_question();
        match block.metagraph(netuid.0).await {
            Ok(metagraph) => {
                failing = false;
                last = Some(Last { block: metagraph.block, tempo: metagraph.tempo });
                publish(&scope, subnet, netuid, &metagraph).await;
            }
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%netuid, %error, "The neurons cannot be read; those known are used on");
                }
                subnet.ask();
                // Not at every block, but before long.
                last = last.or(Some(Last { block: block.number(), tempo: 0 }));
            }
        }
    }
}

/// Whether to read at `head`. A chain that went back was replaced.
fn is_due(last: Option<Last>, head: u64, asked: bool) -> bool {
    let Some(Last { block, tempo }) = last else { return true };
    match head.checked_sub(block) {
        None => true,
        Some(passed) if asked => passed >= LEAST_BLOCKS,
        Some(passed) => passed > u64::from(tempo).max(LEAST_BLOCKS),
    }
}

async fn publish(scope: &Scope, subnet: &Subnet, netuid: Netuid, metagraph: &Metagraph) {
    let standings: HashMap<Ss58, Standing> = metagraph
        .neurons
        .iter()
        .map(|neuron| {
            let standing = Standing { permit: neuron.validator_permit, stake: neuron.total_stake / ALPHA };
            (ss58::encode(&neuron.hotkey), standing)
        })
        .collect();
    let validators = standings.values().filter(|standing| standing.permit).count();
    let epoch = scope.settings.timing.block.saturating_mul(u32::from(metagraph.tempo) + 1);
    subnet.set_callers(Callers {
        block: metagraph.block,
        neurons: count(standings.len()),
        validators: count(validators),
        fresh_until: Instant::now() + epoch.saturating_mul(STALE_EPOCHS),
        most_stake: most_stake(&standings),
        standings: Arc::new(standings.clone()),
    });
    if let Some(place) = place(metagraph, &scope.hotkey.public()) {
        subnet.set_registration(place);
    }
    let name = scope.chain_name();
    let known = Remembered { block: metagraph.block, standings };
    let kept = move |connection: &_| memory::remember(connection, &name, netuid, &known);
    if let Err(error) = scope.store.run(Durability::Lazy, kept).await {
        let error = anyhow::Error::new(error);
        tracing::warn!(error = format!("{error:#}"), "The neurons cannot be remembered for the next start");
    }
}

/// How safe our place is. That it is lost is for the watch at every block to say.
fn place(metagraph: &Metagraph, hotkey: &chain::Account) -> Option<Registration> {
    match standing(metagraph, hotkey) {
        Place::NotRegistered => None,
        Place::Registered { uid, immunity_blocks_left, eviction } => Some(Registration::Registered {
            uid,
            immunity_blocks_left: Some(immunity_blocks_left),
            evicted_after: match eviction {
                Eviction::Never => None,
                Eviction::After { registrations } => Some(registrations),
            },
        }),
    }
}

fn most_stake(standings: &HashMap<Ss58, Standing>) -> u64 {
    standings.values().map(|standing| standing.stake).max().unwrap_or(0)
}

fn count(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: Option<Last> = Some(Last { block: 1_000, tempo: 360 });

    #[test]
    fn neurons_are_read_at_first_and_once_per_epoch() {
        assert!(is_due(None, 5, false));
        assert!(!is_due(LAST, 1_360, false));
        assert!(is_due(LAST, 1_361, false));
    }

    #[test]
    fn a_question_is_answered_soon_but_not_at_every_block() {
        assert!(!is_due(LAST, 1_004, true));
        assert!(is_due(LAST, 1_005, true));
    }

    #[test]
    fn a_chain_that_went_back_is_read_anew() {
        assert!(is_due(LAST, 999, false));
    }
}
