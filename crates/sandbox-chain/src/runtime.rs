//! The runtime: frame's pallets and ours, put together as spec 424 has them.

#![expect(missing_docs, reason = "the macros make public items")]

pub mod answer;
mod declared;
mod fee;
mod guard;
mod nonce;
pub mod number;
mod reshape;
mod selection;
pub mod upgrade;

use std::borrow::Cow;
use std::collections::BTreeMap;

use frame_support::derive_impl;
use frame_support::traits::{ConstU8, ConstU16, ConstU32, ConstU64};
use frame_support::weights::Weight;
use sp_runtime::traits::{BlakeTwo256, IdentifyAccount, Verify};
use sp_runtime::{ApplyExtrinsicResult, MultiAddress, MultiSignature, generic};
use sp_version::RuntimeVersion;

use answer::{
    DynamicInfo, Metagraph, NeuronInfo, NeuronInfoLite, SelectiveMetagraph, SimSwapResult, StakeAvailability,
    StakeInfo, SubnetHyperparamsV2, SubnetInfov2, SubnetPrice, SubnetState,
};
use number::{AlphaBalance, MechId, NetUid, TaoBalance};

type Subtensor = crate::pallet::Pallet<Runtime>;

/// An account: the bytes of its public key.
pub type AccountId = <<MultiSignature as Verify>::Signer as IdentifyAccount>::AccountId;
/// A block's header.
pub type Header = generic::Header<u32, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// A transaction as it travels.
pub type UncheckedExtrinsic =
    generic::UncheckedExtrinsic<MultiAddress<AccountId, ()>, RuntimeCall, MultiSignature, TxExtension>;
/// What is signed besides the call. Tuples end at twelve; nesting does not show.
pub type TxExtension = (
    (
        frame_system::CheckNonZeroSender<Runtime>,
        frame_system::CheckSpecVersion<Runtime>,
        frame_system::CheckTxVersion<Runtime>,
        frame_system::CheckGenesis<Runtime>,
        frame_system::CheckMortality<Runtime>,
        nonce::CheckNonce,
        frame_system::CheckWeight<Runtime>,
    ),
    (
        pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
        guard::SudoTransactionExtension,
        guard::CheckShieldedTxValidity,
        guard::SubtensorTransactionExtension,
        guard::DrandPriority,
        frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
    ),
);
type Executive =
    frame_executive::Executive<Runtime, Block, frame_system::ChainContext<Runtime>, Runtime, AllPalletsWithSystem>;

/// What this runtime is, but for the spec that the state says.
pub const VERSION: RuntimeVersion = RuntimeVersion {
    spec_name: Cow::Borrowed("node-subtensor"),
    impl_name: Cow::Borrowed("node-subtensor"),
    authoring_version: 1,
    spec_version: upgrade::SPEC,
    impl_version: 1,
    apis: RUNTIME_API_VERSIONS,
    transaction_version: 1,
    system_version: 1,
};

/// The extension of a transaction that never expires.
#[must_use]
pub fn immortal(nonce: u32) -> TxExtension {
    (
        (
            frame_system::CheckNonZeroSender::new(),
            frame_system::CheckSpecVersion::new(),
            frame_system::CheckTxVersion::new(),
            frame_system::CheckGenesis::new(),
            frame_system::CheckMortality::from(generic::Era::Immortal),
            nonce::CheckNonce(nonce),
            frame_system::CheckWeight::new(),
        ),
        (
            pallet_transaction_payment::ChargeTransactionPayment::from(0),
            guard::SudoTransactionExtension,
            guard::CheckShieldedTxValidity,
            guard::SubtensorTransactionExtension,
            guard::DrandPriority,
            frame_metadata_hash_extension::CheckMetadataHash::new(false),
        ),
    )
}

/// What such a transaction's signature covers besides its bytes.
pub(crate) fn implied(
    spec: u32,
    genesis: sp_core::H256,
) -> <TxExtension as sp_runtime::traits::TransactionExtension<RuntimeCall>>::Implicit {
    (((), spec, VERSION.transaction_version, genesis, genesis, (), ()), ((), (), (), (), (), None))
}

#[frame_support::runtime]
mod assembly {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Runtime;

    #[runtime::pallet_index(0)]
    pub type System = frame_system::Pallet<Runtime>;
    #[runtime::pallet_index(2)]
    pub type Timestamp = pallet_timestamp::Pallet<Runtime>;
    #[runtime::pallet_index(5)]
    pub type Balances = pallet_balances::Pallet<Runtime>;
    #[runtime::pallet_index(6)]
    pub type TransactionPayment = pallet_transaction_payment::Pallet<Runtime>;
    #[runtime::pallet_index(7)]
    pub type SubtensorModule = crate::pallet::Pallet<Runtime>;
    #[runtime::pallet_index(18)]
    pub type Commitments = crate::commitments::Pallet<Runtime>;
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<u64>;
    type BlockHashCount = ConstU32<2400>;
    type SS58Prefix = ConstU16<42>;
    type Version = upgrade::Version;
}

// Blocks may come faster than once a second, and their clock must be allowed to follow.
impl pallet_timestamp::Config for Runtime {
    type Moment = u64;
    type OnTimestampSet = ();
    type MinimumPeriod = ConstU64<0>;
    type WeightInfo = ();
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Runtime {
    type AccountStore = System;
    type ExistentialDeposit = ConstU64<500>;
}

impl pallet_transaction_payment::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type OnChargeTransaction = pallet_transaction_payment::FungibleAdapter<Balances, ()>;
    type WeightToFee = fee::OfWeight;
    type LengthToFee = fee::OfLength;
    type FeeMultiplierUpdate = ();
    type OperationalFeeMultiplier = ConstU8<5>;
    type WeightInfo = ();
}

impl crate::pallet::Config for Runtime {}

impl crate::commitments::Config for Runtime {}

sp_api::impl_runtime_apis! {
    impl sp_api::Core<Block> for Runtime {
        fn version() -> RuntimeVersion {
            System::runtime_version()
        }
        fn execute_block(block: <Block as sp_runtime::traits::Block>::LazyBlock) {
            Executive::execute_block(block);
        }
        fn initialize_block(header: &Header) -> sp_runtime::ExtrinsicInclusionMode {
            Executive::initialize_block(header)
        }
    }

    impl sp_api::Metadata<Block> for Runtime {
        fn metadata() -> sp_core::OpaqueMetadata {
            sp_core::OpaqueMetadata::new(reshape::reshaped(&codec::Encode::encode(&Runtime::metadata()), shape()))
        }
        fn metadata_at_version(version: u32) -> Option<sp_core::OpaqueMetadata> {
            Runtime::metadata_at_version(version)
                .map(|metadata| sp_core::OpaqueMetadata::new(reshape::reshaped(&metadata, shape())))
        }
        fn metadata_versions() -> Vec<u32> {
            Runtime::metadata_versions()
        }
    }

    impl sp_block_builder::BlockBuilder<Block> for Runtime {
        fn apply_extrinsic(extrinsic: UncheckedExtrinsic) -> ApplyExtrinsicResult {
            Executive::apply_extrinsic(extrinsic)
        }
        fn finalize_block() -> Header {
            Executive::finalize_block()
        }
        fn inherent_extrinsics(data: sp_inherents::InherentData) -> Vec<UncheckedExtrinsic> {
            data.create_extrinsics()
        }
        fn check_inherents(block: <Block as sp_runtime::traits::Block>::LazyBlock, data: sp_inherents::InherentData) -> sp_inherents::CheckInherentsResult {
            data.check_extrinsics(&block)
        }
    }

    impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
        fn validate_transaction(source: sp_runtime::transaction_validity::TransactionSource, tx: UncheckedExtrinsic, block_hash: sp_core::H256) -> sp_runtime::transaction_validity::TransactionValidity {
            Executive::validate_transaction(source, tx, block_hash)
        }
    }

    impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, u32> for Runtime {
        fn account_nonce(account: AccountId) -> u32 {
            System::account_nonce(account)
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, u64> for Runtime {
        fn query_info(uxt: UncheckedExtrinsic, len: u32) -> pallet_transaction_payment_rpc_runtime_api::RuntimeDispatchInfo<u64> {
            TransactionPayment::query_info(uxt, len)
        }
        fn query_fee_details(uxt: UncheckedExtrinsic, len: u32) -> pallet_transaction_payment_rpc_runtime_api::FeeDetails<u64> {
            TransactionPayment::query_fee_details(uxt, len)
        }
        fn query_weight_to_fee(weight: Weight) -> u64 {
            TransactionPayment::weight_to_fee(weight)
        }
        fn query_length_to_fee(length: u32) -> u64 {
            TransactionPayment::length_to_fee(length)
        }
    }

    impl declared::NeuronInfoRuntimeApi<Block> for Runtime {
        fn get_neurons(netuid: NetUid) -> Vec<NeuronInfo> {
            Subtensor::neurons(netuid)
        }
        fn get_neuron(netuid: NetUid, uid: u16) -> Option<NeuronInfo> {
            Subtensor::neuron(netuid, uid)
        }
        fn get_neurons_lite(netuid: NetUid) -> Vec<NeuronInfoLite> {
            Subtensor::neurons_lite(netuid)
        }
        fn get_neuron_lite(netuid: NetUid, uid: u16) -> Option<NeuronInfoLite> {
            Subtensor::neuron_lite(netuid, uid)
        }
    }

    impl declared::SubnetInfoRuntimeApi<Block> for Runtime {
        fn get_subnet_info_v2(netuid: NetUid) -> Option<SubnetInfov2> {
            Subtensor::subnet_info(netuid)
        }
        fn get_subnets_info_v2() -> Vec<Option<SubnetInfov2>> {
            Subtensor::by_netuid(Subtensor::subnet_info)
        }
        fn get_subnet_hyperparams_v2(netuid: NetUid) -> Option<SubnetHyperparamsV2> {
            Subtensor::hyperparams(netuid)
        }
        fn get_all_dynamic_info() -> Vec<Option<DynamicInfo>> {
            Subtensor::by_netuid(Subtensor::dynamic_info)
        }
        fn get_all_metagraphs() -> Vec<Option<Metagraph>> {
            Subtensor::by_netuid(Subtensor::metagraph)
        }
        fn get_metagraph(netuid: NetUid) -> Option<Metagraph> {
            Subtensor::metagraph(netuid)
        }
        fn get_mechagraph(netuid: NetUid, mecid: MechId) -> Option<Metagraph> {
            Subtensor::metagraph(netuid).filter(|_| mecid.0 == 0)
        }
        fn get_dynamic_info(netuid: NetUid) -> Option<DynamicInfo> {
            Subtensor::dynamic_info(netuid)
        }
        fn get_subnet_state(netuid: NetUid) -> Option<SubnetState> {
            Subtensor::subnet_state(netuid)
        }
        fn get_selective_metagraph(netuid: NetUid, metagraph_indexes: Vec<u16>) -> Option<SelectiveMetagraph> {
            Subtensor::selective_metagraph(netuid, &metagraph_indexes)
        }
        fn get_selective_mechagraph(netuid: NetUid, subid: MechId, metagraph_indexes: Vec<u16>) -> Option<SelectiveMetagraph> {
            Subtensor::selective_metagraph(netuid, &metagraph_indexes).filter(|_| subid.0 == 0)
        }
        fn get_next_epoch_start_block(netuid: NetUid) -> Option<u64> {
            Subtensor::next_epoch(netuid)
        }
    }

    impl declared::StakeInfoRuntimeApi<Block> for Runtime {
        fn get_stake_info_for_coldkey(coldkey_account: AccountId) -> Vec<StakeInfo> {
            Subtensor::stake_info(&coldkey_account)
        }
        fn get_stake_info_for_coldkeys(coldkey_accounts: Vec<AccountId>) -> Vec<(AccountId, Vec<StakeInfo>)> {
            coldkey_accounts.into_iter().map(|coldkey| (coldkey.clone(), Subtensor::stake_info(&coldkey))).collect()
        }
        fn get_stake_info_for_hotkey_coldkey_netuid(hotkey_account: AccountId, coldkey_account: AccountId, netuid: NetUid) -> Option<StakeInfo> {
            Some(Subtensor::stake_of(&hotkey_account, &coldkey_account, netuid))
        }
        fn get_stake_availability_for_coldkeys(coldkey_accounts: Vec<AccountId>, netuids: Option<Vec<NetUid>>) -> BTreeMap<AccountId, BTreeMap<NetUid, StakeAvailability>> {
            coldkey_accounts.into_iter().map(|coldkey| (coldkey.clone(), Subtensor::availability(&coldkey, netuids.as_deref()))).collect()
        }
    }

    impl declared::SubnetRegistrationRuntimeApi<Block> for Runtime {
        fn get_network_registration_cost() -> TaoBalance {
            TaoBalance(1_000_000_000_000)
        }
    }

    impl declared::SwapRuntimeApi<Block> for Runtime {
        fn current_alpha_price(netuid: NetUid) -> u64 {
            Subtensor::alpha_price(netuid)
        }
        fn current_alpha_price_all() -> Vec<SubnetPrice> {
            Subtensor::prices()
        }
        fn sim_swap_tao_for_alpha(netuid: NetUid, tao: TaoBalance) -> SimSwapResult {
            Subtensor::sim_buy(netuid, tao)
        }
        fn sim_swap_alpha_for_tao(netuid: NetUid, alpha: AlphaBalance) -> SimSwapResult {
            Subtensor::sim_sell(netuid, alpha)
        }
    }
}

fn shape() -> upgrade::Shape {
    upgrade::Runtime::current().shape
}

/// Calls a runtime API on the state at hand, as a node does: by name, with encoded arguments.
pub(crate) fn call(method: &str, arguments: &[u8]) -> Option<Vec<u8>> {
    api::dispatch(method, arguments)
}
