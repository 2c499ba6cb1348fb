//! What a chain starts with.

use codec::Encode;
use serde::{Deserialize, Serialize};
use sp_core::H256;
use sp_runtime::{AccountId32, BuildStorage, Storage};
use sp_state_machine::BasicExternalities;

use crate::pallet::{self, Config, Pallet, SubnetIdentityV3};
use crate::runtime::number::{AlphaBalance, FixedI128, NetUid, TaoBalance};
use crate::runtime::{self, Runtime};

/// What a chain starts with. The same genesis gives the same genesis hash.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Genesis {
    /// Only makes the genesis hash another: the chains of two seeds are strangers, and clients that cache by genesis hash
    /// see a new chain.
    pub seed: u64,
    /// The clock of the first block of a chain with manual blocks, in milliseconds of the Unix epoch.
    pub time_ms: u64,
    /// Who holds TAO.
    pub accounts: Vec<Account>,
    /// The subnets; the root, 0, is always there.
    pub subnets: Vec<Subnet>,
    /// Who is registered, in the order of the UIDs.
    pub neurons: Vec<Neuron>,
}

/// Who holds TAO.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Its public key.
    pub key: [u8; 32],
    /// How much, in rao.
    pub rao: u64,
}

/// Who is registered from the start.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Neuron {
    /// Where.
    pub netuid: u16,
    /// Its key.
    pub hotkey: [u8; 32],
    /// Its owner's key.
    pub coldkey: [u8; 32],
    /// Its owner's stake, in billionths of alpha.
    pub stake: u64,
    /// Whether it may validate from the start; after the first epoch stake decides.
    pub validator_permit: bool,
}

/// A subnet's settings. Amounts are in rao, times in blocks.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Subnet {
    /// Its number.
    pub netuid: u16,
    /// Its name.
    pub name: String,
    /// The sign of its alpha.
    pub symbol: String,
    /// The owner's coldkey and hotkey; nobody's unless set.
    pub owner: [[u8; 32]; 2],
    /// From one epoch to the next.
    pub tempo: u16,
    /// How long a newcomer cannot be replaced.
    pub immunity_period: u16,
    /// How many neurons fit.
    pub max_uids: u16,
    /// How many of them may validate.
    pub max_validators: u16,
    /// From one `serve_axon` to the next.
    pub serving_rate_limit: u64,
    /// From one setting of weights to the next.
    pub weights_rate_limit: u64,
    /// The version that weights must at least name.
    pub weights_version: u64,
    /// After how long without weights a validator counts no longer.
    pub activity_cutoff: u16,
    /// The fewest weights to set at once.
    pub min_allowed_weights: u16,
    /// Whether weights are committed first.
    pub commit_reveal: bool,
    /// How many epochs later they are revealed.
    pub reveal_period: u64,
    /// Whether one may register.
    pub registration_allowed: bool,
    /// What that costs at first.
    pub burn: u64,
    /// The least it ever costs.
    pub min_burn: u64,
    /// The most it ever costs.
    pub max_burn: u64,
    /// In how many blocks the price halves.
    pub burn_half_life: u16,
    /// The pool's TAO.
    pub tao_in: u64,
    /// The pool's alpha, in billionths; the price is the one by the other.
    pub alpha_in: u64,
    /// What a hotkey must have staked to set weights, in billionths of alpha; the largest of all subnets' counts for all.
    pub stake_threshold: u64,
}

impl Default for Subnet {
    fn default() -> Self {
        Self {
            netuid: 1,
            name: "sandbox".into(),
            symbol: "α".into(),
            owner: [[0; 32]; 2],
            tempo: 360,
            immunity_period: 4096,
            max_uids: 256,
            max_validators: 64,
            serving_rate_limit: 50,
            weights_rate_limit: 100,
            weights_version: 0,
            activity_cutoff: 5000,
            min_allowed_weights: 1,
            commit_reveal: false,
            reveal_period: 1,
            registration_allowed: true,
            burn: 100_000_000,
            min_burn: 500_000,
            max_burn: 100_000_000_000,
            burn_half_life: 360,
            tao_in: 1_000_000_000_000,
            alpha_in: 20_000_000_000_000,
            stake_threshold: 0,
        }
    }
}

impl Genesis {
    /// The state it describes.
    pub(crate) fn storage(&self) -> Result<Storage, String> {
        let balances = self.accounts.iter().map(|account| (AccountId32::new(account.key), account.rao)).collect();
        let config = runtime::RuntimeGenesisConfig {
            balances: pallet_balances::GenesisConfig { balances, ..Default::default() },
            ..Default::default()
        };
        let mut state = BasicExternalities::new(config.build_storage()?);
        state.execute_with(|| self.populate::<Runtime>())?;
        Ok(state.into_storages())
    }

    fn populate<T: Config>(&self) -> Result<(), String> {
        sp_io::storage::set(b":sandbox:seed", &(self.seed, env!("CARGO_PKG_VERSION")).encode());
        pallet::TotalNetworks::<T>::put(u16::try_from(self.subnets.len() + 1).unwrap_or(u16::MAX));
        pallet::NetworksAdded::<T>::insert(NetUid(0), true);
        pallet::MaxAllowedUids::<T>::insert(NetUid(0), 64);
        pallet::SubnetIdentitiesV3::<T>::insert(NetUid(0), identity("root"));
        pallet::TokenSymbol::<T>::insert(NetUid(0), "Τ".as_bytes().to_vec());
        for subnet in &self.subnets {
            subnet.populate::<T>();
        }
        for neuron in &self.neurons {
            neuron.populate::<T>()?;
        }
        Ok(())
    }
}

impl Subnet {
    fn populate<T: Config>(&self) {
        let netuid = NetUid(self.netuid);
        let [coldkey, hotkey] = self.owner.map(AccountId32::new);
        pallet::NetworksAdded::<T>::insert(netuid, true);
        pallet::SubnetMechanism::<T>::insert(netuid, 1);
        pallet::SubnetIdentitiesV3::<T>::insert(netuid, identity(&self.name));
        pallet::TokenSymbol::<T>::insert(netuid, self.symbol.as_bytes().to_vec());
        if self.owner != [[0; 32]; 2] {
            Pallet::<T>::associate(&coldkey, &hotkey);
            pallet::SubnetOwner::<T>::insert(netuid, coldkey);
            pallet::SubnetOwnerHotkey::<T>::insert(netuid, hotkey);
        }
        pallet::Tempo::<T>::insert(netuid, self.tempo);
        pallet::ImmunityPeriod::<T>::insert(netuid, self.immunity_period);
        pallet::MaxAllowedUids::<T>::insert(netuid, self.max_uids);
        pallet::MinAllowedUids::<T>::insert(netuid, self.max_uids.min(64));
        pallet::MaxAllowedValidators::<T>::insert(netuid, self.max_validators);
        pallet::ServingRateLimit::<T>::insert(netuid, self.serving_rate_limit);
        pallet::WeightsSetRateLimit::<T>::insert(netuid, self.weights_rate_limit);
        pallet::WeightsVersionKey::<T>::insert(netuid, self.weights_version);
        pallet::ActivityCutoff::<T>::insert(netuid, self.activity_cutoff);
        pallet::MinAllowedWeights::<T>::insert(netuid, self.min_allowed_weights);
        pallet::CommitRevealWeightsEnabled::<T>::insert(netuid, self.commit_reveal);
        pallet::RevealPeriodEpochs::<T>::insert(netuid, self.reveal_period);
        pallet::NetworkRegistrationAllowed::<T>::insert(netuid, self.registration_allowed);
        pallet::Burn::<T>::insert(netuid, TaoBalance(self.burn));
        pallet::MinBurn::<T>::insert(netuid, TaoBalance(self.min_burn));
        pallet::MaxBurn::<T>::insert(netuid, TaoBalance(self.max_burn));
        pallet::BurnHalfLife::<T>::insert(netuid, self.burn_half_life);
        pallet::SubnetTAO::<T>::insert(netuid, TaoBalance(self.tao_in));
        pallet::SubnetAlphaIn::<T>::insert(netuid, AlphaBalance(self.alpha_in));
        let price = (i128::from(self.tao_in) << 32) / i128::from(self.alpha_in.max(1));
        pallet::SubnetMovingPrice::<T>::insert(netuid, FixedI128 { bits: price });
        pallet::StakeThreshold::<T>::mutate(|least| *least = (*least).max(self.stake_threshold));
        // Upstream's defaults; nothing here follows from them.
        pallet::Rho::<T>::insert(netuid, 10);
        pallet::Kappa::<T>::insert(netuid, 32_767);
        pallet::MaxWeightsLimit::<T>::insert(netuid, u16::MAX);
        pallet::Difficulty::<T>::insert(netuid, 10_000_000);
        pallet::MinDifficulty::<T>::insert(netuid, 10_000_000);
        pallet::MaxDifficulty::<T>::insert(netuid, u64::MAX / 4);
        pallet::AdjustmentInterval::<T>::insert(netuid, 100);
        pallet::TargetRegistrationsPerInterval::<T>::insert(netuid, 2);
        pallet::MaxRegistrationsPerBlock::<T>::insert(netuid, 1);
        pallet::BondsMovingAverage::<T>::insert(netuid, 900_000);
        pallet::AlphaValues::<T>::insert(netuid, (45_875, 58_982));
    }
}

impl Neuron {
    fn populate<T: Config>(&self) -> Result<(), String> {
        let (netuid, hotkey) = (NetUid(self.netuid), AccountId32::new(self.hotkey));
        let coldkey = AccountId32::new(self.coldkey);
        let full = || format!("subnet {} has no place for all its neurons", self.netuid);
        if pallet::SubnetworkN::<T>::get(netuid) >= pallet::MaxAllowedUids::<T>::get(netuid) {
            return Err(full());
        }
        Pallet::<T>::associate(&coldkey, &hotkey);
        let uid = Pallet::<T>::admit(netuid, &hotkey).map_err(|_| full())?;
        if self.stake > 0 {
            Pallet::<T>::increase_stake((&coldkey, &hotkey, netuid), AlphaBalance(self.stake));
        }
        pallet::ValidatorPermit::<T>::mutate(netuid, |permits| {
            if let Some(permit) = permits.get_mut(usize::from(uid)) {
                *permit = self.validator_permit;
            }
        });
        Ok(())
    }
}

fn identity(name: &str) -> SubnetIdentityV3 {
    SubnetIdentityV3 {
        subnet_name: name.as_bytes().to_vec(),
        github_repo: Vec::new(),
        subnet_contact: Vec::new(),
        subnet_url: Vec::new(),
        discord: Vec::new(),
        description: Vec::new(),
        logo_url: Vec::new(),
        additional: Vec::new(),
    }
}

/// The root of an empty list of transactions.
pub(crate) fn empty_root() -> H256 {
    H256(sp_crypto_hashing::blake2_256(&[0]))
}
