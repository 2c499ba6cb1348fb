//! What a block and an epoch do: emission gathers by the block and is paid by the epoch, by what validators think.
//!
//! The consensus is upstream's in the small: for each neuron the stake-weighted median of its weights, to which higher
//! weights are cut. Bonds have no memory: dividends follow the last weights.

use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::SaturatedConversion;

use super::{
    Active, ActivityCutoff, BlockAtRegistration, BlocksSinceLastStep, Bonds, Config, Consensus, Dividends, Emission,
    Event, Incentive, Kappa, Keys, LastEpochBlock, LastMechansimStepBlock, LastUpdate, MaxAllowedValidators,
    NetworksAdded, Pallet, PendingEpochAt, PendingOwnerCut, PendingServerEmission, PendingValidatorEmission,
    RegistrationsThisBlock, StakeThreshold, StakeWeight, SubnetAlphaInEmission, SubnetAlphaOutEmission,
    SubnetEpochIndex, SubnetOwnerHotkey, SubnetTaoInEmission, SubnetworkN, Tempo, TotalHotkeyAlpha, ValidatorPermit,
    ValidatorTrust, Weights, main_mechanism,
};
use crate::runtime::number::{AlphaBalance, NetUid};

/// The alpha a subnet emits each block.
const ALPHA_PER_BLOCK: u64 = 1_000_000_000;
/// The subnet owner's share of it, in 65535ths.
const OWNER_CUT: u64 = 11_796;

impl<T: Config> Pallet<T> {
    /// The block being made.
    pub(crate) fn block() -> u64 {
        let number: BlockNumberFor<T> = frame_system::Pallet::<T>::block_number();
        number.saturated_into()
    }

    /// All subnets but the root.
    pub(crate) fn subnets() -> Vec<NetUid> {
        let mut subnets: Vec<NetUid> = NetworksAdded::<T>::iter()
            .filter(|(netuid, added)| *added && netuid.0 != 0)
            .map(|(netuid, _)| netuid)
            .collect();
        subnets.sort_unstable();
        subnets
    }

    pub(super) fn block_step() {
        for netuid in Self::subnets() {
            RegistrationsThisBlock::<T>::insert(netuid, 0);
            Self::lower_price(netuid);
            Self::reveal_timelocked_weights(netuid);
            Self::emit(netuid);
            let tempo = u64::from(Tempo::<T>::get(netuid));
            BlocksSinceLastStep::<T>::mutate(netuid, |blocks| *blocks = blocks.saturating_add(1).min(tempo + 1));
            if Self::is_epoch_due(netuid) {
                BlocksSinceLastStep::<T>::insert(netuid, 0);
                Self::run_epoch(netuid);
                LastMechansimStepBlock::<T>::insert(netuid, Self::block());
                LastEpochBlock::<T>::insert(netuid, Self::block());
                PendingEpochAt::<T>::insert(netuid, 0);
                SubnetEpochIndex::<T>::mutate(netuid, |index| *index = index.saturating_add(1));
            }
        }
    }

    fn is_epoch_due(netuid: NetUid) -> bool {
        let (tempo, pending) = (u64::from(Tempo::<T>::get(netuid)), PendingEpochAt::<T>::get(netuid));
        let since = Self::block().saturating_sub(LastEpochBlock::<T>::get(netuid));
        tempo != 0
            && ((pending > 0 && Self::block() >= pending)
                || BlocksSinceLastStep::<T>::get(netuid) > tempo
                || since >= tempo)
    }

    /// The epoch that a commit or reveal of this block belongs to.
    pub(super) fn epoch_ahead(netuid: NetUid) -> u64 {
        SubnetEpochIndex::<T>::get(netuid).saturating_add(Self::is_epoch_due(netuid).into())
    }

    /// When the next epoch is; never, without a tempo.
    pub(crate) fn next_epoch(netuid: NetUid) -> Option<u64> {
        let (tempo, pending) = (u64::from(Tempo::<T>::get(netuid)), PendingEpochAt::<T>::get(netuid));
        let next = LastEpochBlock::<T>::get(netuid).saturating_add(tempo);
        (tempo != 0).then(|| if pending > 0 { next.min(pending) } else { next })
    }

    /// Gathers a block's alpha and adds to the pool, at its price, what the chain gives the subnet.
    fn emit(netuid: NetUid) {
        let cut = ALPHA_PER_BLOCK * OWNER_CUT / 65_535;
        let servers = (ALPHA_PER_BLOCK - cut) / 2;
        let tao = 1_000_000_000 / 2 / u64::try_from(Self::subnets().len()).unwrap_or(1).max(1);
        let alpha = super::staking::share(tao.into(), 1_000_000_000, Self::alpha_price(netuid).max(1).into());
        let alpha = u64::try_from(alpha).unwrap_or(u64::MAX).min(ALPHA_PER_BLOCK);
        SubnetAlphaOutEmission::<T>::insert(netuid, AlphaBalance(ALPHA_PER_BLOCK));
        SubnetAlphaInEmission::<T>::insert(netuid, AlphaBalance(alpha));
        SubnetTaoInEmission::<T>::insert(netuid, crate::runtime::number::TaoBalance(tao));
        let add = |pending: &mut AlphaBalance, alpha| pending.0 = pending.0.saturating_add(alpha);
        PendingOwnerCut::<T>::mutate(netuid, |pending| add(pending, cut));
        PendingServerEmission::<T>::mutate(netuid, |pending| add(pending, servers));
        PendingValidatorEmission::<T>::mutate(netuid, |pending| add(pending, ALPHA_PER_BLOCK - cut - servers));
        Self::trade(netuid, |reserve, pool, out| {
            (reserve.saturating_add(tao), pool.saturating_add(alpha), out.saturating_add(ALPHA_PER_BLOCK))
        });
    }

    fn run_epoch(netuid: NetUid) {
        let servers = PendingServerEmission::<T>::take(netuid).0;
        let validators = PendingValidatorEmission::<T>::take(netuid).0;
        let owner_cut = PendingOwnerCut::<T>::take(netuid);
        let owner = SubnetOwnerHotkey::<T>::get(netuid);
        if super::Owner::<T>::contains_key(&owner) {
            Self::reward(&owner, netuid, owner_cut);
        }

        let terms = Self::consensus(netuid);
        let index = main_mechanism(netuid);
        let mut emission = Vec::with_capacity(terms.len());
        let mut to_miners = Vec::with_capacity(terms.len());
        for (term, uid) in terms.iter().zip(0u16..) {
            let served = portion(servers, term.incentive);
            let validated = portion(validators, term.dividend);
            Self::reward(&Keys::<T>::get(netuid, uid), netuid, AlphaBalance(served.saturating_add(validated)));
            emission.push(AlphaBalance(served.saturating_add(validated)));
            to_miners.push(AlphaBalance(served));
            let bonds: Vec<(u16, u16)> =
                term.bonds.iter().zip(0u16..).map(|(bond, uid)| (uid, proportion(*bond))).collect();
            Bonds::<T>::insert(index, uid, bonds.into_iter().filter(|(_, bond)| *bond > 0).collect::<Vec<_>>());
        }
        let each = |of: fn(&Term) -> f64| terms.iter().map(|term| proportion(of(term))).collect::<Vec<u16>>();
        Emission::<T>::insert(netuid, emission);
        Incentive::<T>::insert(index, each(|term| term.incentive));
        Dividends::<T>::insert(netuid, each(|term| term.dividend));
        Consensus::<T>::insert(netuid, each(|term| term.consensus));
        ValidatorTrust::<T>::insert(netuid, each(|term| term.trust));
        StakeWeight::<T>::insert(netuid, each(|term| term.stake));
        Active::<T>::insert(netuid, terms.iter().map(|term| term.active).collect::<Vec<_>>());
        ValidatorPermit::<T>::insert(netuid, terms.iter().map(|term| term.permit).collect::<Vec<_>>());
        Self::deposit_event(Event::IncentiveAlphaEmittedToMiners { netuid: index, emissions: to_miners });
    }

    fn consensus(netuid: NetUid) -> Vec<Term> {
        let index = main_mechanism(netuid);
        let count = SubnetworkN::<T>::get(netuid);
        let updated = LastUpdate::<T>::get(index);
        let permits = ValidatorPermit::<T>::get(netuid);
        let cutoff = u64::from(ActivityCutoff::<T>::get(netuid));
        let at = |of: &[u64], uid: u16| of.get(usize::from(uid)).copied().unwrap_or_default();

        let alpha: Vec<u64> =
            (0..count).map(|uid| TotalHotkeyAlpha::<T>::get(Keys::<T>::get(netuid, uid), netuid).0).collect();
        let active: Vec<bool> =
            (0..count).map(|uid| Self::block().saturating_sub(at(&updated, uid)) <= cutoff).collect();
        let born: Vec<u64> = (0..count).map(|uid| BlockAtRegistration::<T>::get(netuid, uid)).collect();
        let validates =
            |uid: usize| permits.get(uid).copied().unwrap_or_default() && active.get(uid).copied().unwrap_or_default();
        let stakes = normalised(alpha.iter().enumerate().map(|(uid, a)| if validates(uid) { *a as f64 } else { 0.0 }));

        // Nobody judges itself, nor somebody who came after the judgement.
        let rows: Vec<Vec<f64>> = (0..count)
            .map(|uid| {
                let mut row = vec![0.0; usize::from(count)];
                for (to, weight) in Weights::<T>::get(index, uid) {
                    if let Some(cell) = row.get_mut(usize::from(to))
                        && to != uid
                        && at(&updated, uid) > at(&born, to)
                    {
                        *cell = f64::from(weight);
                    }
                }
                normalised(row.into_iter())
            })
            .collect();
        let kappa = f64::from(Kappa::<T>::get(netuid)) / 65_535.0;
        let permitted = Self::permitted(netuid, &alpha);
        judge(&rows, &stakes, kappa)
            .into_iter()
            .zip(active)
            .zip(permitted)
            .map(|((term, active), permit)| Term { active, permit, ..term })
            .collect()
    }

    /// Those with the most stake, as many as may validate.
    fn permitted(netuid: NetUid, alpha: &[u64]) -> Vec<bool> {
        let least = StakeThreshold::<T>::get().max(1);
        let mut order: Vec<(u64, std::cmp::Reverse<usize>)> = alpha
            .iter()
            .enumerate()
            .filter(|(_, a)| **a >= least)
            .map(|(uid, a)| (*a, std::cmp::Reverse(uid)))
            .collect();
        order.sort_unstable();
        order.reverse();
        order.truncate(usize::from(MaxAllowedValidators::<T>::get(netuid)));
        (0..alpha.len()).map(|uid| order.iter().any(|(_, other)| other.0 == uid)).collect()
    }
}

/// What an epoch finds of a neuron; shares of one.
#[derive(Default)]
struct Term {
    stake: f64,
    consensus: f64,
    incentive: f64,
    dividend: f64,
    trust: f64,
    bonds: Vec<f64>,
    active: bool,
    permit: bool,
}

/// Judges everybody by the rows of normalised weights and the validators' normalised stakes.
fn judge(rows: &[Vec<f64>], stakes: &[f64], kappa: f64) -> Vec<Term> {
    let count = rows.len();
    let cell = |row: usize, column: usize| rows.get(row).and_then(|row| row.get(column)).copied().unwrap_or_default();
    let consensus: Vec<f64> = (0..count)
        .map(|column| {
            median(&mut stakes.iter().enumerate().map(|(row, s)| (cell(row, column), *s)).collect::<Vec<_>>(), kappa)
        })
        .collect();
    let cut = |row: usize, column: usize| cell(row, column).min(consensus.get(column).copied().unwrap_or_default());
    let backing = |row: usize, column: usize| stakes.get(row).copied().unwrap_or_default() * cut(row, column);
    let ranks: Vec<f64> = (0..count).map(|column| (0..count).map(|row| backing(row, column)).sum()).collect();
    let incentives = normalised(ranks.iter().copied());
    let bonds: Vec<Vec<f64>> = (0..count)
        .map(|row| {
            let share = |(column, rank): (usize, &f64)| if *rank > 0.0 { backing(row, column) / rank } else { 0.0 };
            ranks.iter().enumerate().map(share).collect()
        })
        .collect();
    let dividends =
        bonds.iter().map(|row: &Vec<f64>| row.iter().zip(&incentives).map(|(bond, share)| bond * share).sum());
    // Without any judgement validators are paid by their stake.
    let dividends = match normalised(dividends) {
        none if none.iter().all(|share| *share == 0.0) => stakes.to_vec(),
        dividends => dividends,
    };
    (0..count)
        .zip(bonds)
        .map(|(uid, bonds)| Term {
            stake: stakes.get(uid).copied().unwrap_or_default(),
            consensus: consensus.get(uid).copied().unwrap_or_default(),
            incentive: incentives.get(uid).copied().unwrap_or_default(),
            dividend: dividends.get(uid).copied().unwrap_or_default(),
            trust: (0..count).map(|column| cut(uid, column)).sum(),
            bonds,
            ..Term::default()
        })
        .collect()
}

/// The largest weight that validators with more than `kappa` of the stake give at least.
fn median(weights: &mut [(f64, f64)], kappa: f64) -> f64 {
    weights.sort_unstable_by(|(one, _), (other, _)| other.total_cmp(one));
    let mut sum = 0.0;
    weights
        .iter()
        .find(|(_, stake)| {
            sum += stake;
            sum > kappa
        })
        .map_or(0.0, |(weight, _)| *weight)
}

fn normalised(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let values: Vec<f64> = values.collect();
    let sum: f64 = values.iter().sum();
    if sum > 0.0 { values.into_iter().map(|value| value / sum).collect() } else { values }
}

fn proportion(share: f64) -> u16 {
    // The cast cuts what is out of range.
    (share * 65_535.0) as u16
}

fn portion(amount: u64, share: f64) -> u64 {
    ((amount as f64) * share) as u64
}
