//! What the runtime APIs answer: upstream's fields, in upstream's order.

use codec::{Compact, Decode, Encode};
use scale_info::TypeInfo;
use sp_runtime::AccountId32 as AccountId;

use super::number::{AlphaBalance, I32F32, I96F32, NetUid, TaoBalance};
use crate::pallet::{AxonInfo, ChainIdentityV2 as ChainIdentityOfV2, PrometheusInfo, SubnetIdentityV3};

/// A neuron with its weights and bonds.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
#[expect(missing_docs, reason = "the names are upstream's")]
pub struct NeuronInfo {
    pub hotkey: AccountId,
    pub coldkey: AccountId,
    pub uid: Compact<u16>,
    pub netuid: Compact<NetUid>,
    pub active: bool,
    pub axon_info: AxonInfo,
    pub prometheus_info: PrometheusInfo,
    pub stake: Vec<(AccountId, Compact<AlphaBalance>)>,
    pub rank: Compact<u16>,
    pub emission: Compact<AlphaBalance>,
    pub incentive: Compact<u16>,
    pub consensus: Compact<u16>,
    pub trust: Compact<u16>,
    pub validator_trust: Compact<u16>,
    pub dividends: Compact<u16>,
    pub last_update: Compact<u64>,
    pub validator_permit: bool,
    pub weights: Vec<(Compact<u16>, Compact<u16>)>,
    pub bonds: Vec<(Compact<u16>, Compact<u16>)>,
    pub pruning_score: Compact<u16>,
}

/// A neuron.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
#[expect(missing_docs, reason = "the names are upstream's")]
pub struct NeuronInfoLite {
    pub hotkey: AccountId,
    pub coldkey: AccountId,
    pub uid: Compact<u16>,
    pub netuid: Compact<NetUid>,
    pub active: bool,
    pub axon_info: AxonInfo,
    pub prometheus_info: PrometheusInfo,
    pub stake: Vec<(AccountId, Compact<AlphaBalance>)>,
    pub rank: Compact<u16>,
    pub emission: Compact<AlphaBalance>,
    pub incentive: Compact<u16>,
    pub consensus: Compact<u16>,
    pub trust: Compact<u16>,
    pub validator_trust: Compact<u16>,
    pub dividends: Compact<u16>,
    pub last_update: Compact<u64>,
    pub validator_permit: bool,
    pub pruning_score: Compact<u16>,
}

/// A subnet.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
#[expect(missing_docs, reason = "the names are upstream's")]
pub struct SubnetInfov2 {
    pub netuid: Compact<NetUid>,
    pub rho: Compact<u16>,
    pub kappa: Compact<u16>,
    pub difficulty: Compact<u64>,
    pub immunity_period: Compact<u16>,
    pub max_allowed_validators: Compact<u16>,
    pub min_allowed_weights: Compact<u16>,
    pub max_weights_limit: Compact<u16>,
    pub scaling_law_power: Compact<u16>,
    pub subnetwork_n: Compact<u16>,
    pub max_allowed_uids: Compact<u16>,
    pub blocks_since_last_step: Compact<u64>,
    pub tempo: Compact<u16>,
    pub network_modality: Compact<u16>,
    pub network_connect: Vec<[u16; 2]>,
    pub emission_value: Compact<u64>,
    pub burn: Compact<TaoBalance>,
    pub owner: AccountId,
    pub identity: Option<SubnetIdentityV3>,
}

/// A subnet's settings.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
#[expect(missing_docs, reason = "the names are upstream's")]
pub struct SubnetHyperparamsV2 {
    pub rho: Compact<u16>,
    pub kappa: Compact<u16>,
    pub immunity_period: Compact<u16>,
    pub min_allowed_weights: Compact<u16>,
    pub max_weights_limit: Compact<u16>,
    pub tempo: Compact<u16>,
    pub min_difficulty: Compact<u64>,
    pub max_difficulty: Compact<u64>,
    pub weights_version: Compact<u64>,
    pub weights_rate_limit: Compact<u64>,
    pub adjustment_interval: Compact<u16>,
    pub activity_cutoff: Compact<u64>,
    pub registration_allowed: bool,
    pub target_regs_per_interval: Compact<u16>,
    pub min_burn: Compact<TaoBalance>,
    pub max_burn: Compact<TaoBalance>,
    pub bonds_moving_avg: Compact<u64>,
    pub max_regs_per_block: Compact<u16>,
    pub serving_rate_limit: Compact<u64>,
    pub max_validators: Compact<u16>,
    pub adjustment_alpha: Compact<u64>,
    pub difficulty: Compact<u64>,
    pub commit_reveal_period: Compact<u64>,
    pub commit_reveal_weights_enabled: bool,
    pub alpha_high: Compact<u16>,
    pub alpha_low: Compact<u16>,
    pub liquid_alpha_enabled: bool,
    pub alpha_sigmoid_steepness: I32F32,
    pub yuma_version: Compact<u16>,
    pub subnet_is_active: bool,
    pub transfers_enabled: bool,
    pub bonds_reset_enabled: bool,
    pub user_liquidity_enabled: bool,
}

/// A subnet's pool and emission.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
#[expect(missing_docs, reason = "the names are upstream's")]
pub struct DynamicInfo {
    pub netuid: Compact<NetUid>,
    pub owner_hotkey: AccountId,
    pub owner_coldkey: AccountId,
    pub subnet_name: Vec<Compact<u8>>,
    pub token_symbol: Vec<Compact<u8>>,
    pub tempo: Compact<u16>,
    pub last_step: Compact<u64>,
    pub blocks_since_last_step: Compact<u64>,
    pub emission: Compact<u64>,
    pub alpha_in: Compact<AlphaBalance>,
    pub alpha_out: Compact<AlphaBalance>,
    pub tao_in: Compact<TaoBalance>,
    pub alpha_out_emission: Compact<AlphaBalance>,
    pub alpha_in_emission: Compact<AlphaBalance>,
    pub tao_in_emission: Compact<TaoBalance>,
    pub pending_alpha_emission: Compact<AlphaBalance>,
    pub pending_root_emission: Compact<TaoBalance>,
    pub subnet_volume: Compact<u128>,
    pub network_registered_at: Compact<u64>,
    pub subnet_identity: Option<SubnetIdentityV3>,
    pub moving_price: I96F32,
}

/// A whole subnet.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
#[expect(missing_docs, reason = "the names are upstream's")]
pub struct Metagraph {
    pub netuid: Compact<NetUid>,
    pub name: Vec<Compact<u8>>,
    pub symbol: Vec<Compact<u8>>,
    pub identity: Option<SubnetIdentityV3>,
    pub network_registered_at: Compact<u64>,
    pub owner_hotkey: AccountId,
    pub owner_coldkey: AccountId,
    pub block: Compact<u64>,
    pub tempo: Compact<u16>,
    pub last_step: Compact<u64>,
    pub blocks_since_last_step: Compact<u64>,
    pub subnet_emission: Compact<u64>,
    pub alpha_in: Compact<AlphaBalance>,
    pub alpha_out: Compact<AlphaBalance>,
    pub tao_in: Compact<TaoBalance>,
    pub alpha_out_emission: Compact<AlphaBalance>,
    pub alpha_in_emission: Compact<AlphaBalance>,
    pub tao_in_emission: Compact<TaoBalance>,
    pub pending_alpha_emission: Compact<AlphaBalance>,
    pub pending_root_emission: Compact<TaoBalance>,
    pub subnet_volume: Compact<u128>,
    pub moving_price: I96F32,
    pub rho: Compact<u16>,
    pub kappa: Compact<u16>,
    pub min_allowed_weights: Compact<u16>,
    pub max_weights_limit: Compact<u16>,
    pub weights_version: Compact<u64>,
    pub weights_rate_limit: Compact<u64>,
    pub activity_cutoff: Compact<u64>,
    pub max_validators: Compact<u16>,
    pub num_uids: Compact<u16>,
    pub max_uids: Compact<u16>,
    pub burn: Compact<TaoBalance>,
    pub difficulty: Compact<u64>,
    pub registration_allowed: bool,
    pub pow_registration_allowed: bool,
    pub immunity_period: Compact<u16>,
    pub min_difficulty: Compact<u64>,
    pub max_difficulty: Compact<u64>,
    pub min_burn: Compact<TaoBalance>,
    pub max_burn: Compact<TaoBalance>,
    pub adjustment_alpha: Compact<u64>,
    pub adjustment_interval: Compact<u16>,
    pub target_regs_per_interval: Compact<u16>,
    pub max_regs_per_block: Compact<u16>,
    pub serving_rate_limit: Compact<u64>,
    pub commit_reveal_weights_enabled: bool,
    pub commit_reveal_period: Compact<u64>,
    pub liquid_alpha_enabled: bool,
    pub alpha_high: Compact<u16>,
    pub alpha_low: Compact<u16>,
    pub bonds_moving_avg: Compact<u64>,
    pub hotkeys: Vec<AccountId>,
    pub coldkeys: Vec<AccountId>,
    pub identities: Vec<Option<ChainIdentityOfV2>>,
    pub axons: Vec<AxonInfo>,
    pub active: Vec<bool>,
    pub validator_permit: Vec<bool>,
    pub pruning_score: Vec<Compact<u16>>,
    pub last_update: Vec<Compact<u64>>,
    pub emission: Vec<Compact<AlphaBalance>>,
    pub dividends: Vec<Compact<u16>>,
    pub incentives: Vec<Compact<u16>>,
    pub consensus: Vec<Compact<u16>>,
    pub trust: Vec<Compact<u16>>,
    pub rank: Vec<Compact<u16>>,
    pub block_at_registration: Vec<Compact<u64>>,
    pub alpha_stake: Vec<Compact<AlphaBalance>>,
    pub tao_stake: Vec<Compact<TaoBalance>>,
    pub total_stake: Vec<Compact<TaoBalance>>,
    pub tao_dividends_per_hotkey: Vec<(AccountId, Compact<TaoBalance>)>,
    pub alpha_dividends_per_hotkey: Vec<(AccountId, Compact<AlphaBalance>)>,
}

/// The fields of a metagraph that were asked for, by their index.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
#[expect(missing_docs, reason = "the names are upstream's")]
pub struct SelectiveMetagraph {
    pub netuid: Compact<NetUid>,
    pub name: Option<Vec<Compact<u8>>>,
    pub symbol: Option<Vec<Compact<u8>>>,
    pub identity: Option<Option<SubnetIdentityV3>>,
    pub network_registered_at: Option<Compact<u64>>,
    pub owner_hotkey: Option<AccountId>,
    pub owner_coldkey: Option<AccountId>,
    pub block: Option<Compact<u64>>,
    pub tempo: Option<Compact<u16>>,
    pub last_step: Option<Compact<u64>>,
    pub blocks_since_last_step: Option<Compact<u64>>,
    pub subnet_emission: Option<Compact<u64>>,
    pub alpha_in: Option<Compact<AlphaBalance>>,
    pub alpha_out: Option<Compact<AlphaBalance>>,
    pub tao_in: Option<Compact<TaoBalance>>,
    pub alpha_out_emission: Option<Compact<AlphaBalance>>,
    pub alpha_in_emission: Option<Compact<AlphaBalance>>,
    pub tao_in_emission: Option<Compact<TaoBalance>>,
    pub pending_alpha_emission: Option<Compact<AlphaBalance>>,
    pub pending_root_emission: Option<Compact<TaoBalance>>,
    pub subnet_volume: Option<Compact<u128>>,
    pub moving_price: Option<I96F32>,
    pub rho: Option<Compact<u16>>,
    pub kappa: Option<Compact<u16>>,
    pub min_allowed_weights: Option<Compact<u16>>,
    pub max_weights_limit: Option<Compact<u16>>,
    pub weights_version: Option<Compact<u64>>,
    pub weights_rate_limit: Option<Compact<u64>>,
    pub activity_cutoff: Option<Compact<u64>>,
    pub max_validators: Option<Compact<u16>>,
    pub num_uids: Option<Compact<u16>>,
    pub max_uids: Option<Compact<u16>>,
    pub burn: Option<Compact<TaoBalance>>,
    pub difficulty: Option<Compact<u64>>,
    pub registration_allowed: Option<bool>,
    pub pow_registration_allowed: Option<bool>,
    pub immunity_period: Option<Compact<u16>>,
    pub min_difficulty: Option<Compact<u64>>,
    pub max_difficulty: Option<Compact<u64>>,
    pub min_burn: Option<Compact<TaoBalance>>,
    pub max_burn: Option<Compact<TaoBalance>>,
    pub adjustment_alpha: Option<Compact<u64>>,
    pub adjustment_interval: Option<Compact<u16>>,
    pub target_regs_per_interval: Option<Compact<u16>>,
    pub max_regs_per_block: Option<Compact<u16>>,
    pub serving_rate_limit: Option<Compact<u64>>,
    pub commit_reveal_weights_enabled: Option<bool>,
    pub commit_reveal_period: Option<Compact<u64>>,
    pub liquid_alpha_enabled: Option<bool>,
    pub alpha_high: Option<Compact<u16>>,
    pub alpha_low: Option<Compact<u16>>,
    pub bonds_moving_avg: Option<Compact<u64>>,
    pub hotkeys: Option<Vec<AccountId>>,
    pub coldkeys: Option<Vec<AccountId>>,
    pub identities: Option<Vec<Option<ChainIdentityOfV2>>>,
    pub axons: Option<Vec<AxonInfo>>,
    pub active: Option<Vec<bool>>,
    pub validator_permit: Option<Vec<bool>>,
    pub pruning_score: Option<Vec<Compact<u16>>>,
    pub last_update: Option<Vec<Compact<u64>>>,
    pub emission: Option<Vec<Compact<AlphaBalance>>>,
    pub dividends: Option<Vec<Compact<u16>>>,
    pub incentives: Option<Vec<Compact<u16>>>,
    pub consensus: Option<Vec<Compact<u16>>>,
    pub trust: Option<Vec<Compact<u16>>>,
    pub rank: Option<Vec<Compact<u16>>>,
    pub block_at_registration: Option<Vec<Compact<u64>>>,
    pub alpha_stake: Option<Vec<Compact<AlphaBalance>>>,
    pub tao_stake: Option<Vec<Compact<TaoBalance>>>,
    pub total_stake: Option<Vec<Compact<TaoBalance>>>,
    pub tao_dividends_per_hotkey: Option<Vec<(AccountId, Compact<TaoBalance>)>>,
    pub alpha_dividends_per_hotkey: Option<Vec<(AccountId, Compact<AlphaBalance>)>>,
    pub validators: Option<Vec<Compact<u16>>>,
    pub commitments: Option<Vec<(AccountId, Vec<Compact<u8>>)>>,
}

/// A coldkey's stake with a hotkey on a subnet.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
#[expect(missing_docs, reason = "the names are upstream's")]
pub struct StakeInfo {
    pub hotkey: AccountId,
    pub coldkey: AccountId,
    pub netuid: Compact<NetUid>,
    pub stake: Compact<AlphaBalance>,
    pub locked: Compact<u64>,
    pub emission: Compact<AlphaBalance>,
    pub tao_emission: Compact<TaoBalance>,
    pub drain: Compact<u64>,
    pub is_registered: bool,
}

/// A subnet's alpha price.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
#[expect(missing_docs, reason = "the names are upstream's")]
pub struct SubnetPrice {
    pub netuid: NetUid,
    pub price: u64,
}

/// What a swap would give.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
#[expect(missing_docs, reason = "the names are upstream's")]
pub struct SimSwapResult {
    pub tao_amount: TaoBalance,
    pub alpha_amount: AlphaBalance,
    pub tao_fee: TaoBalance,
    pub alpha_fee: AlphaBalance,
    pub tao_slippage: TaoBalance,
    pub alpha_slippage: AlphaBalance,
}

/// How much of a stake may be moved.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
#[expect(missing_docs, reason = "the names are upstream's")]
pub struct StakeAvailability {
    pub total: Compact<AlphaBalance>,
    pub locked: Compact<AlphaBalance>,
    pub available: Compact<AlphaBalance>,
}

/// A subnet's neurons, column by column.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
#[expect(missing_docs, reason = "the names are upstream's")]
pub struct SubnetState {
    pub netuid: Compact<NetUid>,
    pub hotkeys: Vec<AccountId>,
    pub coldkeys: Vec<AccountId>,
    pub active: Vec<bool>,
    pub validator_permit: Vec<bool>,
    pub pruning_score: Vec<Compact<u16>>,
    pub last_update: Vec<Compact<u64>>,
    pub emission: Vec<Compact<AlphaBalance>>,
    pub dividends: Vec<Compact<u16>>,
    pub incentives: Vec<Compact<u16>>,
    pub consensus: Vec<Compact<u16>>,
    pub trust: Vec<Compact<u16>>,
    pub rank: Vec<Compact<u16>>,
    pub block_at_registration: Vec<Compact<u64>>,
    pub alpha_stake: Vec<Compact<AlphaBalance>>,
    pub tao_stake: Vec<Compact<TaoBalance>>,
    pub total_stake: Vec<Compact<TaoBalance>>,
    pub emission_history: Vec<Vec<Compact<AlphaBalance>>>,
}
