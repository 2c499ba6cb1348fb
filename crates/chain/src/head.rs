//! Blocks by name: a hash, and the head of a chain as it was seen.

use std::fmt;
use std::str::FromStr;
use std::time::Instant;

use subxt::utils::H256;

/// A public key as the chain knows it: a hotkey or a coldkey.
pub type Account = [u8; 32];

/// A block's hash.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct BlockHash(pub [u8; 32]);

/// A head of the chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Head {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: BlockHash,
    /// The hash of the block before it. Another one than the last head's means that blocks were skipped or replaced.
    pub parent: BlockHash,
    /// What its author's clock said, in milliseconds since 1970, if it was asked for.
    pub time_ms: Option<u64>,
    /// When it was seen here.
    pub seen: Instant,
}

/// Not `0x` and 64 hex digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a block hash: 0x and 64 hex digits are expected")]
pub struct NotAHash;

impl BlockHash {
    /// The library's type.
    pub(crate) fn h256(self) -> H256 {
        H256(self.0)
    }
}

impl From<H256> for BlockHash {
    fn from(hash: H256) -> Self {
        Self(hash.0)
    }
}

impl FromStr for BlockHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let mut hash = [0; 32];
        let digits = text.strip_prefix("0x").ok_or(NotAHash)?;
        hex::decode_to_slice(digits, &mut hash).map_err(|_| NotAHash)?;
        Ok(Self(hash))
    }
}

impl fmt::Display for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlockHash({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_as_it_is_written() {
        let hash = BlockHash([0xab; 32]);

        assert_eq!(hash.to_string().parse(), Ok(hash));
        for bad in
            ["", "0x", "ab", &"ab".repeat(32), &format!("0x{}", "g".repeat(64)), &format!("0x{}", "a".repeat(65))]
        {
            assert_eq!(bad.parse::<BlockHash>(), Err(NotAHash), "{bad}");
        }
    }
}
