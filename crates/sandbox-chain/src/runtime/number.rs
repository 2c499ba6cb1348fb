//! The runtime's number types: one field each, so that they encode as the number and are named in the metadata.

use codec::{CompactAs, Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, CompactAs, Copy, Debug, Decode, DecodeWithMemTracking, Default, Encode, Eq, Hash, MaxEncodedLen, Ord,
            PartialEq, PartialOrd, TypeInfo,
        )]
        pub struct $name(pub $inner);

        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }
    )*};
}

numbers! {
    /// A subnet.
    NetUid(u16);
    /// A subnet's mechanism: the subnet plus 4096 for each mechanism after the first.
    NetUidStorageIndex(u16);
    /// A mechanism of a subnet; here each has one, 0.
    MechId(u8);
    /// An amount of TAO, in rao.
    TaoBalance(u64);
    /// An amount of a subnet's alpha, in billionths.
    AlphaBalance(u64);
}

/// A binary fixed-point number with 32 or 64 bits after the point, as upstream's library encodes it.
#[derive(
    Clone, Copy, Debug, Decode, DecodeWithMemTracking, Default, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct FixedI128 {
    /// The number times 2^32 (`I96F32`) or 2^64.
    pub bits: i128,
}

/// An unsigned binary fixed-point number with 64 bits after the point.
#[derive(
    Clone, Copy, Debug, Decode, DecodeWithMemTracking, Default, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct FixedU128 {
    /// The number times 2^64.
    pub bits: u128,
}

/// A binary fixed-point number with 32 bits after the point.
#[derive(
    Clone, Copy, Debug, Decode, DecodeWithMemTracking, Default, Encode, Eq, MaxEncodedLen, PartialEq, TypeInfo,
)]
pub struct FixedI64 {
    /// The number times 2^32.
    pub bits: i64,
}

/// 96 bits before the point, 32 after it.
pub type I96F32 = FixedI128;
/// 64 bits before the point, 64 after it.
pub type U64F64 = FixedU128;
/// 32 bits before the point, 32 after it.
pub type I32F32 = FixedI64;
