//! Weights: set openly, or committed first and revealed an epoch later.

use std::collections::{BTreeSet, VecDeque};

use codec::Encode;
use frame_support::pallet_prelude::DispatchResult;
use frame_support::{BoundedVec, ensure, traits::ConstU32};
use sp_core::H256;
use sp_crypto_hashing::blake2_256;

use super::{
    CommitRevealWeightsEnabled, CommitRevealWeightsVersion, Config, Error, Event, LastUpdate,
    MAX_CRV3_COMMIT_SIZE_BYTES, MaxWeightsLimit, MinAllowedWeights, NetworksAdded, Pallet, RevealPeriodEpochs,
    StakeThreshold, SubnetworkN, TimelockedWeightCommits, TotalHotkeyAlpha, Uids, ValidatorPermit, WeightCommits,
    Weights, WeightsSetRateLimit, WeightsVersionKey, main_mechanism, timelock,
};
use crate::runtime::number::NetUid;

/// How many commits of a hotkey may wait.
const MAX_UNREVEALED: usize = 10;

impl<T: Config> Pallet<T> {
    pub(super) fn do_set_weights(
        hotkey: &T::AccountId,
        netuid: NetUid,
        uids: Vec<u16>,
        values: &[u16],
        version_key: u64,
    ) -> DispatchResult {
        ensure!(!CommitRevealWeightsEnabled::<T>::get(netuid), Error::<T>::CommitRevealEnabled);
        Self::apply_weights(hotkey, netuid, uids, values, version_key)
    }

    fn apply_weights(
        hotkey: &T::AccountId,
        netuid: NetUid,
        uids: Vec<u16>,
        values: &[u16],
        version_key: u64,
    ) -> DispatchResult {
        ensure!(NetworksAdded::<T>::get(netuid), Error::<T>::SubnetNotExists);
        ensure!(uids.len() == values.len(), Error::<T>::WeightVecNotEqualSize);
        let count = SubnetworkN::<T>::get(netuid);
        ensure!(uids.len() <= usize::from(count), Error::<T>::UidsLengthExceedUidsInSubNet);
        let own = Uids::<T>::get(netuid, hotkey).ok_or(Error::<T>::HotKeyNotRegisteredInSubNet)?;
        ensure!(Self::has_stake_for_weights(hotkey, netuid), Error::<T>::NotEnoughStakeToSetWeights);
        ensure!(version_key >= WeightsVersionKey::<T>::get(netuid), Error::<T>::IncorrectWeightVersionKey);
        let revealed = CommitRevealWeightsEnabled::<T>::get(netuid);
        ensure!(revealed || Self::may_set_weights_again(netuid, own), Error::<T>::SettingWeightsTooFast);
        let only_self = uids.iter().all(|uid| *uid == own);
        let permit = ValidatorPermit::<T>::get(netuid).get(usize::from(own)).copied().unwrap_or_default();
        ensure!(permit || only_self, Error::<T>::NeuronNoValidatorPermit);
        ensure!(uids.iter().collect::<BTreeSet<_>>().len() == uids.len(), Error::<T>::DuplicateUids);
        ensure!(uids.iter().all(|uid| *uid < count), Error::<T>::UidVecContainInvalidOne);
        let enough = uids.len() >= usize::from(MinAllowedWeights::<T>::get(netuid));
        ensure!(only_self || enough, Error::<T>::WeightVecLengthIsLow);
        let values = upscaled(values);
        ensure!(only_self || !exceeds(&values, MaxWeightsLimit::<T>::get(netuid)), Error::<T>::MaxWeightExceeded);

        let index = main_mechanism(netuid);
        Weights::<T>::insert(index, own, uids.into_iter().zip(values).collect::<Vec<_>>());
        if !revealed {
            Self::touch(netuid, own);
        }
        Self::deposit_event(Event::WeightsSet(index, own));
        Ok(())
    }

    /// Whether the hotkey's stake is enough for weights. The pool asks, too.
    pub(crate) fn has_stake_for_weights(hotkey: &T::AccountId, netuid: NetUid) -> bool {
        TotalHotkeyAlpha::<T>::get(hotkey, netuid).0 >= StakeThreshold::<T>::get()
    }

    /// Whether the weights' rate limit allows them again. The pool asks, too.
    pub(crate) fn may_set_weights_again(netuid: NetUid, uid: u16) -> bool {
        let last = LastUpdate::<T>::get(main_mechanism(netuid)).get(usize::from(uid)).copied().unwrap_or_default();
        last == 0 || Self::block().saturating_sub(last) >= WeightsSetRateLimit::<T>::get(netuid)
    }

    fn touch(netuid: NetUid, uid: u16) {
        LastUpdate::<T>::mutate(main_mechanism(netuid), |all| {
            if let Some(last) = all.get_mut(usize::from(uid)) {
                *last = Self::block();
            }
        });
    }

    fn ensure_may_commit(hotkey: &T::AccountId, netuid: NetUid) -> Result<u16, Error<T>> {
        let uid = Uids::<T>::get(netuid, hotkey).ok_or(Error::HotKeyNotRegisteredInSubNet)?;
        ensure!(Self::may_set_weights_again(netuid, uid), Error::CommittingWeightsTooFast);
        Ok(uid)
    }

    pub(super) fn do_commit_weights(hotkey: T::AccountId, netuid: NetUid, hash: H256) -> DispatchResult {
        ensure!(NetworksAdded::<T>::get(netuid), Error::<T>::MechanismDoesNotExist);
        ensure!(CommitRevealWeightsEnabled::<T>::get(netuid), Error::<T>::CommitRevealDisabled);
        let uid = Self::ensure_may_commit(&hotkey, netuid)?;
        let (index, epoch) = (main_mechanism(netuid), Self::epoch_ahead(netuid));
        let mut commits = WeightCommits::<T>::get(index, &hotkey).unwrap_or_default();
        commits.retain(|(_, committed, ..)| !Self::is_expired(netuid, *committed));
        ensure!(commits.len() < MAX_UNREVEALED, Error::<T>::TooManyUnrevealedCommits);

        commits.push_back((hash, epoch, Self::block(), 0));
        WeightCommits::<T>::insert(index, &hotkey, commits);
        Self::touch(netuid, uid);
        Self::deposit_event(Event::WeightsCommitted(hotkey, index, hash));
        Ok(())
    }

    /// What a commit of these weights must have been.
    pub(crate) fn commit_hash(
        hotkey: &T::AccountId,
        netuid: NetUid,
        uids: &[u16],
        values: &[u16],
        salt: &[u16],
        version_key: u64,
    ) -> H256 {
        H256(blake2_256(&(hotkey, main_mechanism(netuid), uids, values, salt, version_key).encode()))
    }

    /// Whether the commit of this epoch may be revealed now. The pool asks, too.
    pub(crate) fn is_revealable(netuid: NetUid, committed: u64) -> bool {
        Self::epoch_ahead(netuid) == committed.saturating_add(RevealPeriodEpochs::<T>::get(netuid))
    }

    fn is_expired(netuid: NetUid, committed: u64) -> bool {
        Self::epoch_ahead(netuid) > committed.saturating_add(RevealPeriodEpochs::<T>::get(netuid))
    }

    pub(super) fn do_reveal_weights(
        hotkey: T::AccountId,
        netuid: NetUid,
        uids: Vec<u16>,
        values: &[u16],
        salt: &[u16],
        version_key: u64,
    ) -> DispatchResult {
        ensure!(CommitRevealWeightsEnabled::<T>::get(netuid), Error::<T>::CommitRevealDisabled);
        let index = main_mechanism(netuid);
        let mut commits = WeightCommits::<T>::get(index, &hotkey).ok_or(Error::<T>::NoWeightsCommitFound)?;
        let hash = Self::commit_hash(&hotkey, netuid, &uids, values, salt, version_key);
        let (place, committed) = commits
            .iter()
            .zip(0usize..)
            .find_map(|((other, epoch, ..), place)| (*other == hash).then_some((place, *epoch)))
            .ok_or(Error::<T>::InvalidRevealCommitHashNotMatch)?;
        ensure!(!Self::is_expired(netuid, committed), Error::<T>::ExpiredWeightCommit);
        ensure!(Self::is_revealable(netuid, committed), Error::<T>::RevealTooEarly);

        // Older commits are spent with it.
        commits.drain(..=place);
        if commits.is_empty() {
            WeightCommits::<T>::remove(index, &hotkey);
        } else {
            WeightCommits::<T>::insert(index, &hotkey, commits);
        }
        Self::apply_weights(&hotkey, netuid, uids, values, version_key)?;
        Self::deposit_event(Event::WeightsRevealed(hotkey, index, hash));
        Ok(())
    }

    pub(super) fn do_commit_timelocked_weights(
        hotkey: T::AccountId,
        netuid: NetUid,
        commit: BoundedVec<u8, ConstU32<MAX_CRV3_COMMIT_SIZE_BYTES>>,
        round: u64,
        version: u16,
    ) -> DispatchResult {
        ensure!(NetworksAdded::<T>::get(netuid), Error::<T>::MechanismDoesNotExist);
        ensure!(CommitRevealWeightsEnabled::<T>::get(netuid), Error::<T>::CommitRevealDisabled);
        ensure!(version == CommitRevealWeightsVersion::<T>::get(), Error::<T>::IncorrectCommitRevealVersion);
        let uid = Self::ensure_may_commit(&hotkey, netuid)?;
        let (index, epoch) = (main_mechanism(netuid), Self::epoch_ahead(netuid));
        let mut commits = TimelockedWeightCommits::<T>::get(index, epoch);
        let waiting = commits.iter().filter(|(who, ..)| *who == hotkey).count();
        ensure!(waiting < MAX_UNREVEALED, Error::<T>::TooManyUnrevealedCommits);

        let hash = H256(blake2_256(&commit));
        commits.push_back((hotkey.clone(), Self::block(), commit, round));
        TimelockedWeightCommits::<T>::insert(index, epoch, commits);
        Self::touch(netuid, uid);
        Self::deposit_event(Event::TimelockedWeightsCommitted(hotkey, index, hash, round));
        Ok(())
    }

    /// Opens the commits whose epoch has come. What cannot be opened or applied is dropped, as upstream does.
    pub(super) fn reveal_timelocked_weights(netuid: NetUid) {
        let Some(due) = Self::epoch_ahead(netuid).checked_sub(RevealPeriodEpochs::<T>::get(netuid)) else {
            return;
        };
        let index = main_mechanism(netuid);
        let expired: Vec<u64> =
            TimelockedWeightCommits::<T>::iter_key_prefix(index).filter(|epoch| *epoch < due).collect();
        for epoch in expired {
            TimelockedWeightCommits::<T>::remove(index, epoch);
        }
        let commits: VecDeque<_> = TimelockedWeightCommits::<T>::take(index, due);
        for (hotkey, _, sealed, round) in commits {
            let own = |payload: &timelock::Payload| payload.hotkey == <_ as AsRef<[u8]>>::as_ref(&hotkey);
            let Some(payload) = timelock::open(&sealed, round).filter(own) else {
                continue;
            };
            let applied = Self::apply_weights(&hotkey, netuid, payload.uids, &payload.values, payload.version_key);
            if applied.is_ok() {
                Self::deposit_event(Event::TimelockedWeightsRevealed(index, hotkey));
            }
        }
    }
}

/// The weights stretched so that the largest is 65535.
fn upscaled(values: &[u16]) -> Vec<u16> {
    let most = u32::from(values.iter().copied().max().unwrap_or_default()).max(1);
    let scale = |value: &u16| u16::try_from(u32::from(*value) * u32::from(u16::MAX) / most).unwrap_or(u16::MAX);
    values.iter().map(scale).collect()
}

/// Whether one of them has more than the allowed share of all, in 65535ths.
fn exceeds(values: &[u16], limit: u16) -> bool {
    let sum: u64 = values.iter().copied().map(u64::from).sum();
    limit != u16::MAX && values.iter().any(|value| u64::from(*value) * u64::from(u16::MAX) > sum * u64::from(limit))
}
