//! Stake and the pool it is bought from: shares of a hotkey's alpha, and a constant-product pool with a fee of 0.3 %.

use frame_support::ensure;
use frame_support::pallet_prelude::DispatchResult;
use frame_support::traits::fungible::Mutate;
use sp_core::U256;
use sp_runtime::DispatchError;

use super::{
    Alpha, Config, Error, Event, NetworksAdded, Owner, Pallet, StakingHotkeys, SubnetAlphaIn, SubnetAlphaOut,
    SubnetMovingPrice, SubnetTAO, SubnetVolume, TotalHotkeyAlpha, TotalHotkeyShares, TotalStake,
};
use crate::runtime::number::{AlphaBalance, FixedI128, FixedU128, NetUid, TaoBalance};

/// The smallest stake, in rao.
const MIN_STAKE: u64 = 2_000_000;
/// The pool's fee, in 65535ths.
const FEE: u64 = 196;

/// A staker's place: coldkey, hotkey, subnet.
type Place<'a, A> = (&'a A, &'a A, NetUid);

/// `value * of / to`, without overflow in between.
pub(super) fn share(value: u128, of: u128, to: u128) -> u128 {
    if to == 0 {
        return 0;
    }
    let share = U256::from(value) * U256::from(of) / U256::from(to);
    if share > U256::from(u128::MAX) { u128::MAX } else { share.as_u128() }
}

fn share_u64(value: u64, of: u64, to: u64) -> u64 {
    u64::try_from(share(value.into(), of.into(), to.into())).unwrap_or(u64::MAX)
}

fn price_of(netuid: NetUid, tao: u64, alpha: u64) -> u64 {
    if netuid.0 == 0 { 1_000_000_000 } else { share_u64(1_000_000_000, tao, alpha) }
}

impl<T: Config> Pallet<T> {
    /// The coldkey's alpha with the hotkey.
    pub(crate) fn stake((coldkey, hotkey, netuid): Place<'_, T::AccountId>) -> AlphaBalance {
        let shares = Alpha::<T>::get((hotkey, coldkey, netuid)).bits;
        let all = TotalHotkeyShares::<T>::get(hotkey, netuid).bits;
        let alpha = share(TotalHotkeyAlpha::<T>::get(hotkey, netuid).0.into(), shares, all);
        AlphaBalance(u64::try_from(alpha).unwrap_or(u64::MAX))
    }

    /// Gives the coldkey alpha with the hotkey.
    pub(crate) fn increase_stake((coldkey, hotkey, netuid): Place<'_, T::AccountId>, alpha: AlphaBalance) {
        let pool = TotalHotkeyAlpha::<T>::get(hotkey, netuid).0;
        let all = TotalHotkeyShares::<T>::get(hotkey, netuid).bits;
        let shares =
            if pool == 0 || all == 0 { u128::from(alpha.0) << 64 } else { share(all, alpha.0.into(), pool.into()) };
        Alpha::<T>::mutate((hotkey, coldkey, netuid), |own| own.bits = own.bits.saturating_add(shares));
        TotalHotkeyShares::<T>::insert(hotkey, netuid, FixedU128 { bits: all.saturating_add(shares) });
        TotalHotkeyAlpha::<T>::insert(hotkey, netuid, AlphaBalance(pool.saturating_add(alpha.0)));
        StakingHotkeys::<T>::mutate(coldkey, |hotkeys| {
            if !hotkeys.contains(hotkey) {
                hotkeys.push(hotkey.clone());
            }
        });
    }

    fn decrease_stake((coldkey, hotkey, netuid): Place<'_, T::AccountId>, alpha: AlphaBalance) -> Result<(), Error<T>> {
        let own = Self::stake((coldkey, hotkey, netuid));
        ensure!(own >= alpha, Error::NotEnoughStakeToWithdraw);
        let pool = TotalHotkeyAlpha::<T>::get(hotkey, netuid).0;
        let all = TotalHotkeyShares::<T>::get(hotkey, netuid).bits;
        let held = Alpha::<T>::get((hotkey, coldkey, netuid)).bits;
        let shares = if own == alpha { held } else { share(all, alpha.0.into(), pool.into()).min(held) };
        Alpha::<T>::insert((hotkey, coldkey, netuid), FixedU128 { bits: held.saturating_sub(shares) });
        TotalHotkeyShares::<T>::insert(hotkey, netuid, FixedU128 { bits: all.saturating_sub(shares) });
        TotalHotkeyAlpha::<T>::insert(hotkey, netuid, AlphaBalance(pool.saturating_sub(alpha.0)));
        Ok(())
    }

    /// Pays alpha to everybody who stakes with the hotkey; to its owner, if nobody does.
    pub(super) fn reward(hotkey: &T::AccountId, netuid: NetUid, alpha: AlphaBalance) {
        if alpha.0 == 0 {
            return;
        }
        if TotalHotkeyShares::<T>::get(hotkey, netuid).bits == 0 {
            Self::increase_stake((&Owner::<T>::get(hotkey), hotkey, netuid), alpha);
        } else {
            TotalHotkeyAlpha::<T>::mutate(hotkey, netuid, |pool| pool.0 = pool.0.saturating_add(alpha.0));
        }
    }

    /// What one alpha costs, in rao. The root subnet's is TAO itself.
    pub(crate) fn alpha_price(netuid: NetUid) -> u64 {
        match (SubnetTAO::<T>::get(netuid).0, SubnetAlphaIn::<T>::get(netuid).0) {
            _ if netuid.0 == 0 => 1_000_000_000,
            (_, 0) => 0,
            (tao, alpha) => share_u64(1_000_000_000, tao, alpha),
        }
    }

    /// What the TAO buys: alpha, and the fee in TAO.
    pub(crate) fn buying(netuid: NetUid, tao: u64) -> (u64, u64) {
        if netuid.0 == 0 {
            return (tao, 0);
        }
        let fee = share_u64(tao, FEE, 65_535);
        let paid = tao.saturating_sub(fee);
        let reserve = SubnetTAO::<T>::get(netuid).0;
        (share_u64(SubnetAlphaIn::<T>::get(netuid).0, paid, reserve.saturating_add(paid)), fee)
    }

    /// What the alpha brings: TAO, and the fee in alpha.
    pub(crate) fn selling(netuid: NetUid, alpha: u64) -> (u64, u64) {
        if netuid.0 == 0 {
            return (alpha, 0);
        }
        let fee = share_u64(alpha, FEE, 65_535);
        let sold = alpha.saturating_sub(fee);
        let reserve = SubnetAlphaIn::<T>::get(netuid).0;
        (share_u64(SubnetTAO::<T>::get(netuid).0, sold, reserve.saturating_add(sold)), fee)
    }

    pub(super) fn do_add_stake(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        netuid: NetUid,
        amount: TaoBalance,
        limit: Option<(TaoBalance, bool)>,
    ) -> DispatchResult {
        ensure!(NetworksAdded::<T>::get(netuid), Error::<T>::SubnetNotExists);
        ensure!(amount.0 >= MIN_STAKE, Error::<T>::AmountTooLow);
        ensure!(Owner::<T>::contains_key(hotkey), Error::<T>::HotKeyAccountNotExists);
        let amount = Self::within_limit(amount.0, limit, |tao| {
            let reserve = SubnetTAO::<T>::get(netuid).0.saturating_add(tao);
            let left = SubnetAlphaIn::<T>::get(netuid).0.saturating_sub(Self::buying(netuid, tao).0);
            limit.is_none_or(|(price, _)| share_u64(1_000_000_000, reserve, left) <= price.0)
        })?;
        Self::ensure_affordable(coldkey, TaoBalance(amount))?;

        Self::withdraw(coldkey, TaoBalance(amount))?;
        let (alpha, fee) = Self::buying(netuid, amount);
        ensure!(alpha > 0, Error::<T>::InsufficientLiquidity);
        Self::trade(netuid, |tao, pool, out| {
            (tao.saturating_add(amount), pool.saturating_sub(alpha), out.saturating_add(alpha))
        });
        SubnetVolume::<T>::mutate(netuid, |volume| *volume = volume.saturating_add(amount.into()));
        TotalStake::<T>::mutate(|stake| stake.0 = stake.0.saturating_add(amount));
        Self::increase_stake((coldkey, hotkey, netuid), AlphaBalance(alpha));
        Self::deposit_event(Event::StakeAdded(
            coldkey.clone(),
            hotkey.clone(),
            TaoBalance(amount),
            AlphaBalance(alpha),
            netuid,
            fee,
        ));
        Ok(())
    }

    pub(super) fn do_remove_stake(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        netuid: NetUid,
        amount: AlphaBalance,
        limit: Option<(TaoBalance, bool)>,
    ) -> DispatchResult {
        ensure!(NetworksAdded::<T>::get(netuid), Error::<T>::SubnetNotExists);
        ensure!(Owner::<T>::contains_key(hotkey), Error::<T>::HotKeyAccountNotExists);
        ensure!(Self::stake((coldkey, hotkey, netuid)) >= amount, Error::<T>::NotEnoughStakeToWithdraw);
        let amount = Self::within_limit(amount.0, limit, |alpha| {
            let left = SubnetTAO::<T>::get(netuid).0.saturating_sub(Self::selling(netuid, alpha).0);
            let reserve = SubnetAlphaIn::<T>::get(netuid).0.saturating_add(alpha);
            limit.is_none_or(|(price, _)| share_u64(1_000_000_000, left, reserve) >= price.0)
        })?;
        let (tao, fee) = Self::selling(netuid, amount);
        ensure!(tao > 0, Error::<T>::AmountTooLow);

        Self::decrease_stake((coldkey, hotkey, netuid), AlphaBalance(amount))?;
        Self::trade(netuid, |reserve, pool, out| {
            (reserve.saturating_sub(tao), pool.saturating_add(amount), out.saturating_sub(amount))
        });
        SubnetVolume::<T>::mutate(netuid, |volume| *volume = volume.saturating_add(tao.into()));
        TotalStake::<T>::mutate(|stake| stake.0 = stake.0.saturating_sub(tao));
        <pallet_balances::Pallet<T> as Mutate<T::AccountId>>::mint_into(coldkey, tao)?;
        Self::deposit_event(Event::StakeRemoved(
            coldkey.clone(),
            hotkey.clone(),
            TaoBalance(tao),
            AlphaBalance(amount),
            netuid,
            fee,
        ));
        Ok(())
    }

    /// Turns all stake with a hotkey into TAO, subnet by subnet; what cannot be sold stays. Returns the TAO.
    pub(super) fn do_unstake_all(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        with_root: bool,
    ) -> Result<TaoBalance, DispatchError> {
        ensure!(Owner::<T>::contains_key(hotkey), Error::<T>::HotKeyAccountNotExists);
        let root = with_root.then_some(NetUid(0));
        let mut sum = 0_u64;
        for netuid in root.into_iter().chain(Self::subnets()) {
            let alpha = Self::stake((coldkey, hotkey, netuid));
            let (tao, _) = Self::selling(netuid, alpha.0);
            if alpha.0 > 0 && Self::do_remove_stake(coldkey, hotkey, netuid, alpha, None).is_ok() {
                sum = sum.saturating_add(tao);
            }
        }
        ensure!(sum > 0, Error::<T>::AmountTooLow);
        Ok(TaoBalance(sum))
    }

    /// The amount of which the exchange leaves the first subnet's price, by the second's, at the limit or above it.
    pub(super) fn within_ratio(
        from: Place<'_, T::AccountId>,
        to: Place<'_, T::AccountId>,
        amount: AlphaBalance,
        limit: TaoBalance,
        allow_partial: bool,
    ) -> Result<AlphaBalance, Error<T>> {
        ensure!(from.2 != to.2, Error::SameNetuid);
        ensure!(Self::stake(from) >= amount, Error::NotEnoughStakeToWithdraw);
        let pools = |netuid| (SubnetTAO::<T>::get(netuid).0, SubnetAlphaIn::<T>::get(netuid).0);
        let fits = |alpha: u64| {
            let (tao, _) = Self::selling(from.2, alpha);
            let (tao_in, alpha_in) = pools(from.2);
            let sold = price_of(from.2, tao_in.saturating_sub(tao), alpha_in.saturating_add(alpha));
            let (bought, _) = Self::buying(to.2, tao);
            let (tao_in, alpha_in) = pools(to.2);
            let paid = price_of(to.2, tao_in.saturating_add(tao), alpha_in.saturating_sub(bought));
            share_u64(1_000_000_000, sold, paid) >= limit.0
        };
        Self::within_limit(amount.0, Some((limit, allow_partial)), fits).map(AlphaBalance)
    }

    /// Moves alpha from one place to another, through both pools if the subnets differ; says what it was worth.
    pub(super) fn transfer_alpha(
        from: Place<'_, T::AccountId>,
        to: Place<'_, T::AccountId>,
        amount: AlphaBalance,
    ) -> Result<TaoBalance, DispatchError> {
        for netuid in [from.2, to.2] {
            ensure!(NetworksAdded::<T>::get(netuid), Error::<T>::SubnetNotExists);
        }
        for hotkey in [from.1, to.1] {
            ensure!(Owner::<T>::contains_key(hotkey), Error::<T>::HotKeyAccountNotExists);
        }
        Self::decrease_stake(from, amount)?;
        if from.2 == to.2 {
            Self::increase_stake(to, amount);
            return Ok(TaoBalance(share_u64(amount.0, Self::alpha_price(from.2), 1_000_000_000)));
        }
        let (tao, _) = Self::selling(from.2, amount.0);
        ensure!(tao >= MIN_STAKE, Error::<T>::AmountTooLow);
        Self::trade(from.2, |reserve, pool, out| {
            (reserve.saturating_sub(tao), pool.saturating_add(amount.0), out.saturating_sub(amount.0))
        });
        let (alpha, _) = Self::buying(to.2, tao);
        Self::trade(to.2, |reserve, pool, out| {
            (reserve.saturating_add(tao), pool.saturating_sub(alpha), out.saturating_add(alpha))
        });
        Self::increase_stake(to, AlphaBalance(alpha));
        Ok(TaoBalance(tao))
    }

    /// The amount if it fits; if parts are allowed, the largest part that does.
    fn within_limit(
        amount: u64,
        limit: Option<(TaoBalance, bool)>,
        fits: impl Fn(u64) -> bool,
    ) -> Result<u64, Error<T>> {
        if fits(amount) {
            return Ok(amount);
        }
        ensure!(limit.is_some_and(|(_, allow_partial)| allow_partial), Error::SlippageTooHigh);
        let (mut least, mut most) = (0, amount);
        while most - least > 1 {
            let middle = least + (most - least) / 2;
            if fits(middle) { least = middle } else { most = middle }
        }
        ensure!(least >= MIN_STAKE, Error::SlippageTooHigh);
        Ok(least)
    }

    /// Changes a pool: its TAO, its alpha, and the alpha outside it.
    pub(super) fn trade(netuid: NetUid, change: impl FnOnce(u64, u64, u64) -> (u64, u64, u64)) {
        let (tao, pool, out) = change(
            SubnetTAO::<T>::get(netuid).0,
            SubnetAlphaIn::<T>::get(netuid).0,
            SubnetAlphaOut::<T>::get(netuid).0,
        );
        SubnetTAO::<T>::insert(netuid, TaoBalance(tao));
        SubnetAlphaIn::<T>::insert(netuid, AlphaBalance(pool));
        SubnetAlphaOut::<T>::insert(netuid, AlphaBalance(out));
        let price = share(1 << 32, tao.into(), pool.into());
        SubnetMovingPrice::<T>::insert(netuid, FixedI128 { bits: i128::try_from(price).unwrap_or(i128::MAX) });
    }
}
