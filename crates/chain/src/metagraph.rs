//! A subnet's neurons at one block: one read, one immutable picture.

use std::collections::HashMap;

use scale_decode::DecodeAsType;

use crate::axon::{PublishedAxon, RawAxon};
use crate::block::Block;
use crate::error::ChainError;
use crate::head::{Account, BlockHash};
use crate::shapes::known;

/// A subnet and its neurons at one block.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Metagraph {
    /// The subnet.
    pub netuid: u16,
    /// The block's height.
    pub block: u64,
    /// The block's hash.
    pub hash: BlockHash,
    /// Blocks from epoch to epoch.
    pub tempo: u16,
    /// The last epoch's block.
    pub last_epoch: u64,
    /// The subnet owner's hotkey.
    pub owner_hotkey: Account,
    /// The subnet owner's coldkey.
    pub owner_coldkey: Account,
    /// So many of the owner's hotkeys are never evicted.
    pub immune_owner_uids: u16,
    /// Blocks for which a new neuron is not evicted.
    pub immunity_period: u16,
    /// So many neurons stay outside of immunity, even if that means evicting immune ones.
    pub min_non_immune: u16,
    /// Places.
    pub max_uids: u16,
    /// Places of validators.
    pub max_validators: u16,
    /// The price of a place, in rao.
    pub registration_price_rao: u64,
    /// Whether new neurons are taken in.
    pub registration_allowed: bool,
    /// Blocks that must lie between two publications of an axon.
    pub serving_rate_limit: u64,
    /// Whether weights are committed first and revealed later.
    pub commit_reveal: bool,
    /// Epochs from commit to reveal.
    pub reveal_epochs: u64,
    /// The neurons; a neuron's place is its uid.
    pub neurons: Vec<Neuron>,
    by_hotkey: HashMap<Account, u16>,
}

/// A neuron: a miner, a validator or both.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Neuron {
    /// Its place.
    pub uid: u16,
    /// The key it signs with.
    pub hotkey: Account,
    /// The key that owns it.
    pub coldkey: Account,
    /// Whether it set weights not long ago.
    pub active: bool,
    /// Whether its weights count.
    pub validator_permit: bool,
    /// Where it says it is reached.
    pub axon: Option<PublishedAxon>,
    /// The block at which it last set or committed weights.
    pub last_update: u64,
    /// The block at which it was registered.
    pub registered_at: u64,
    /// What it was given in the last epoch, in alpha's smallest unit.
    pub emission: u64,
    /// Its share as a miner: 65535 is all.
    pub incentive: u16,
    /// Its share as a validator: 65535 is all.
    pub dividends: u16,
    /// What validators agree that it is worth: 65535 is all.
    pub consensus: u16,
    /// Its stake on this subnet, in alpha's smallest unit.
    pub alpha_stake: u64,
    /// Its stake on the root network, in rao.
    pub tao_stake: u64,
    /// Both together as the subnet weighs them. What permits and priority go by.
    pub total_stake: u64,
}

impl Metagraph {
    /// Finds a neuron by its hotkey.
    #[must_use]
    pub fn by_hotkey(&self, hotkey: &Account) -> Option<&Neuron> {
        self.neurons.get(usize::from(*self.by_hotkey.get(hotkey)?))
    }

    /// A full subnet at block 1000 with an immunity of 100 blocks.
    #[cfg(test)]
    pub(crate) fn for_tests(max_uids: u16, hash: BlockHash, neurons: Vec<Neuron>) -> Self {
        let metagraph = Self {
            netuid: 2,
            block: 1000,
            hash,
            tempo: 360,
            last_epoch: 990,
            owner_hotkey: [250; 32],
            owner_coldkey: [251; 32],
            immune_owner_uids: 1,
            immunity_period: 100,
            min_non_immune: 0,
            max_uids,
            max_validators: 64,
            registration_price_rao: 1,
            registration_allowed: true,
            serving_rate_limit: 50,
            commit_reveal: false,
            reveal_epochs: 1,
            neurons,
            by_hotkey: HashMap::new(),
        };
        metagraph.index()
    }

    /// Makes a metagraph of neurons whose uids are their places.
    fn index(mut self) -> Self {
        self.by_hotkey = self.neurons.iter().map(|neuron| (neuron.hotkey, neuron.uid)).collect();
        self
    }
}

impl Block {
    /// The subnet's neurons at this block.
    ///
    /// # Errors
    /// If there is no such subnet, no answer, or one that makes no sense.
    pub async fn metagraph(&self, netuid: u16) -> Result<Metagraph, ChainError> {
        let raw: Option<RawMetagraph> = self.api(&known::METAGRAPH, netuid).await?;
        let raw = raw.ok_or(ChainError::UnknownSubnet(netuid))?;
        let immune_owner_uids = self.newer(&known::IMMUNE_OWNER_UIDS, netuid, 1).await?;
        let min_non_immune = self.newer(&known::MIN_NON_IMMUNE, netuid, 0).await?;
        raw.checked(netuid, self, immune_owner_uids, min_non_immune)
    }

    /// A number that older runtimes have built in.
    async fn newer(&self, entry: &known::Entry, netuid: u16, built_in: u16) -> Result<u16, ChainError> {
        match self.value(entry, vec![netuid.into()]).await {
            Err(ChainError::Unsupported { .. }) => Ok(built_in),
            found => found,
        }
    }
}

/// What the chain answers. Fields are found by their names, so others may come and go.
#[derive(Debug, DecodeAsType)]
struct RawMetagraph {
    netuid: u16,
    owner_hotkey: Account,
    owner_coldkey: Account,
    block: u64,
    tempo: u16,
    last_step: u64,
    max_validators: u16,
    max_uids: u16,
    burn: u64,
    registration_allowed: bool,
    immunity_period: u16,
    serving_rate_limit: u64,
    commit_reveal_weights_enabled: bool,
    commit_reveal_period: u64,
    hotkeys: Vec<Account>,
    coldkeys: Vec<Account>,
    axons: Vec<RawAxon>,
    active: Vec<bool>,
    validator_permit: Vec<bool>,
    last_update: Vec<u64>,
    emission: Vec<u64>,
    dividends: Vec<u16>,
    incentives: Vec<u16>,
    consensus: Vec<u16>,
    block_at_registration: Vec<u64>,
    alpha_stake: Vec<u64>,
    tao_stake: Vec<u64>,
    total_stake: Vec<u64>,
}

impl RawMetagraph {
    fn checked(
        self,
        netuid: u16,
        block: &Block,
        immune_owner_uids: u16,
        min_non_immune: u16,
    ) -> Result<Metagraph, ChainError> {
        let malformed = |problem: String| ChainError::Malformed { what: known::METAGRAPH.name, problem };
        if self.netuid != netuid || self.block != block.number() {
            return Err(malformed(format!("it is of subnet {} at block {}", self.netuid, self.block)));
        }
        let neurons = self.neurons().ok_or_else(|| malformed("its columns differ in length".to_owned()))?;
        let metagraph = Metagraph {
            netuid,
            block: self.block,
            hash: block.head().hash,
            tempo: self.tempo,
            last_epoch: self.last_step,
            owner_hotkey: self.owner_hotkey,
            owner_coldkey: self.owner_coldkey,
            immune_owner_uids,
            immunity_period: self.immunity_period,
            min_non_immune,
            max_uids: self.max_uids,
            max_validators: self.max_validators,
            registration_price_rao: self.burn,
            registration_allowed: self.registration_allowed,
            serving_rate_limit: self.serving_rate_limit,
            commit_reveal: self.commit_reveal_weights_enabled,
            reveal_epochs: self.commit_reveal_period,
            neurons,
            by_hotkey: HashMap::new(),
        };
        Ok(metagraph.index())
    }

    /// Turns columns into rows; nothing if one is too short.
    fn neurons(&self) -> Option<Vec<Neuron>> {
        let count = u16::try_from(self.hotkeys.len()).ok()?;
        (0..count)
            .map(|uid| {
                let place = usize::from(uid);
                Some(Neuron {
                    uid,
                    hotkey: *self.hotkeys.get(place)?,
                    coldkey: *self.coldkeys.get(place)?,
                    active: *self.active.get(place)?,
                    validator_permit: *self.validator_permit.get(place)?,
                    axon: self.axons.get(place)?.published(),
                    last_update: *self.last_update.get(place)?,
                    registered_at: *self.block_at_registration.get(place)?,
                    emission: *self.emission.get(place)?,
                    incentive: *self.incentives.get(place)?,
                    dividends: *self.dividends.get(place)?,
                    consensus: *self.consensus.get(place)?,
                    alpha_stake: *self.alpha_stake.get(place)?,
                    tao_stake: *self.tao_stake.get(place)?,
                    total_stake: *self.total_stake.get(place)?,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use codec::Encode;
    use common::config::chain::Network;
    use sandbox_chain::{Genesis, Neuron as Seat, Node, NodeConfig, Subnet};
    use tokio::task::JoinSet;

    use super::*;
    use crate::network::{Endpoint, Settings, Timing};

    #[tokio::test(flavor = "multi_thread")]
    async fn a_full_subnet_is_decoded_in_ten_milliseconds() {
        let seat = |uid: u8| {
            let (hotkey, coldkey) = ([uid; 32], [200; 32]);
            Seat { netuid: 2, hotkey, coldkey, stake: u64::from(uid) << 40, validator_permit: uid < 64 }
        };
        let subnets = vec![Subnet { netuid: 2, ..Subnet::default() }];
        let genesis = Genesis { subnets, neurons: (0..=255).map(seat).collect(), ..Genesis::default() };
        let node = Node::start(&NodeConfig::manual(genesis)).unwrap();
        let endpoints = vec![Endpoint::parse(Network::Sandbox, &node.url()).unwrap()];
        let timing = Timing::of(Network::Sandbox);
        let (client, driver) = crate::connect(Settings { network: Network::Sandbox, endpoints, genesis: None, timing });
        let mut running = JoinSet::new();
        running.spawn(node.run());
        running.spawn(driver.run(std::future::pending()));
        let block = client.connected(Duration::from_secs(20)).await.unwrap();
        let method = "SubnetInfoRuntimeApi_get_metagraph";
        let bytes = block.at.runtime_apis().call_raw(method, Some(&2_u16.encode())).await.unwrap();

        let decode = || {
            let start = Instant::now();
            let raw: Option<RawMetagraph> =
                crate::decoding::answer(block.at.metadata_ref(), &known::METAGRAPH, &bytes).unwrap();
            let metagraph = raw.unwrap().checked(2, &block, 1, 0).unwrap();
            (start.elapsed(), metagraph)
        };
        let (mut times, metagraphs): (Vec<_>, Vec<_>) = (0..9).map(|_| decode()).unzip();

        assert_eq!(metagraphs[0].neurons.len(), 256);
        assert_eq!(metagraphs[0].by_hotkey(&[77; 32]).unwrap().uid, 77);
        times.sort_unstable();
        // Unoptimised code is allowed five times as long.
        let limit = if cfg!(debug_assertions) { 50 } else { 10 };
        assert!(times[4] <= Duration::from_millis(limit), "{times:?} for {} bytes", bytes.len());
        running.shutdown().await;
    }
}
