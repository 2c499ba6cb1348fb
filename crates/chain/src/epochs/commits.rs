//! Weights that are committed but not yet revealed: who did, and when they will be.

use codec::Decode;
use scale_value::Value;

use crate::block::Block;
use crate::error::ChainError;
use crate::head::Account;
use crate::metagraph::Metagraph;
use crate::shapes::known;

/// Most epochs' worth of time-locked commits that are looked at.
const MOST_EPOCHS: usize = 64;

/// The hash, and three numbers. Up to spec 293 at least: the block it was committed at, and the first and last block to
/// reveal it at. Since epochs have a schedule: the epoch and the block it was committed at, and 0.
type RawHashed = ([u8; 32], u64, u64, u64);
/// Who, at which block, the secret, and the round that unlocks it.
type RawTimelocked = (Account, u64, Vec<u8>, u64);

/// Weights of a validator that are still secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PendingCommit {
    /// Who.
    pub hotkey: Account,
    /// For which mechanism of the subnet.
    pub mechanism: u8,
    /// The block at which it was committed.
    pub committed_at: u64,
    /// How it is kept secret.
    pub commit: Commit,
}

/// How weights are kept secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Commit {
    /// Behind a hash; the validator must reveal them between two blocks.
    Hashed {
        /// From this block on,
        reveal_from: u64,
        /// to this one.
        reveal_until: u64,
    },
    /// Behind a hash; the validator must reveal them in one epoch.
    HashedUntilEpoch {
        /// The index of the epoch to reveal them in.
        reveal_in: u64,
    },
    /// Under a time lock; they reveal themselves.
    Timelocked {
        /// The round of the public random beacon that unlocks them.
        round: u64,
        /// The index of the epoch they were committed in.
        epoch: u64,
    },
}

impl Block {
    /// The weights of a subnet that are committed and not yet revealed.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn pending_commits(
        &self,
        metagraph: &Metagraph,
        mechanisms: u8,
    ) -> Result<Vec<PendingCommit>, ChainError> {
        let mut pending = Vec::new();
        for mechanism in 0..mechanisms {
            self.hashed(metagraph, mechanism, &mut pending).await?;
            match self.timelocked(metagraph.netuid, mechanism, &mut pending).await {
                Ok(()) | Err(ChainError::Unsupported { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(pending)
    }

    async fn hashed(
        &self,
        metagraph: &Metagraph,
        mechanism: u8,
        pending: &mut Vec<PendingCommit>,
    ) -> Result<(), ChainError> {
        let validators: Vec<Account> =
            metagraph.neurons.iter().filter(|neuron| neuron.validator_permit).map(|neuron| neuron.hotkey).collect();
        let index = index(metagraph.netuid, mechanism);
        let keys = validators.iter().map(|hotkey| vec![index.into(), Value::from_bytes(hotkey)]).collect();
        let rows: Vec<Option<Vec<RawHashed>>> = self.values(&known::WEIGHT_COMMITS, keys).await?;
        for (hotkey, commits) in validators.iter().zip(rows) {
            for raw in commits.into_iter().flatten() {
                let (committed_at, commit) = hashed(raw, metagraph.reveal_epochs);
                pending.push(PendingCommit { hotkey: *hotkey, mechanism, committed_at, commit });
            }
        }
        Ok(())
    }

    async fn timelocked(&self, netuid: u16, mechanism: u8, pending: &mut Vec<PendingCommit>) -> Result<(), ChainError> {
        let first = vec![index(netuid, mechanism).into()];
        let rows: Vec<(Vec<u8>, Vec<RawTimelocked>)> =
            self.under(&known::TIMELOCKED_COMMITS, first, MOST_EPOCHS).await?;
        for (key, commits) in rows {
            // Eight bytes of hash stand before the number they are of.
            let Some(epoch) = key.get(8..).and_then(|mut bytes| u64::decode(&mut bytes).ok()) else { continue };
            for (hotkey, committed_at, _, round) in commits {
                let commit = Commit::Timelocked { round, epoch };
                pending.push(PendingCommit { hotkey, mechanism, committed_at, commit });
            }
        }
        Ok(())
    }
}

fn hashed((_, first, second, third): RawHashed, reveal_epochs: u64) -> (u64, Commit) {
    if third == 0 {
        (second, Commit::HashedUntilEpoch { reveal_in: first.saturating_add(reveal_epochs) })
    } else {
        (first, Commit::Hashed { reveal_from: second, reveal_until: third })
    }
}

/// The number under which the chain keeps one mechanism of a subnet; the first one's is the subnet's own.
pub(super) fn index(netuid: u16, mechanism: u8) -> u16 {
    netuid.wrapping_add(u16::from(mechanism).wrapping_mul(4096))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashed_commit_is_read_as_older_and_as_newer_runtimes_write_it() {
        let older = hashed(([1; 32], 93, 96, 106), 1);
        let newer = hashed(([1; 32], 7, 93, 0), 2);

        assert_eq!(older, (93, Commit::Hashed { reveal_from: 96, reveal_until: 106 }));
        assert_eq!(newer, (93, Commit::HashedUntilEpoch { reveal_in: 9 }));
    }

    #[test]
    fn mechanisms_are_kept_4096_apart() {
        assert_eq!(index(2, 0), 2);
        assert_eq!(index(2, 1), 4098);
    }
}
