//! `Commitments`: only so that clients find it empty. Nothing can be committed here.

#![expect(missing_docs, reason = "storage has upstream's names, and its meaning is upstream's")]

use codec::{Decode, Encode};
use scale_info::TypeInfo;

pub use pallet::*;

/// What a hotkey committed to. Upstream's `info` is richer; there never is one here.
#[derive(Clone, Debug, Decode, Encode, Eq, PartialEq, TypeInfo)]
pub struct Registration {
    pub deposit: u64,
    pub block: u32,
    pub info: Vec<u8>,
}

#[expect(clippy::expect_used, reason = "the macro's own code")]
#[frame_support::pallet]
pub mod pallet {
    use frame_support::pallet_prelude::*;

    use super::Registration;
    use crate::runtime::number::NetUid;

    #[pallet::pallet]
    #[pallet::without_storage_info]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config {}

    #[pallet::storage]
    pub type CommitmentOf<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Twox64Concat, T::AccountId, Registration, OptionQuery>;
    #[pallet::storage]
    pub type RevealedCommitments<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Twox64Concat, T::AccountId, Vec<(Vec<u8>, u64)>, OptionQuery>;
}
