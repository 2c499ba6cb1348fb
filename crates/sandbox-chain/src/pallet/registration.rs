//! How a neuron comes and goes, and what coming costs.

use codec::Encode;
use frame_support::ensure;
use frame_support::pallet_prelude::DispatchResult;
use frame_support::traits::fungible::{Inspect, Mutate};
use frame_support::traits::tokens::{Fortitude, Precision, Preservation};
use sp_runtime::DispatchError;

use super::{
    Active, Axons, BlockAtRegistration, Bonds, Burn, BurnHalfLife, BurnIncreaseMult, ChildkeyTake, Config, Consensus,
    Dividends, Emission, Error, Event, ImmunityPeriod, Incentive, IsNetworkMember, Keys, LastUpdate, MaxAllowedUids,
    MaxBurn, MinBurn, MinNonImmuneUids, NetworkRegistrationAllowed, NetworksAdded, NeuronCertificates, OwnedHotkeys,
    Owner, Pallet, Prometheus, RAORecycledForRegistration, RegistrationsThisBlock, StakeWeight, StakingHotkeys,
    SubnetOwnerHotkey, SubnetworkN, Uids, ValidatorPermit, ValidatorTrust, WeightCommits, Weights, main_mechanism,
};
use crate::runtime::number::{AlphaBalance, NetUid, TaoBalance};

/// The most a hotkey may keep of its parents' stake, 18 %, in 65535ths.
const MAX_CHILDKEY_TAKE: u16 = 11_796;

impl<T: Config> Pallet<T> {
    pub(super) fn do_register_limit(
        coldkey: &T::AccountId,
        netuid: NetUid,
        hotkey: &T::AccountId,
        limit: TaoBalance,
    ) -> DispatchResult {
        ensure!(netuid.0 != 0, Error::<T>::RegistrationNotPermittedOnRootSubnet);
        ensure!(NetworksAdded::<T>::get(netuid), Error::<T>::SubnetNotExists);
        ensure!(Burn::<T>::get(netuid) <= limit, Error::<T>::RegistrationPriceLimitExceeded);
        Self::do_register(coldkey, netuid, hotkey)
    }

    pub(super) fn do_register(coldkey: &T::AccountId, netuid: NetUid, hotkey: &T::AccountId) -> DispatchResult {
        ensure!(netuid.0 != 0, Error::<T>::RegistrationNotPermittedOnRootSubnet);
        ensure!(NetworksAdded::<T>::get(netuid), Error::<T>::SubnetNotExists);
        ensure!(NetworkRegistrationAllowed::<T>::get(netuid), Error::<T>::SubNetRegistrationDisabled);
        ensure!(!Uids::<T>::contains_key(netuid, hotkey), Error::<T>::HotKeyAlreadyRegisteredInSubNet);
        let price = Burn::<T>::get(netuid);
        Self::ensure_affordable(coldkey, price)?;
        Self::associate(coldkey, hotkey);
        ensure!(Owner::<T>::get(hotkey) == *coldkey, Error::<T>::NonAssociatedColdKey);

        Self::withdraw(coldkey, price)?;
        let uid = Self::admit(netuid, hotkey)?;
        Self::raise_price(netuid);
        RegistrationsThisBlock::<T>::mutate(netuid, |count| *count = count.saturating_add(1));
        RAORecycledForRegistration::<T>::mutate(netuid, |rao| rao.0 = rao.0.saturating_add(price.0));
        Self::deposit_event(Event::NeuronRegistered(netuid, uid, hotkey.clone()));
        Ok(())
    }

    /// Takes a free place on the root network; without one, stake would decide.
    pub(super) fn do_root_register(coldkey: &T::AccountId, hotkey: &T::AccountId) -> DispatchResult {
        let root = NetUid(0);
        ensure!(!Uids::<T>::contains_key(root, hotkey), Error::<T>::HotKeyAlreadyRegisteredInSubNet);
        Self::associate(coldkey, hotkey);
        ensure!(Owner::<T>::get(hotkey) == *coldkey, Error::<T>::NonAssociatedColdKey);
        ensure!(SubnetworkN::<T>::get(root) < MaxAllowedUids::<T>::get(root), Error::<T>::StakeTooLowForRoot);
        let uid = Self::admit(root, hotkey)?;
        Self::deposit_event(Event::NeuronRegistered(root, uid, hotkey.clone()));
        Ok(())
    }

    /// Sets what a hotkey keeps of its parents' stake.
    pub(super) fn do_set_childkey_take(
        coldkey: &T::AccountId,
        hotkey: T::AccountId,
        netuid: NetUid,
        take: u16,
    ) -> DispatchResult {
        ensure!(NetworksAdded::<T>::get(netuid), Error::<T>::SubnetNotExists);
        ensure!(Owner::<T>::get(&hotkey) == *coldkey, Error::<T>::NonAssociatedColdKey);
        ensure!(take <= MAX_CHILDKEY_TAKE, Error::<T>::InvalidChildkeyTake);
        ChildkeyTake::<T>::insert(&hotkey, netuid, take);
        Self::deposit_event(Event::ChildKeyTakeSet(hotkey, take));
        Ok(())
    }

    /// Whether the account can pay and goes on to exist.
    pub(super) fn ensure_affordable(coldkey: &T::AccountId, price: TaoBalance) -> Result<(), Error<T>> {
        let balance = <pallet_balances::Pallet<T> as Inspect<T::AccountId>>::reducible_balance(
            coldkey,
            Preservation::Preserve,
            Fortitude::Polite,
        );
        ensure!(balance >= price.0, Error::NotEnoughBalanceToStake);
        Ok(())
    }

    /// Takes the amount from the account and from circulation.
    pub(super) fn withdraw(coldkey: &T::AccountId, amount: TaoBalance) -> Result<(), DispatchError> {
        <pallet_balances::Pallet<T> as Mutate<T::AccountId>>::burn_from(
            coldkey,
            amount.0,
            Preservation::Preserve,
            Precision::Exact,
            Fortitude::Polite,
        )
        .map(|_| ())
    }

    /// Makes the coldkey the hotkey's owner, if it has none.
    pub(crate) fn associate(coldkey: &T::AccountId, hotkey: &T::AccountId) {
        if !Owner::<T>::contains_key(hotkey) {
            Owner::<T>::insert(hotkey, coldkey);
            OwnedHotkeys::<T>::append(coldkey, hotkey);
            StakingHotkeys::<T>::append(coldkey, hotkey);
        }
    }

    /// Gives the hotkey a UID: the next one, or that of the neuron that earns least.
    ///
    /// # Errors
    /// If the subnet is full and nobody may be replaced.
    pub(crate) fn admit(netuid: NetUid, hotkey: &T::AccountId) -> Result<u16, DispatchError> {
        let count = SubnetworkN::<T>::get(netuid);
        let uid = if count < MaxAllowedUids::<T>::get(netuid) {
            SubnetworkN::<T>::insert(netuid, count.saturating_add(1));
            count
        } else {
            let uid = Self::neuron_to_prune(netuid).ok_or(Error::<T>::NoNeuronIdAvailable)?;
            Self::evict(netuid, uid);
            uid
        };
        Self::occupy(netuid, uid, hotkey);
        Ok(uid)
    }

    fn occupy(netuid: NetUid, uid: u16, hotkey: &T::AccountId) {
        let (index, block) = (main_mechanism(netuid), Self::block());
        Keys::<T>::insert(netuid, uid, hotkey);
        Uids::<T>::insert(netuid, hotkey, uid);
        IsNetworkMember::<T>::insert(hotkey, netuid, true);
        BlockAtRegistration::<T>::insert(netuid, uid, block);
        Active::<T>::mutate(netuid, |all| put(all, uid, true));
        Consensus::<T>::mutate(netuid, |all| put(all, uid, 0));
        Incentive::<T>::mutate(index, |all| put(all, uid, 0));
        Dividends::<T>::mutate(netuid, |all| put(all, uid, 0));
        Emission::<T>::mutate(netuid, |all| put(all, uid, AlphaBalance(0)));
        LastUpdate::<T>::mutate(index, |all| put(all, uid, block));
        ValidatorTrust::<T>::mutate(netuid, |all| put(all, uid, 0));
        ValidatorPermit::<T>::mutate(netuid, |all| put(all, uid, false));
        StakeWeight::<T>::mutate(netuid, |all| put(all, uid, 0));
    }

    /// Forgets the neuron of a UID, whose place stays to be occupied.
    pub(crate) fn evict(netuid: NetUid, uid: u16) {
        let hotkey = Keys::<T>::get(netuid, uid);
        let index = main_mechanism(netuid);
        Uids::<T>::remove(netuid, &hotkey);
        IsNetworkMember::<T>::remove(&hotkey, netuid);
        Axons::<T>::remove(netuid, &hotkey);
        NeuronCertificates::<T>::remove(netuid, &hotkey);
        Prometheus::<T>::remove(netuid, &hotkey);
        WeightCommits::<T>::remove(index, &hotkey);
        Weights::<T>::remove(index, uid);
        Bonds::<T>::remove(index, uid);
    }

    /// Gives a neuron's place to a hotkey that nobody has.
    pub(crate) fn supplant(netuid: NetUid, uid: u16) {
        if uid < SubnetworkN::<T>::get(netuid) {
            let stranger = sp_crypto_hashing::blake2_256(&(netuid, uid, Self::block()).encode());
            let stranger = T::AccountId::new(stranger);
            Self::associate(&stranger, &stranger);
            Self::evict(netuid, uid);
            Self::occupy(netuid, uid, &stranger);
            Self::deposit_event(Event::NeuronRegistered(netuid, uid, stranger));
        }
    }

    /// The neuron that the next registration in a full subnet replaces: the least emission, then the oldest, then the
    /// lowest UID; whoever is immune only if nobody else is left, the subnet owner's never.
    pub(crate) fn neuron_to_prune(netuid: NetUid) -> Option<u16> {
        let owner = SubnetOwnerHotkey::<T>::get(netuid);
        let emissions = Emission::<T>::get(netuid);
        let candidates =
            (0..SubnetworkN::<T>::get(netuid)).filter(|uid| Keys::<T>::get(netuid, uid) != owner).map(|uid| {
                let emission = emissions.get(usize::from(uid)).copied().unwrap_or_default();
                (Self::is_immune(netuid, uid), emission, BlockAtRegistration::<T>::get(netuid, uid), uid)
            });
        let (immune, free): (Vec<_>, Vec<_>) = candidates.partition(|(immune, ..)| *immune);
        let least = |of: Vec<(bool, AlphaBalance, u64, u16)>| of.into_iter().min().map(|(.., uid)| uid);
        if free.len() > usize::from(MinNonImmuneUids::<T>::get(netuid)) { least(free) } else { least(immune) }
    }

    /// Whether the neuron is too young to be replaced.
    pub(crate) fn is_immune(netuid: NetUid, uid: u16) -> bool {
        let age = Self::block().saturating_sub(BlockAtRegistration::<T>::get(netuid, uid));
        age < u64::from(ImmunityPeriod::<T>::get(netuid))
    }

    fn raise_price(netuid: NetUid) {
        let factor = BurnIncreaseMult::<T>::get(netuid).bits;
        let price = u128::from(Burn::<T>::get(netuid).0);
        // The factor has 64 bits after the point; of these the upper 32 are enough, and the product fits.
        let raised = price.saturating_mul(factor >> 32) >> 32;
        Self::set_price(netuid, u64::try_from(raised).unwrap_or(u64::MAX));
    }

    /// Lets the price fall towards its half-life: ln 2 of it, over the half-life in blocks.
    pub(super) fn lower_price(netuid: NetUid) {
        let half_life = u128::from(BurnHalfLife::<T>::get(netuid)).max(1);
        let price = Burn::<T>::get(netuid).0;
        let fall = u128::from(price) * 693_147 / (1_000_000 * half_life);
        Self::set_price(netuid, price.saturating_sub(u64::try_from(fall).unwrap_or(price)));
    }

    fn set_price(netuid: NetUid, rao: u64) {
        let (least, most) = (MinBurn::<T>::get(netuid).0, MaxBurn::<T>::get(netuid).0);
        Burn::<T>::insert(netuid, TaoBalance(rao.min(most).max(least)));
    }
}

/// Sets the UID's entry, adding it where the UID is the next.
fn put<V: Clone>(all: &mut Vec<V>, uid: u16, value: V) {
    match all.get_mut(usize::from(uid)) {
        Some(entry) => *entry = value,
        None => all.push(value),
    }
}
