//! `SubtensorModule`: the part of subtensor that the suite meets. Each call's rules are in a file of its own.

#![expect(
    missing_docs,
    reason = "storage, events, errors and calls have upstream's names, and their meaning is upstream's"
)]

mod epoch;
mod error;
mod event;
mod registration;
mod serving;
mod staking;
mod storage;
mod timelock;
mod views;
mod weights;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::pallet_macros::import_section;
use frame_support::{BoundedVec, traits::ConstU32};
use scale_info::TypeInfo;

pub use pallet::*;
pub use timelock::seal;

/// The longest timelocked commit, in bytes.
pub const MAX_CRV3_COMMIT_SIZE_BYTES: u32 = 5000;

/// Where a neuron serves.
#[derive(
    Clone, Copy, Debug, Decode, DecodeWithMemTracking, Default, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct AxonInfo {
    pub block: u64,
    pub version: u32,
    pub ip: u128,
    pub port: u16,
    pub ip_type: u8,
    pub protocol: u8,
    pub placeholder1: u8,
    pub placeholder2: u8,
}

/// Where a neuron shows its metrics.
#[derive(
    Clone, Copy, Debug, Decode, DecodeWithMemTracking, Default, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct PrometheusInfo {
    pub block: u64,
    pub version: u32,
    pub ip: u128,
    pub port: u16,
    pub ip_type: u8,
}

/// The key of a neuron's TLS server.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo)]
pub struct NeuronCertificate {
    pub public_key: BoundedVec<u8, ConstU32<64>>,
    pub algorithm: u8,
}

/// What a coldkey says of itself.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct ChainIdentityV2 {
    pub name: Vec<u8>,
    pub url: Vec<u8>,
    pub github_repo: Vec<u8>,
    pub image: Vec<u8>,
    pub discord: Vec<u8>,
    pub description: Vec<u8>,
    pub additional: Vec<u8>,
}

/// What a subnet says of itself.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct SubnetIdentityV3 {
    pub subnet_name: Vec<u8>,
    pub github_repo: Vec<u8>,
    pub subnet_contact: Vec<u8>,
    pub subnet_url: Vec<u8>,
    pub discord: Vec<u8>,
    pub description: Vec<u8>,
    pub logo_url: Vec<u8>,
    pub additional: Vec<u8>,
}

#[expect(clippy::module_inception, reason = "a pallet's module is called so")]
#[expect(clippy::too_many_arguments, reason = "calls have upstream's arguments")]
#[expect(clippy::expect_used, reason = "the macro's own code")]
#[import_section(storage::storage)]
#[import_section(error::error)]
#[import_section(event::event)]
#[frame_support::pallet]
pub mod pallet {
    use std::collections::{BTreeSet, VecDeque};

    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use sp_core::H256;
    use sp_runtime::AccountId32;

    use super::{
        AxonInfo, ChainIdentityV2, MAX_CRV3_COMMIT_SIZE_BYTES, NeuronCertificate, PrometheusInfo, SubnetIdentityV3,
    };
    use crate::runtime::number::{
        AlphaBalance, FixedU128, I96F32, MechId, NetUid, NetUidStorageIndex, TaoBalance, U64F64,
    };

    #[pallet::pallet]
    #[pallet::without_storage_info]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config:
        frame_system::Config<AccountId = AccountId32, RuntimeEvent: From<Event<Self>>>
        + pallet_balances::Config<Balance = u64>
    {
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            Self::block_step();
            Weight::from_parts(1_000_000, 0)
        }
    }

    /// What upstream weighs these calls at, roughly: it only sets the fee.
    const WEIGHT: Weight = Weight::from_parts(300_000_000, 0);

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        #[pallet::call_index(0)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn set_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            dests: Vec<u16>,
            weights: Vec<u16>,
            version_key: u64,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            Self::do_set_weights(&hotkey, netuid, dests, &weights, version_key)
        }

        #[pallet::call_index(2)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn add_stake(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: NetUid,
            amount_staked: TaoBalance,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_add_stake(&coldkey, &hotkey, netuid, amount_staked, None)
        }

        #[pallet::call_index(3)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn remove_stake(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: NetUid,
            amount_unstaked: AlphaBalance,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_remove_stake(&coldkey, &hotkey, netuid, amount_unstaked, None)
        }

        #[pallet::call_index(4)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn serve_axon(
            origin: OriginFor<T>,
            netuid: NetUid,
            version: u32,
            ip: u128,
            port: u16,
            ip_type: u8,
            protocol: u8,
            placeholder1: u8,
            placeholder2: u8,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            let axon = AxonInfo { block: 0, version, ip, port, ip_type, protocol, placeholder1, placeholder2 };
            Self::do_serve_axon(hotkey, netuid, axon, None)
        }

        #[pallet::call_index(5)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn serve_prometheus(
            origin: OriginFor<T>,
            netuid: NetUid,
            version: u32,
            ip: u128,
            port: u16,
            ip_type: u8,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            Self::do_serve_prometheus(hotkey, netuid, PrometheusInfo { block: 0, version, ip, port, ip_type })
        }

        #[pallet::call_index(6)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn register(
            origin: OriginFor<T>,
            netuid: NetUid,
            _block_number: u64,
            _nonce: u64,
            _work: Vec<u8>,
            hotkey: T::AccountId,
            _coldkey: T::AccountId,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_register(&coldkey, netuid, &hotkey)
        }

        #[pallet::call_index(7)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn burned_register(origin: OriginFor<T>, netuid: NetUid, hotkey: T::AccountId) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_register(&coldkey, netuid, &hotkey)
        }

        #[pallet::call_index(40)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn serve_axon_tls(
            origin: OriginFor<T>,
            netuid: NetUid,
            version: u32,
            ip: u128,
            port: u16,
            ip_type: u8,
            protocol: u8,
            placeholder1: u8,
            placeholder2: u8,
            certificate: Vec<u8>,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            let axon = AxonInfo { block: 0, version, ip, port, ip_type, protocol, placeholder1, placeholder2 };
            Self::do_serve_axon(hotkey, netuid, axon, Some(&certificate))
        }

        #[pallet::call_index(62)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn root_register(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_root_register(&coldkey, &hotkey)
        }

        #[pallet::call_index(75)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn set_childkey_take(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: NetUid,
            take: u16,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_set_childkey_take(&coldkey, hotkey, netuid, take)
        }

        #[pallet::call_index(83)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn unstake_all(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_unstake_all(&coldkey, &hotkey, true).map(|_| ())
        }

        #[pallet::call_index(84)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn unstake_all_alpha(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            let tao = Self::do_unstake_all(&coldkey, &hotkey, false)?;
            Self::do_add_stake(&coldkey, &hotkey, NetUid(0), tao, None)
        }

        #[pallet::call_index(85)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn move_stake(
            origin: OriginFor<T>,
            origin_hotkey: T::AccountId,
            destination_hotkey: T::AccountId,
            origin_netuid: NetUid,
            destination_netuid: NetUid,
            alpha_amount: AlphaBalance,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            let tao = Self::transfer_alpha(
                (&coldkey, &origin_hotkey, origin_netuid),
                (&coldkey, &destination_hotkey, destination_netuid),
                alpha_amount,
            )?;
            Self::deposit_event(Event::StakeMoved(
                coldkey,
                origin_hotkey,
                origin_netuid,
                destination_hotkey,
                destination_netuid,
                tao,
            ));
            Ok(())
        }

        #[pallet::call_index(86)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn transfer_stake(
            origin: OriginFor<T>,
            destination_coldkey: T::AccountId,
            hotkey: T::AccountId,
            origin_netuid: NetUid,
            destination_netuid: NetUid,
            alpha_amount: AlphaBalance,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            let (from, to) = ((&coldkey, &hotkey, origin_netuid), (&destination_coldkey, &hotkey, destination_netuid));
            let tao = Self::transfer_alpha(from, to, alpha_amount)?;
            Self::deposit_event(Event::StakeTransferred(
                coldkey,
                destination_coldkey,
                hotkey,
                origin_netuid,
                destination_netuid,
                tao,
            ));
            Ok(())
        }

        #[pallet::call_index(87)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn swap_stake(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            origin_netuid: NetUid,
            destination_netuid: NetUid,
            alpha_amount: AlphaBalance,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            let (from, to) = ((&coldkey, &hotkey, origin_netuid), (&coldkey, &hotkey, destination_netuid));
            let tao = Self::transfer_alpha(from, to, alpha_amount)?;
            Self::deposit_event(Event::StakeSwapped(coldkey, hotkey, origin_netuid, destination_netuid, tao));
            Ok(())
        }

        #[pallet::call_index(88)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn add_stake_limit(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: NetUid,
            amount_staked: TaoBalance,
            limit_price: TaoBalance,
            allow_partial: bool,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_add_stake(&coldkey, &hotkey, netuid, amount_staked, Some((limit_price, allow_partial)))
        }

        #[pallet::call_index(89)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn remove_stake_limit(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: NetUid,
            amount_unstaked: AlphaBalance,
            limit_price: TaoBalance,
            allow_partial: bool,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_remove_stake(&coldkey, &hotkey, netuid, amount_unstaked, Some((limit_price, allow_partial)))
        }

        #[pallet::call_index(90)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn swap_stake_limit(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            origin_netuid: NetUid,
            destination_netuid: NetUid,
            alpha_amount: AlphaBalance,
            limit_price: TaoBalance,
            allow_partial: bool,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            let (from, to) = ((&coldkey, &hotkey, origin_netuid), (&coldkey, &hotkey, destination_netuid));
            let amount = Self::within_ratio(from, to, alpha_amount, limit_price, allow_partial)?;
            let tao = Self::transfer_alpha(from, to, amount)?;
            Self::deposit_event(Event::StakeSwapped(coldkey, hotkey, origin_netuid, destination_netuid, tao));
            Ok(())
        }

        #[pallet::call_index(96)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn commit_weights(origin: OriginFor<T>, netuid: NetUid, commit_hash: H256) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            Self::do_commit_weights(hotkey, netuid, commit_hash)
        }

        #[pallet::call_index(97)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn reveal_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            uids: Vec<u16>,
            values: Vec<u16>,
            salt: Vec<u16>,
            version_key: u64,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            Self::do_reveal_weights(hotkey, netuid, uids, &values, &salt, version_key)
        }

        #[pallet::call_index(103)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn remove_stake_full_limit(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: NetUid,
            limit_price: Option<TaoBalance>,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            let all = Self::stake((&coldkey, &hotkey, netuid));
            Self::do_remove_stake(&coldkey, &hotkey, netuid, all, limit_price.map(|price| (price, false)))
        }

        #[pallet::call_index(113)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn commit_timelocked_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            commit: BoundedVec<u8, ConstU32<MAX_CRV3_COMMIT_SIZE_BYTES>>,
            reveal_round: u64,
            commit_reveal_version: u16,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            Self::do_commit_timelocked_weights(hotkey, netuid, commit, reveal_round, commit_reveal_version)
        }

        #[pallet::call_index(115)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn commit_mechanism_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            mecid: MechId,
            commit_hash: H256,
        ) -> DispatchResult {
            ensure!(mecid == MechId(0), Error::<T>::MechanismDoesNotExist);
            Self::commit_weights(origin, netuid, commit_hash)
        }

        #[pallet::call_index(116)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn reveal_mechanism_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            mecid: MechId,
            uids: Vec<u16>,
            values: Vec<u16>,
            salt: Vec<u16>,
            version_key: u64,
        ) -> DispatchResult {
            ensure!(mecid == MechId(0), Error::<T>::MechanismDoesNotExist);
            Self::reveal_weights(origin, netuid, uids, values, salt, version_key)
        }

        #[pallet::call_index(118)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn commit_timelocked_mechanism_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            mecid: MechId,
            commit: BoundedVec<u8, ConstU32<MAX_CRV3_COMMIT_SIZE_BYTES>>,
            reveal_round: u64,
            commit_reveal_version: u16,
        ) -> DispatchResult {
            ensure!(mecid == MechId(0), Error::<T>::MechanismDoesNotExist);
            Self::commit_timelocked_weights(origin, netuid, commit, reveal_round, commit_reveal_version)
        }

        #[pallet::call_index(119)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::No))]
        pub fn set_mechanism_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            mecid: MechId,
            dests: Vec<u16>,
            weights: Vec<u16>,
            version_key: u64,
        ) -> DispatchResult {
            ensure!(mecid == MechId(0), Error::<T>::MechanismDoesNotExist);
            Self::set_weights(origin, netuid, dests, weights, version_key)
        }

        #[pallet::call_index(121)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn claim_root(origin: OriginFor<T>, _subnets: BTreeSet<NetUid>) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::deposit_event(Event::RootClaimed { coldkey });
            Ok(())
        }

        #[pallet::call_index(134)]
        #[pallet::weight((WEIGHT, DispatchClass::Normal, Pays::Yes))]
        pub fn register_limit(
            origin: OriginFor<T>,
            netuid: NetUid,
            hotkey: T::AccountId,
            limit_price: u64,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_register_limit(&coldkey, netuid, &hotkey, TaoBalance(limit_price))
        }
    }
}

/// A subnet's first mechanism, by which weights and incentives are kept.
#[must_use]
pub fn main_mechanism(netuid: crate::runtime::number::NetUid) -> crate::runtime::number::NetUidStorageIndex {
    crate::runtime::number::NetUidStorageIndex(netuid.0)
}

/// The coldkey's alpha with the hotkey.
pub fn stake_of<T: Config>(
    coldkey: &T::AccountId,
    hotkey: &T::AccountId,
    netuid: crate::runtime::number::NetUid,
) -> crate::runtime::number::AlphaBalance {
    Pallet::<T>::stake((coldkey, hotkey, netuid))
}

/// What one alpha costs, in rao.
pub fn alpha_price<T: Config>(netuid: crate::runtime::number::NetUid) -> u64 {
    Pallet::<T>::alpha_price(netuid)
}
