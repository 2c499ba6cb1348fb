//! When epochs are: the chain says when the last one was, and newer ones when the next will be.

use crate::block::Block;
use crate::error::ChainError;
use crate::shapes::known;

/// Epochs that nobody has looked at.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Missed {
    /// Their blocks, oldest first.
    pub epochs: Vec<u64>,
    /// What lies before this block, down to the last one seen, can no longer be told: the node has forgotten it, or there
    /// were too many.
    pub lost_before: Option<u64>,
}

/// The next block, from `block` on, in which a runtime without a schedule of its own has an epoch; none if `tempo` is 0.
#[must_use]
pub fn by_tempo(netuid: u16, tempo: u16, block: u64) -> Option<u64> {
    if tempo == 0 {
        return None;
    }
    let period = u64::from(tempo) + 1;
    let shifted = block.checked_add(u64::from(netuid) + 1)?;
    block.checked_add(u64::from(tempo) - shifted % period)
}

impl Block {
    /// The block of the subnet's last epoch, up to and including this block; 0 if it had none.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn last_epoch(&self, netuid: u16) -> Result<u64, ChainError> {
        self.value(&known::LAST_STEP, vec![netuid.into()]).await
    }

    /// Blocks from epoch to epoch.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn tempo(&self, netuid: u16) -> Result<u16, ChainError> {
        self.value(&known::TEMPO, vec![netuid.into()]).await
    }

    /// The block of the subnet's next epoch after this block, as far as can be known: it may come some blocks later, and on
    /// newer runtimes its owner may have it sooner. None if the subnet has no epochs.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn next_epoch(&self, netuid: u16) -> Result<Option<u64>, ChainError> {
        let after = self.number().saturating_add(1);
        match self.api::<Option<u64>>(&known::NEXT_EPOCH, netuid).await {
            // One that is due is put off block by block.
            Ok(next) => Ok(next.map(|next| next.max(after))),
            Err(ChainError::Unsupported { .. }) => {
                let tempo = self.tempo(netuid).await?;
                Ok(by_tempo(netuid, tempo, after))
            }
            Err(error) => Err(error),
        }
    }

    /// The epochs after block `seen`, up to and including this block, at most `most` of them, the newest ones.
    ///
    /// # Errors
    /// If there is no answer. That old state is forgotten is no error, but [`Missed::lost_before`].
    pub async fn missed_epochs(&self, netuid: u16, seen: u64, most: usize) -> Result<Missed, ChainError> {
        let mut missed = Missed::default();
        let mut last = self.last_epoch(netuid).await?;
        while last > seen && last != 0 {
            if missed.epochs.len() == most {
                missed.lost_before = missed.epochs.last().copied();
                break;
            }
            missed.epochs.push(last);
            // Just before an epoch the chain knows the one before it.
            let before = match last - 1 {
                0 => break,
                before => self.at_number(before).await,
            };
            let earlier = match before {
                Ok(block) => block.last_epoch(netuid).await,
                Err(error) => Err(error),
            };
            match earlier {
                Ok(earlier) if earlier < last => last = earlier,
                Ok(_) => {
                    let problem = "epochs do not go back".to_owned();
                    return Err(ChainError::Malformed { what: known::LAST_STEP.name, problem });
                }
                Err(error) if error.is_forgotten() => {
                    missed.lost_before = Some(last);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        missed.epochs.reverse();
        Ok(missed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_comes_every_tempo_and_one_blocks() {
        for (netuid, tempo) in [(2, 10), (0, 99), (1, 360), (65_535, 65_535)] {
            let first = by_tempo(netuid, tempo, 1000).unwrap();
            let second = by_tempo(netuid, tempo, first + 1).unwrap();

            assert!((1000..=1000 + u64::from(tempo)).contains(&first));
            assert_eq!(by_tempo(netuid, tempo, first), Some(first));
            assert_eq!(second - first, u64::from(tempo) + 1);
        }
    }

    #[test]
    fn a_subnet_without_tempo_has_no_epochs_and_the_end_of_numbers_is_no_panic() {
        assert_eq!(by_tempo(1, 0, 5), None);
        assert_eq!(by_tempo(1, 5, u64::MAX), None);
    }
}
