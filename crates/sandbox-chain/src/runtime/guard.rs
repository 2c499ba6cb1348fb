//! What the pool refuses before a call is tried: subtensor's guards with their numbers, and the extensions that only
//! stand in the list.

use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::pallet_prelude::TransactionSource;
use scale_info::TypeInfo;
use sp_runtime::impl_tx_ext_default;
use sp_runtime::traits::{AsSystemOriginSigner, DispatchInfoOf, Implication, TransactionExtension, ValidateResult};
use sp_runtime::transaction_validity::{InvalidTransaction, ValidTransaction};

use super::number::NetUid;
use super::{AccountId, Runtime, RuntimeCall, RuntimeOrigin};
use crate::pallet::{AxonInfo, Call, Error, Pallet, PrometheusInfo, Uids, WeightCommits, main_mechanism};

macro_rules! bystanders {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Decode, DecodeWithMemTracking, Default, Encode, Eq, PartialEq, TypeInfo)]
        pub struct $name;

        impl TransactionExtension<RuntimeCall> for $name {
            const IDENTIFIER: &'static str = stringify!($name);
            type Implicit = ();
            type Val = ();
            type Pre = ();

            impl_tx_ext_default!(RuntimeCall; weight validate prepare);
        }
    )*};
}

bystanders! {
    /// Upstream: only the sudo key may call sudo. There is no sudo here.
    SudoTransactionExtension;
    /// Upstream: guards shielded transactions. There are none here.
    CheckShieldedTxValidity;
    /// Upstream: lets drand's pulses go first. There are none here.
    DrandPriority;
}

/// Refuses what cannot succeed, before it costs anything.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Default, Encode, Eq, PartialEq, TypeInfo)]
pub struct SubtensorTransactionExtension;

impl TransactionExtension<RuntimeCall> for SubtensorTransactionExtension {
    const IDENTIFIER: &'static str = "SubtensorTransactionExtension";
    type Implicit = ();
    type Val = ();
    type Pre = ();

    impl_tx_ext_default!(RuntimeCall; weight prepare);

    fn validate(
        &self,
        origin: RuntimeOrigin,
        call: &RuntimeCall,
        _: &DispatchInfoOf<RuntimeCall>,
        _: usize,
        (): (),
        _: &impl Implication,
        _: TransactionSource,
    ) -> ValidateResult<(), RuntimeCall> {
        if let (Some(who), RuntimeCall::SubtensorModule(call)) = (origin.as_system_origin_signer(), call) {
            check(who, call).map_err(|error| InvalidTransaction::Custom(number(&error)))?;
        }
        Ok((ValidTransaction::default(), (), origin))
    }
}

/// The number that the pool's refusal carries.
#[expect(clippy::wildcard_enum_match_arm, reason = "upstream gives all others one number, too")]
fn number(error: &Error<Runtime>) -> u8 {
    match error {
        Error::NotEnoughStakeToSetWeights => 1,
        Error::SubnetNotExists => 3,
        Error::CommittingWeightsTooFast | Error::SettingWeightsTooFast => 6,
        Error::HotKeyNotRegisteredInNetwork => 10,
        Error::InvalidIpAddress => 11,
        Error::ServingRateLimitExceeded => 12,
        Error::InvalidPort => 13,
        Error::NoWeightsCommitFound => 16,
        Error::RevealTooEarly => 17,
        Error::HotKeyNotRegisteredInSubNet => 19,
        _ => 255,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all others are only judged when they are tried")]
fn check(who: &AccountId, call: &Call<Runtime>) -> Result<(), Error<Runtime>> {
    match call {
        Call::set_weights { netuid, .. } | Call::set_mechanism_weights { netuid, .. } => {
            check_weights(who, *netuid, Error::SettingWeightsTooFast)
        }
        Call::commit_weights { netuid, .. }
        | Call::commit_mechanism_weights { netuid, .. }
        | Call::commit_timelocked_weights { netuid, .. }
        | Call::commit_timelocked_mechanism_weights { netuid, .. } => {
            check_weights(who, *netuid, Error::CommittingWeightsTooFast)
        }
        Call::reveal_weights { netuid, uids, values, salt, version_key }
        | Call::reveal_mechanism_weights { netuid, uids, values, salt, version_key, .. } => {
            check_stake(who, *netuid)?;
            let commits = WeightCommits::<Runtime>::get(main_mechanism(*netuid), who).unwrap_or_default();
            let hash = Pallet::<Runtime>::commit_hash(who, *netuid, uids, values, salt, *version_key);
            let (_, epoch, ..) =
                commits.iter().find(|(other, ..)| *other == hash).ok_or(Error::NoWeightsCommitFound)?;
            Pallet::<Runtime>::is_revealable(*netuid, *epoch).then_some(()).ok_or(Error::RevealTooEarly)
        }
        Call::serve_axon { netuid, ip, port, ip_type, .. } | Call::serve_axon_tls { netuid, ip, port, ip_type, .. } => {
            let axon = AxonInfo { ip: *ip, port: *port, ip_type: *ip_type, ..AxonInfo::default() };
            Pallet::<Runtime>::check_axon(who, *netuid, &axon)
        }
        Call::serve_prometheus { netuid, ip, port, ip_type, .. } => {
            let prometheus = PrometheusInfo { ip: *ip, port: *port, ip_type: *ip_type, ..PrometheusInfo::default() };
            Pallet::<Runtime>::check_prometheus(who, *netuid, &prometheus)
        }
        _ => Ok(()),
    }
}

fn check_stake(who: &AccountId, netuid: NetUid) -> Result<(), Error<Runtime>> {
    Pallet::<Runtime>::has_stake_for_weights(who, netuid).then_some(()).ok_or(Error::NotEnoughStakeToSetWeights)
}

fn check_weights(who: &AccountId, netuid: NetUid, too_fast: Error<Runtime>) -> Result<(), Error<Runtime>> {
    check_stake(who, netuid)?;
    let uid = Uids::<Runtime>::get(netuid, who).ok_or(Error::HotKeyNotRegisteredInSubNet)?;
    Pallet::<Runtime>::may_set_weights_again(netuid, uid).then_some(()).ok_or(too_fast)
}
