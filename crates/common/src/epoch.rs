//! What the chain said of our neuron at an epoch of a subnet: the only evidence of how validators value the answers.

use serde::{Deserialize, Serialize};

use crate::id::{Netuid, Ss58};
use crate::money::{AlphaRao, Rao};

/// The state of one subnet right after an epoch was computed, read from a finalized block.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EpochFacts {
    /// The subnet.
    pub netuid: Netuid,
    /// The hotkey that is mined with.
    pub hotkey: Ss58,
    /// The number of the block whose state this is.
    pub block: u64,
    /// Blocks from one epoch to the next.
    pub tempo: u16,
    /// Our neuron; none if the hotkey is not registered.
    pub neuron: Option<NeuronFacts>,
    /// Whether validators commit their weights first and reveal them later: then `weights` are old, and `commits` tells who
    /// has said something that nobody can read yet.
    pub commit_reveal: bool,
    /// Each validator's row that had taken effect by then.
    pub weights: Vec<ValidatorWeight>,
    /// Weights that validators have committed, and not revealed by then.
    pub commits: Vec<WeightCommit>,
    /// What registering another hotkey would cost.
    pub registration_price: Option<Rao>,
    /// What one alpha of the subnet costs.
    pub alpha_price: Option<Rao>,
}

/// Our neuron.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NeuronFacts {
    /// Our place in the subnet.
    pub uid: u16,
    /// Our share of what miners earn, as the chain has it: all incentives together are 65535.
    pub incentive: u16,
    /// What we earn by this epoch, in the subnet's alpha.
    pub emission: AlphaRao,
    /// 1 if nobody has more incentive.
    pub rank: u16,
    /// How many neurons have any incentive.
    pub earning: u16,
    /// All neurons of the subnet.
    pub neurons: u16,
    /// Blocks in which we cannot be replaced yet.
    pub immunity_blocks_left: u64,
    /// So many registrations later we would be replaced: 1 is the next one. None if we never are.
    pub evicted_after: Option<u32>,
}

/// One validator's weight of our UID, with what is needed to compare it with those of others.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ValidatorWeight {
    /// The validator's hotkey.
    pub validator: Ss58,
    /// Which of the subnet's mechanisms the row is for; most subnets have only 0.
    pub mechanism: u8,
    /// What it gives us; only its share of `total` means something.
    pub weight: u16,
    /// What it gives to all neurons together.
    pub total: u64,
    /// How many neurons it gives something to.
    pub rated: u16,
    /// The largest weight that it gives.
    pub largest: u16,
    /// Its stake weight in the subnet.
    pub stake: AlphaRao,
    /// The block in which it last set or, with commit and reveal, last committed weights; 0 if never.
    pub updated_block: u64,
}

/// A validator has committed weights that nobody can read yet.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WeightCommit {
    /// The validator's hotkey.
    pub validator: Ss58,
    /// The block in which it committed.
    pub block: u64,
}

/// Epochs of which nothing can be known any more.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EpochGap {
    /// The subnet.
    pub netuid: Netuid,
    /// The first block that was not looked at.
    pub from_block: u64,
    /// The last block that was not looked at.
    pub to_block: u64,
    /// Why.
    pub reason: GapReason,
}

/// Why epochs are missing.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// No endpoint has the state of those blocks any more.
    Pruned,
    /// The chain answers with something that this release cannot read.
    Unreadable,
    /// The miner was away for longer than it looks back.
    TooLong,
}

impl GapReason {
    /// Returns the reason's name as it stands in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pruned => "pruned",
            Self::Unreadable => "unreadable",
            Self::TooLong => "too_long",
        }
    }
}

/// The hotkey got a place in a subnet, or lost it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationChange {
    /// The subnet.
    pub netuid: Netuid,
    /// The hotkey.
    pub hotkey: Ss58,
    /// The block in which it was noticed.
    pub block: u64,
    /// The place; none if it was lost.
    pub uid: Option<u16>,
}
