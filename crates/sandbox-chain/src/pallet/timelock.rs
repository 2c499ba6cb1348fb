//! The wrapping of timelocked weights. Upstream encrypts them to a future round of drand, which needs a network; here
//! they are only made unreadable with a stream that follows from the round, and the chain itself undoes it when it is time.

use codec::{Decode, Encode};
use frame_support::{BoundedVec, traits::ConstU32};
use sp_crypto_hashing::blake2_256;

use super::MAX_CRV3_COMMIT_SIZE_BYTES;

/// Upstream's payload.
#[derive(Decode, Encode)]
pub(super) struct Payload {
    /// Who committed it.
    pub(super) hotkey: Vec<u8>,
    /// For whom.
    pub(super) uids: Vec<u16>,
    /// How much.
    pub(super) values: Vec<u16>,
    /// The subnet's weights version.
    pub(super) version_key: u64,
}

/// Wraps weights for `commit_timelocked_weights`. Nothing comes of more than 5000 bytes.
#[must_use]
pub fn seal(
    hotkey: &[u8; 32],
    uids: &[u16],
    values: &[u16],
    version_key: u64,
    round: u64,
) -> Option<BoundedVec<u8, ConstU32<MAX_CRV3_COMMIT_SIZE_BYTES>>> {
    let payload = Payload { hotkey: hotkey.to_vec(), uids: uids.to_vec(), values: values.to_vec(), version_key };
    BoundedVec::try_from(stream(&payload.encode(), round)).ok()
}

/// Undoes [`seal`].
pub(super) fn open(sealed: &[u8], round: u64) -> Option<Payload> {
    Payload::decode(&mut stream(sealed, round).as_slice()).ok()
}

fn stream(bytes: &[u8], round: u64) -> Vec<u8> {
    let blocks = bytes.chunks(32).zip(0u32..);
    blocks
        .flat_map(|(chunk, index)| {
            let pad = blake2_256(&(b"sandbox timelock", round, index).encode());
            chunk.iter().zip(pad).map(|(byte, pad)| byte ^ pad).collect::<Vec<u8>>()
        })
        .collect()
}
