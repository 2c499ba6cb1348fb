//! What an epoch did for a hotkey, and which weights led to it.

use scale_value::Value;

use super::commits::{PendingCommit, index};
use crate::block::Block;
use crate::error::ChainError;
use crate::head::{Account, BlockHash};
use crate::metagraph::{Metagraph, Neuron};
use crate::registration::{Eviction, Standing, standing};
use crate::shapes::known;

/// More mechanisms than any subnet has.
const MOST_MECHANISMS: u8 = 8;

/// What an epoch did for a hotkey. Amounts of alpha are in its smallest unit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EpochFacts {
    /// The subnet.
    pub netuid: u16,
    /// The epoch's block.
    pub block: u64,
    /// The block's hash: another one later means that the chain was replaced.
    pub hash: BlockHash,
    /// What the author's clock said, in milliseconds since 1970.
    pub time_ms: u64,
    /// Blocks from epoch to epoch.
    pub tempo: u16,
    /// Our place.
    pub uid: u16,
    /// The block at which we were registered.
    pub registered_at: u64,
    /// Our share as a miner in the first mechanism: 65535 is all.
    pub incentive: u16,
    /// How many have a greater share, plus one.
    pub place: u32,
    /// How many have a share at all.
    pub earning: u32,
    /// How many neurons there are.
    pub neurons: u32,
    /// What we were given.
    pub emission: u64,
    /// Blocks for which we are not evicted.
    pub immunity_blocks_left: u64,
    /// How soon we would be evicted.
    pub eviction: Eviction,
    /// The price of a place, in rao.
    pub registration_price_rao: u64,
    /// The price of 1 alpha, in rao.
    pub alpha_price_rao: u64,
    /// Whether weights are committed first and revealed later. Then `weights` are old, and `pending` says what is coming.
    pub commit_reveal: bool,
    /// What each validator says of us, by uid.
    pub weights: Vec<RowWeight>,
    /// Weights committed but not yet revealed.
    pub pending: Vec<PendingCommit>,
}

/// What one validator says of us.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RowWeight {
    /// For which mechanism of the subnet.
    pub mechanism: u8,
    /// Its place.
    pub uid: u16,
    /// Its hotkey.
    pub hotkey: Account,
    /// Whether its weights count.
    pub validator_permit: bool,
    /// Its stake as the subnet weighs it.
    pub stake: u64,
    /// What it gives us.
    pub weight: u16,
    /// What it gives to all.
    pub total: u64,
    /// To how many it gives something.
    pub entries: u32,
    /// The most that it gives to one.
    pub largest: u16,
    /// The block at which it last set, or with commit and reveal last committed, weights.
    pub changed_at: u64,
}

impl Block {
    /// What the epoch in this block did for a hotkey.
    ///
    /// # Errors
    /// If there is no such subnet, the hotkey is not registered on it at this block, there is no answer, or the node has
    /// forgotten the block's state.
    pub async fn epoch_facts(&self, netuid: u16, hotkey: &Account) -> Result<EpochFacts, ChainError> {
        let metagraph = self.metagraph(netuid).await?;
        self.facts_of(&metagraph, hotkey).await
    }

    /// The same, with a metagraph that was read at this block.
    ///
    /// # Errors
    /// As [`Self::epoch_facts`].
    pub async fn facts_of(&self, metagraph: &Metagraph, hotkey: &Account) -> Result<EpochFacts, ChainError> {
        let netuid = metagraph.netuid;
        let not_registered = || ChainError::NotRegistered { netuid, hotkey: *hotkey };
        let ours = metagraph.by_hotkey(hotkey).ok_or_else(not_registered)?;
        let Standing::Registered { uid, immunity_blocks_left, eviction } = standing(metagraph, hotkey) else {
            return Err(not_registered());
        };
        let mechanisms = self.mechanisms(netuid).await?;
        let mut weights = Vec::new();
        for mechanism in 0..mechanisms {
            weights.extend(self.rows(metagraph, mechanism, uid).await?);
        }
        let greater = metagraph.neurons.iter().filter(|neuron| neuron.incentive > ours.incentive).count();
        let earning = metagraph.neurons.iter().filter(|neuron| neuron.incentive > 0).count();
        Ok(EpochFacts {
            netuid,
            block: metagraph.block,
            hash: metagraph.hash,
            time_ms: self.time_ms().await?,
            tempo: metagraph.tempo,
            uid,
            registered_at: ours.registered_at,
            incentive: ours.incentive,
            place: count(greater.saturating_add(1)),
            earning: count(earning),
            neurons: count(metagraph.neurons.len()),
            emission: ours.emission,
            immunity_blocks_left,
            eviction,
            registration_price_rao: metagraph.registration_price_rao,
            alpha_price_rao: self.alpha_price_rao(netuid).await?,
            commit_reveal: metagraph.commit_reveal,
            weights,
            pending: self.pending_commits(metagraph, mechanisms).await?,
        })
    }

    /// How many mechanisms a subnet has.
    async fn mechanisms(&self, netuid: u16) -> Result<u8, ChainError> {
        match self.value::<u8>(&known::MECHANISMS, vec![netuid.into()]).await {
            Ok(count) => Ok(count.clamp(1, MOST_MECHANISMS)),
            Err(ChainError::Unsupported { .. }) => Ok(1),
            Err(error) => Err(error),
        }
    }

    /// The rows of weights of one mechanism, and our entry in each.
    async fn rows(&self, metagraph: &Metagraph, mechanism: u8, ours: u16) -> Result<Vec<RowWeight>, ChainError> {
        let index = index(metagraph.netuid, mechanism);
        let keys = metagraph.neurons.iter().map(|neuron| vec![index.into(), Value::from(neuron.uid)]).collect();
        let rows: Vec<Option<Vec<(u16, u16)>>> = self.values(&known::WEIGHTS, keys).await?;
        let updates: Vec<u64> = self.value(&known::LAST_UPDATE, vec![index.into()]).await?;
        let rows = metagraph.neurons.iter().zip(rows).filter_map(|(neuron, row)| {
            let row = row.unwrap_or_default();
            // A validator that never set weights says nothing of us, but that it is silent is worth knowing.
            if row.is_empty() && !neuron.validator_permit {
                return None;
            }
            Some(RowWeight::new(mechanism, neuron, ours, &row, &updates))
        });
        Ok(rows.collect())
    }
}

impl RowWeight {
    fn new(mechanism: u8, neuron: &Neuron, ours: u16, row: &[(u16, u16)], updates: &[u64]) -> Self {
        Self {
            mechanism,
            uid: neuron.uid,
            hotkey: neuron.hotkey,
            validator_permit: neuron.validator_permit,
            stake: neuron.total_stake,
            weight: row.iter().find(|(uid, _)| *uid == ours).map_or(0, |(_, weight)| *weight),
            total: row.iter().map(|(_, weight)| u64::from(*weight)).sum(),
            largest: row.iter().map(|(_, weight)| *weight).max().unwrap_or_default(),
            entries: count(row.iter().filter(|(_, weight)| *weight > 0).count()),
            changed_at: updates.get(usize::from(neuron.uid)).copied().unwrap_or_default(),
        }
    }
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
