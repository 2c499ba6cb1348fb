//! Checks an account's nonce. Frame's own refuses an account that holds nothing; on subtensor a hotkey holds nothing
//! and serves all the same.

use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::pallet_prelude::TransactionSource;
use scale_info::TypeInfo;
use sp_runtime::impl_tx_ext_default;
use sp_runtime::traits::{AsSystemOriginSigner, DispatchInfoOf, Implication, TransactionExtension, ValidateResult};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError, ValidTransaction};

use super::{AccountId, Runtime, RuntimeCall, RuntimeOrigin};

/// The nonce that was signed.
#[derive(Clone, Debug, Decode, DecodeWithMemTracking, Encode, Eq, PartialEq, TypeInfo)]
pub struct CheckNonce(#[codec(compact)] pub u32);

/// What the pool orders by.
fn tag(who: &AccountId, nonce: u32) -> Vec<u8> {
    (who, nonce).encode()
}

impl TransactionExtension<RuntimeCall> for CheckNonce {
    const IDENTIFIER: &'static str = "CheckNonce";
    type Implicit = ();
    type Val = Option<AccountId>;
    type Pre = ();

    impl_tx_ext_default!(RuntimeCall; weight);

    fn validate(
        &self,
        origin: RuntimeOrigin,
        _: &RuntimeCall,
        _: &DispatchInfoOf<RuntimeCall>,
        _: usize,
        (): (),
        _: &impl Implication,
        _: TransactionSource,
    ) -> ValidateResult<Self::Val, RuntimeCall> {
        let Some(who) = origin.as_system_origin_signer().cloned() else {
            return Ok((ValidTransaction::default(), None, origin));
        };
        let next = frame_system::Account::<Runtime>::get(&who).nonce;
        if self.0 < next {
            return Err(InvalidTransaction::Stale.into());
        }
        let requires = if self.0 > next { vec![tag(&who, self.0 - 1)] } else { Vec::new() };
        let valid = ValidTransaction { requires, provides: vec![tag(&who, self.0)], ..ValidTransaction::default() };
        Ok((valid, Some(who), origin))
    }

    fn prepare(
        self,
        who: Self::Val,
        _: &RuntimeOrigin,
        _: &RuntimeCall,
        _: &DispatchInfoOf<RuntimeCall>,
        _: usize,
    ) -> Result<(), TransactionValidityError> {
        let Some(who) = who else {
            return Ok(());
        };
        frame_system::Account::<Runtime>::mutate(who, |account| {
            if self.0 > account.nonce {
                return Err(InvalidTransaction::Future.into());
            }
            account.nonce = account.nonce.wrapping_add(1);
            Ok(())
        })
    }
}
