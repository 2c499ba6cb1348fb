//! What a transaction costs: 0.0005 rao per picosecond of weight and 1 rao per byte, as upstream has it.

use frame_support::weights::{Weight, WeightToFee};

/// The fee of weight.
pub struct OfWeight;

impl WeightToFee for OfWeight {
    type Balance = u64;

    fn weight_to_fee(weight: &Weight) -> u64 {
        weight.ref_time().saturating_mul(5) / 10_000
    }
}

/// The fee of length, which comes as weight.
pub struct OfLength;

impl WeightToFee for OfLength {
    type Balance = u64;

    fn weight_to_fee(length: &Weight) -> u64 {
        length.ref_time()
    }
}
