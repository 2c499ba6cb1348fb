//! What calls and epochs tell: the events of spec 424 that the sandbox emits, with their indices.

use frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod event {
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        #[codec(index = 2)]
        StakeAdded(T::AccountId, T::AccountId, TaoBalance, AlphaBalance, NetUid, u64),
        #[codec(index = 3)]
        StakeRemoved(T::AccountId, T::AccountId, TaoBalance, AlphaBalance, NetUid, u64),
        #[codec(index = 4)]
        StakeMoved(T::AccountId, T::AccountId, NetUid, T::AccountId, NetUid, TaoBalance),
        #[codec(index = 5)]
        WeightsSet(NetUidStorageIndex, u16),
        #[codec(index = 6)]
        NeuronRegistered(NetUid, u16, T::AccountId),
        #[codec(index = 28)]
        AxonServed(NetUid, T::AccountId),
        #[codec(index = 29)]
        PrometheusServed(NetUid, T::AccountId),
        #[codec(index = 48)]
        ChildKeyTakeSet(T::AccountId, u16),
        #[codec(index = 85)]
        WeightsCommitted(T::AccountId, NetUidStorageIndex, H256),
        #[codec(index = 86)]
        WeightsRevealed(T::AccountId, NetUidStorageIndex, H256),
        #[codec(index = 91)]
        StakeTransferred(T::AccountId, T::AccountId, T::AccountId, NetUid, NetUid, TaoBalance),
        #[codec(index = 92)]
        StakeSwapped(T::AccountId, T::AccountId, NetUid, NetUid, TaoBalance),
        #[codec(index = 107)]
        TimelockedWeightsCommitted(T::AccountId, NetUidStorageIndex, H256, u64),
        #[codec(index = 108)]
        TimelockedWeightsRevealed(NetUidStorageIndex, T::AccountId),
        #[codec(index = 110)]
        IncentiveAlphaEmittedToMiners { netuid: NetUidStorageIndex, emissions: Vec<AlphaBalance> },
        #[codec(index = 114)]
        RootClaimed { coldkey: T::AccountId },
    }
}
