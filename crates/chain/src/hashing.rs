//! The hash of headers and transactions.

use subxt::config::Hasher as _;
use subxt::config::substrate::BlakeTwo256;

/// Hashes as Substrate does.
pub(crate) fn blake2_256(bytes: &[u8]) -> [u8; 32] {
    BlakeTwo256.hash(bytes).0
}
