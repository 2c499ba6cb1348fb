//! Puts what the chain says of an epoch into the form in which tracker keeps it. Pure.

use bittensor::ss58;
use chain::Metagraph;
use chain::epochs::{PendingCommit, RowWeight};
use chain::registration::Eviction;
use common::epoch::{EpochFacts, NeuronFacts, ValidatorWeight, WeightCommit};
use common::id::{Netuid, Ss58};
use common::money::{AlphaRao, Rao};

/// An epoch in which the hotkey had its place.
pub(super) fn of_neuron(facts: &chain::epochs::EpochFacts, hotkey: Ss58) -> EpochFacts {
    let neuron = NeuronFacts {
        uid: facts.uid,
        incentive: facts.incentive,
        emission: AlphaRao(facts.emission),
        rank: small(facts.place),
        earning: small(facts.earning),
        neurons: small(facts.neurons),
        immunity_blocks_left: facts.immunity_blocks_left,
        evicted_after: match facts.eviction {
            Eviction::Never => None,
            Eviction::After { registrations } => Some(registrations),
        },
    };
    EpochFacts {
        netuid: Netuid(facts.netuid),
        hotkey,
        block: facts.block,
        tempo: facts.tempo,
        neuron: Some(neuron),
        commit_reveal: facts.commit_reveal,
        weights: facts.weights.iter().map(weight).collect(),
        commits: facts.pending.iter().map(commit).collect(),
        registration_price: Some(Rao(facts.registration_price_rao)),
        alpha_price: Some(Rao(facts.alpha_price_rao)),
    }
}

/// An epoch in which the hotkey had no place.
pub(super) fn without_neuron(metagraph: &Metagraph, hotkey: Ss58) -> EpochFacts {
    EpochFacts {
        netuid: Netuid(metagraph.netuid),
        hotkey,
        block: metagraph.block,
        tempo: metagraph.tempo,
        neuron: None,
        commit_reveal: metagraph.commit_reveal,
        weights: Vec::new(),
        commits: Vec::new(),
        registration_price: Some(Rao(metagraph.registration_price_rao)),
        alpha_price: None,
    }
}

fn weight(row: &RowWeight) -> ValidatorWeight {
    ValidatorWeight {
        validator: ss58::encode(&row.hotkey),
        mechanism: row.mechanism,
        weight: row.weight,
        total: row.total,
        rated: small(row.entries),
        largest: row.largest,
        stake: AlphaRao(row.stake),
        updated_block: row.changed_at,
    }
}

fn commit(commit: &PendingCommit) -> WeightCommit {
    WeightCommit { validator: ss58::encode(&commit.hotkey), block: commit.committed_at }
}

/// No subnet has so many neurons.
fn small(count: u32) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}
