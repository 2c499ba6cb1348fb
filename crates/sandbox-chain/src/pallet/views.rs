//! What the runtime APIs answer about subnets and neurons.

use std::collections::BTreeMap;

use codec::Compact;
use sp_runtime::AccountId32;

use super::{
    Active, ActivityCutoff, AdjustmentAlpha, AdjustmentInterval, AlphaValues, Axons, BlockAtRegistration,
    BlocksSinceLastStep, Bonds, BondsMovingAverage, Burn, CommitRevealWeightsEnabled, Config, Consensus, Difficulty,
    Dividends, Emission, IdentitiesV2, ImmunityPeriod, Incentive, Kappa, Keys, LastMechansimStepBlock, LastUpdate,
    LiquidAlphaOn, MaxAllowedUids, MaxAllowedValidators, MaxBurn, MaxDifficulty, MaxRegistrationsPerBlock,
    MaxWeightsLimit, MinAllowedWeights, MinBurn, MinDifficulty, NetworkPowRegistrationAllowed, NetworkRegisteredAt,
    NetworkRegistrationAllowed, NetworksAdded, OwnedHotkeys, Owner, Pallet, PendingOwnerCut, PendingServerEmission,
    PendingValidatorEmission, Prometheus, RevealPeriodEpochs, Rho, ServingRateLimit, StakingHotkeys, SubnetAlphaIn,
    SubnetAlphaInEmission, SubnetAlphaOut, SubnetAlphaOutEmission, SubnetIdentitiesV3, SubnetMovingPrice, SubnetOwner,
    SubnetOwnerHotkey, SubnetTAO, SubnetTaoInEmission, SubnetVolume, SubnetworkN, SubtokenEnabled,
    TargetRegistrationsPerInterval, Tempo, TokenSymbol, TotalHotkeyAlpha, TransferToggle, Uids, ValidatorPermit,
    ValidatorTrust, Weights, WeightsSetRateLimit, WeightsVersionKey, Yuma3On, main_mechanism,
};
use crate::runtime::answer::{
    DynamicInfo, Metagraph, NeuronInfo, NeuronInfoLite, SelectiveMetagraph, SimSwapResult, StakeAvailability,
    StakeInfo, SubnetHyperparamsV2, SubnetInfov2, SubnetPrice, SubnetState,
};
use crate::runtime::number::{AlphaBalance, FixedI64, NetUid, TaoBalance};

impl<T: Config> Pallet<T> {
    pub(crate) fn neuron(netuid: NetUid, uid: u16) -> Option<NeuronInfo> {
        (uid < SubnetworkN::<T>::get(netuid)).then(|| {
            let index = main_mechanism(netuid);
            let compact =
                |pairs: Vec<(u16, u16)>| pairs.into_iter().map(|(uid, value)| (uid.into(), value.into())).collect();
            let NeuronInfoLite {
                hotkey,
                coldkey,
                uid: at,
                netuid: of,
                active,
                axon_info,
                prometheus_info,
                stake,
                rank,
                emission,
                incentive,
                consensus,
                trust,
                validator_trust,
                dividends,
                last_update,
                validator_permit,
                pruning_score,
            } = Self::lite_neuron(netuid, uid);
            NeuronInfo {
                hotkey,
                coldkey,
                uid: at,
                netuid: of,
                active,
                axon_info,
                prometheus_info,
                stake,
                rank,
                emission,
                incentive,
                consensus,
                trust,
                validator_trust,
                dividends,
                last_update,
                validator_permit,
                weights: compact(Weights::<T>::get(index, uid)),
                bonds: compact(Bonds::<T>::get(index, uid)),
                pruning_score,
            }
        })
    }

    pub(crate) fn neurons(netuid: NetUid) -> Vec<NeuronInfo> {
        (0..SubnetworkN::<T>::get(netuid)).filter_map(|uid| Self::neuron(netuid, uid)).collect()
    }

    pub(crate) fn neuron_lite(netuid: NetUid, uid: u16) -> Option<NeuronInfoLite> {
        (uid < SubnetworkN::<T>::get(netuid)).then(|| Self::lite_neuron(netuid, uid))
    }

    pub(crate) fn neurons_lite(netuid: NetUid) -> Vec<NeuronInfoLite> {
        (0..SubnetworkN::<T>::get(netuid)).map(|uid| Self::lite_neuron(netuid, uid)).collect()
    }

    fn lite_neuron(netuid: NetUid, uid: u16) -> NeuronInfoLite {
        let index = main_mechanism(netuid);
        let hotkey = Keys::<T>::get(netuid, uid);
        let coldkey = Owner::<T>::get(&hotkey);
        NeuronInfoLite {
            uid: uid.into(),
            netuid: netuid.into(),
            active: at(&Active::<T>::get(netuid), uid),
            axon_info: Axons::<T>::get(netuid, &hotkey).unwrap_or_default(),
            prometheus_info: Prometheus::<T>::get(netuid, &hotkey).unwrap_or_default(),
            stake: vec![(coldkey.clone(), TotalHotkeyAlpha::<T>::get(&hotkey, netuid).into())],
            rank: Compact(0),
            emission: at(&Emission::<T>::get(netuid), uid).into(),
            incentive: at(&Incentive::<T>::get(index), uid).into(),
            consensus: at(&Consensus::<T>::get(netuid), uid).into(),
            trust: Compact(0),
            validator_trust: at(&ValidatorTrust::<T>::get(netuid), uid).into(),
            dividends: at(&Dividends::<T>::get(netuid), uid).into(),
            last_update: at(&LastUpdate::<T>::get(index), uid).into(),
            validator_permit: at(&ValidatorPermit::<T>::get(netuid), uid),
            pruning_score: Compact(0),
            hotkey,
            coldkey,
        }
    }

    pub(crate) fn subnet_info(netuid: NetUid) -> Option<SubnetInfov2> {
        NetworksAdded::<T>::get(netuid).then(|| SubnetInfov2 {
            netuid: netuid.into(),
            rho: Rho::<T>::get(netuid).into(),
            kappa: Kappa::<T>::get(netuid).into(),
            difficulty: Difficulty::<T>::get(netuid).into(),
            immunity_period: ImmunityPeriod::<T>::get(netuid).into(),
            max_allowed_validators: MaxAllowedValidators::<T>::get(netuid).into(),
            min_allowed_weights: MinAllowedWeights::<T>::get(netuid).into(),
            max_weights_limit: MaxWeightsLimit::<T>::get(netuid).into(),
            scaling_law_power: Compact(0),
            subnetwork_n: SubnetworkN::<T>::get(netuid).into(),
            max_allowed_uids: MaxAllowedUids::<T>::get(netuid).into(),
            blocks_since_last_step: BlocksSinceLastStep::<T>::get(netuid).into(),
            tempo: Tempo::<T>::get(netuid).into(),
            network_modality: Compact(0),
            network_connect: Vec::new(),
            emission_value: Compact(0),
            burn: Burn::<T>::get(netuid).into(),
            owner: SubnetOwner::<T>::get(netuid),
            identity: SubnetIdentitiesV3::<T>::get(netuid),
        })
    }

    /// The root and all subnets, by netuid.
    pub(crate) fn by_netuid<V>(of: impl Fn(NetUid) -> Option<V>) -> Vec<Option<V>> {
        std::iter::once(NetUid(0)).chain(Self::subnets()).map(of).filter(Option::is_some).collect()
    }

    pub(crate) fn hyperparams(netuid: NetUid) -> Option<SubnetHyperparamsV2> {
        NetworksAdded::<T>::get(netuid).then(|| {
            let (alpha_low, alpha_high) = AlphaValues::<T>::get(netuid);
            SubnetHyperparamsV2 {
                rho: Rho::<T>::get(netuid).into(),
                kappa: Kappa::<T>::get(netuid).into(),
                immunity_period: ImmunityPeriod::<T>::get(netuid).into(),
                min_allowed_weights: MinAllowedWeights::<T>::get(netuid).into(),
                max_weights_limit: MaxWeightsLimit::<T>::get(netuid).into(),
                tempo: Tempo::<T>::get(netuid).into(),
                min_difficulty: MinDifficulty::<T>::get(netuid).into(),
                max_difficulty: MaxDifficulty::<T>::get(netuid).into(),
                weights_version: WeightsVersionKey::<T>::get(netuid).into(),
                weights_rate_limit: WeightsSetRateLimit::<T>::get(netuid).into(),
                adjustment_interval: AdjustmentInterval::<T>::get(netuid).into(),
                activity_cutoff: u64::from(ActivityCutoff::<T>::get(netuid)).into(),
                registration_allowed: NetworkRegistrationAllowed::<T>::get(netuid),
                target_regs_per_interval: TargetRegistrationsPerInterval::<T>::get(netuid).into(),
                min_burn: MinBurn::<T>::get(netuid).into(),
                max_burn: MaxBurn::<T>::get(netuid).into(),
                bonds_moving_avg: BondsMovingAverage::<T>::get(netuid).into(),
                max_regs_per_block: MaxRegistrationsPerBlock::<T>::get(netuid).into(),
                serving_rate_limit: ServingRateLimit::<T>::get(netuid).into(),
                max_validators: MaxAllowedValidators::<T>::get(netuid).into(),
                adjustment_alpha: AdjustmentAlpha::<T>::get(netuid).into(),
                difficulty: Difficulty::<T>::get(netuid).into(),
                commit_reveal_period: RevealPeriodEpochs::<T>::get(netuid).into(),
                commit_reveal_weights_enabled: CommitRevealWeightsEnabled::<T>::get(netuid),
                alpha_high: alpha_high.into(),
                alpha_low: alpha_low.into(),
                liquid_alpha_enabled: LiquidAlphaOn::<T>::get(netuid),
                alpha_sigmoid_steepness: FixedI64 { bits: 1000 << 32 },
                yuma_version: Compact(if Yuma3On::<T>::get(netuid) { 3 } else { 2 }),
                subnet_is_active: SubtokenEnabled::<T>::get(netuid),
                transfers_enabled: TransferToggle::<T>::get(netuid),
                bonds_reset_enabled: false,
                user_liquidity_enabled: false,
            }
        })
    }

    fn pending(netuid: NetUid) -> AlphaBalance {
        let (servers, validators) =
            (PendingServerEmission::<T>::get(netuid), PendingValidatorEmission::<T>::get(netuid));
        AlphaBalance(servers.0.saturating_add(validators.0).saturating_add(PendingOwnerCut::<T>::get(netuid).0))
    }

    fn name(netuid: NetUid) -> Vec<u8> {
        SubnetIdentitiesV3::<T>::get(netuid).map(|identity| identity.subnet_name).unwrap_or_default()
    }

    pub(crate) fn dynamic_info(netuid: NetUid) -> Option<DynamicInfo> {
        NetworksAdded::<T>::get(netuid).then(|| DynamicInfo {
            netuid: netuid.into(),
            owner_hotkey: SubnetOwnerHotkey::<T>::get(netuid),
            owner_coldkey: SubnetOwner::<T>::get(netuid),
            subnet_name: compact(Self::name(netuid)),
            token_symbol: compact(TokenSymbol::<T>::get(netuid)),
            tempo: Tempo::<T>::get(netuid).into(),
            last_step: LastMechansimStepBlock::<T>::get(netuid).into(),
            blocks_since_last_step: BlocksSinceLastStep::<T>::get(netuid).into(),
            emission: Compact(0),
            alpha_in: SubnetAlphaIn::<T>::get(netuid).into(),
            alpha_out: SubnetAlphaOut::<T>::get(netuid).into(),
            tao_in: SubnetTAO::<T>::get(netuid).into(),
            alpha_out_emission: SubnetAlphaOutEmission::<T>::get(netuid).into(),
            alpha_in_emission: SubnetAlphaInEmission::<T>::get(netuid).into(),
            tao_in_emission: SubnetTaoInEmission::<T>::get(netuid).into(),
            pending_alpha_emission: Self::pending(netuid).into(),
            pending_root_emission: TaoBalance(0).into(),
            subnet_volume: SubnetVolume::<T>::get(netuid).into(),
            network_registered_at: NetworkRegisteredAt::<T>::get(netuid).into(),
            subnet_identity: SubnetIdentitiesV3::<T>::get(netuid),
            moving_price: SubnetMovingPrice::<T>::get(netuid),
        })
    }

    pub(crate) fn metagraph(netuid: NetUid) -> Option<Metagraph> {
        let pool = Self::dynamic_info(netuid)?;
        let settings = Self::hyperparams(netuid)?;
        let index = main_mechanism(netuid);
        let count = SubnetworkN::<T>::get(netuid);
        let hotkeys: Vec<AccountId32> = (0..count).map(|uid| Keys::<T>::get(netuid, uid)).collect();
        let coldkeys: Vec<AccountId32> = hotkeys.iter().map(Owner::<T>::get).collect();
        let alpha: Vec<AlphaBalance> =
            hotkeys.iter().map(|hotkey| TotalHotkeyAlpha::<T>::get(hotkey, netuid)).collect();
        let root: Vec<TaoBalance> =
            hotkeys.iter().map(|hotkey| TaoBalance(TotalHotkeyAlpha::<T>::get(hotkey, NetUid(0)).0)).collect();
        let zeros = || vec![Compact(0); usize::from(count)];
        Some(Metagraph {
            netuid: netuid.into(),
            name: pool.subnet_name,
            symbol: pool.token_symbol,
            identity: pool.subnet_identity,
            network_registered_at: pool.network_registered_at,
            owner_hotkey: pool.owner_hotkey,
            owner_coldkey: pool.owner_coldkey,
            block: Self::block().into(),
            tempo: pool.tempo,
            last_step: pool.last_step,
            blocks_since_last_step: pool.blocks_since_last_step,
            subnet_emission: pool.emission,
            alpha_in: pool.alpha_in,
            alpha_out: pool.alpha_out,
            tao_in: pool.tao_in,
            alpha_out_emission: pool.alpha_out_emission,
            alpha_in_emission: pool.alpha_in_emission,
            tao_in_emission: pool.tao_in_emission,
            pending_alpha_emission: pool.pending_alpha_emission,
            pending_root_emission: pool.pending_root_emission,
            subnet_volume: pool.subnet_volume,
            moving_price: pool.moving_price,
            rho: settings.rho,
            kappa: settings.kappa,
            min_allowed_weights: settings.min_allowed_weights,
            max_weights_limit: settings.max_weights_limit,
            weights_version: settings.weights_version,
            weights_rate_limit: settings.weights_rate_limit,
            activity_cutoff: settings.activity_cutoff,
            max_validators: settings.max_validators,
            num_uids: count.into(),
            max_uids: MaxAllowedUids::<T>::get(netuid).into(),
            burn: Burn::<T>::get(netuid).into(),
            difficulty: settings.difficulty,
            registration_allowed: settings.registration_allowed,
            pow_registration_allowed: NetworkPowRegistrationAllowed::<T>::get(netuid),
            immunity_period: settings.immunity_period,
            min_difficulty: settings.min_difficulty,
            max_difficulty: settings.max_difficulty,
            min_burn: settings.min_burn,
            max_burn: settings.max_burn,
            adjustment_alpha: settings.adjustment_alpha,
            adjustment_interval: settings.adjustment_interval,
            target_regs_per_interval: settings.target_regs_per_interval,
            max_regs_per_block: settings.max_regs_per_block,
            serving_rate_limit: settings.serving_rate_limit,
            commit_reveal_weights_enabled: settings.commit_reveal_weights_enabled,
            commit_reveal_period: settings.commit_reveal_period,
            liquid_alpha_enabled: settings.liquid_alpha_enabled,
            alpha_high: settings.alpha_high,
            alpha_low: settings.alpha_low,
            bonds_moving_avg: settings.bonds_moving_avg,
            identities: coldkeys.iter().map(IdentitiesV2::<T>::get).collect(),
            axons: hotkeys.iter().map(|hotkey| Axons::<T>::get(netuid, hotkey).unwrap_or_default()).collect(),
            active: Active::<T>::get(netuid),
            validator_permit: ValidatorPermit::<T>::get(netuid),
            pruning_score: zeros(),
            last_update: compact(LastUpdate::<T>::get(index)),
            emission: compact(Emission::<T>::get(netuid)),
            dividends: compact(Dividends::<T>::get(netuid)),
            incentives: compact(Incentive::<T>::get(index)),
            consensus: compact(Consensus::<T>::get(netuid)),
            trust: zeros(),
            rank: zeros(),
            block_at_registration: (0..count).map(|uid| BlockAtRegistration::<T>::get(netuid, uid).into()).collect(),
            total_stake: alpha.iter().map(|alpha| Compact(TaoBalance(alpha.0))).collect(),
            alpha_stake: compact(alpha),
            tao_stake: compact(root),
            tao_dividends_per_hotkey: Vec::new(),
            alpha_dividends_per_hotkey: Vec::new(),
            hotkeys,
            coldkeys,
        })
    }

    pub(crate) fn subnet_state(netuid: NetUid) -> Option<SubnetState> {
        Self::metagraph(netuid).map(|all| SubnetState {
            netuid: all.netuid,
            hotkeys: all.hotkeys,
            coldkeys: all.coldkeys,
            active: all.active,
            validator_permit: all.validator_permit,
            pruning_score: all.pruning_score,
            last_update: all.last_update,
            emission: all.emission,
            dividends: all.dividends,
            incentives: all.incentives,
            consensus: all.consensus,
            trust: all.trust,
            rank: all.rank,
            block_at_registration: all.block_at_registration,
            alpha_stake: all.alpha_stake,
            tao_stake: all.tao_stake,
            total_stake: all.total_stake,
            emission_history: Vec::new(),
        })
    }

    pub(crate) fn selective_metagraph(netuid: NetUid, fields: &[u16]) -> Option<SelectiveMetagraph> {
        let validators = fields.contains(&72).then(|| {
            let permits = ValidatorPermit::<T>::get(netuid);
            permits.iter().zip(0u16..).filter(|(permit, _)| **permit).map(|(_, uid)| uid.into()).collect()
        });
        Self::metagraph(netuid).map(|all| SelectiveMetagraph::of(all, validators, fields))
    }

    pub(crate) fn stake_info(coldkey: &AccountId32) -> Vec<StakeInfo>
    where
        T: frame_system::Config<AccountId = AccountId32>,
    {
        let hotkeys = StakingHotkeys::<T>::get(coldkey);
        let owned = OwnedHotkeys::<T>::get(coldkey).into_iter().filter(|hotkey| !hotkeys.contains(hotkey));
        hotkeys
            .iter()
            .cloned()
            .chain(owned)
            .flat_map(|hotkey| {
                let places = std::iter::once(NetUid(0)).chain(Self::subnets());
                places.map(move |netuid| Self::stake_of(&hotkey, coldkey, netuid)).collect::<Vec<_>>()
            })
            .filter(|info| info.stake.0.0 > 0)
            .collect()
    }

    pub(crate) fn stake_of(hotkey: &AccountId32, coldkey: &AccountId32, netuid: NetUid) -> StakeInfo {
        let uid = Uids::<T>::get(netuid, hotkey);
        let emission = uid.map(|uid| at(&Emission::<T>::get(netuid), uid)).unwrap_or_default();
        StakeInfo {
            hotkey: hotkey.clone(),
            coldkey: coldkey.clone(),
            netuid: netuid.into(),
            stake: Self::stake((coldkey, hotkey, netuid)).into(),
            locked: Compact(0),
            emission: emission.into(),
            tao_emission: TaoBalance(0).into(),
            drain: Compact(0),
            is_registered: uid.is_some(),
        }
    }

    pub(crate) fn availability(
        coldkey: &AccountId32,
        netuids: Option<&[NetUid]>,
    ) -> BTreeMap<NetUid, StakeAvailability> {
        let mut all: BTreeMap<NetUid, StakeAvailability> = BTreeMap::new();
        let wanted = |netuid: NetUid| netuids.is_none_or(|netuids| netuids.contains(&netuid));
        for info in Self::stake_info(coldkey).into_iter().filter(|info| wanted(info.netuid.0)) {
            let none = || StakeAvailability {
                total: AlphaBalance(0).into(),
                locked: AlphaBalance(0).into(),
                available: AlphaBalance(0).into(),
            };
            let entry = all.entry(info.netuid.0).or_insert_with(none);
            entry.total.0.0 = entry.total.0.0.saturating_add(info.stake.0.0);
            entry.available = entry.total;
        }
        all
    }

    pub(crate) fn prices() -> Vec<SubnetPrice> {
        Self::subnets().into_iter().map(|netuid| SubnetPrice { netuid, price: Self::alpha_price(netuid) }).collect()
    }

    pub(crate) fn sim_buy(netuid: NetUid, tao: TaoBalance) -> SimSwapResult {
        let (alpha, fee) = Self::buying(netuid, tao.0);
        let ideal = super::staking::share(tao.0.into(), 1_000_000_000, Self::alpha_price(netuid).max(1).into());
        let slippage = u64::try_from(ideal).unwrap_or(u64::MAX).saturating_sub(alpha);
        SimSwapResult {
            tao_amount: tao,
            alpha_amount: AlphaBalance(alpha),
            tao_fee: TaoBalance(fee),
            alpha_fee: AlphaBalance(0),
            tao_slippage: TaoBalance(0),
            alpha_slippage: AlphaBalance(slippage),
        }
    }

    pub(crate) fn sim_sell(netuid: NetUid, alpha: AlphaBalance) -> SimSwapResult {
        let (tao, fee) = Self::selling(netuid, alpha.0);
        let ideal = super::staking::share(alpha.0.into(), Self::alpha_price(netuid).into(), 1_000_000_000);
        let slippage = u64::try_from(ideal).unwrap_or(u64::MAX).saturating_sub(tao);
        SimSwapResult {
            tao_amount: TaoBalance(tao),
            alpha_amount: alpha,
            tao_fee: TaoBalance(0),
            alpha_fee: AlphaBalance(fee),
            tao_slippage: TaoBalance(slippage),
            alpha_slippage: AlphaBalance(0),
        }
    }
}

fn at<V: Clone + Default>(all: &[V], uid: u16) -> V {
    all.get(usize::from(uid)).cloned().unwrap_or_default()
}

fn compact<V>(all: Vec<V>) -> Vec<Compact<V>> {
    all.into_iter().map(Compact).collect()
}
