//! Lets every validator set its weights once per epoch, from the scores it gave.

use std::time::Duration;

use bittensor::keys::{KeyError, Keypair, Scheme};
use daemon_kit::Workers;

use super::genesis::rival_uri;
use super::{NETUID, Opinions, SandboxChain};
use crate::random::Draws;
use crate::settings::{Chain, Settings};

/// How far the scores of a rival are apart from epoch to epoch.
const NOISE: f64 = 0.05;

struct Weigher {
    name: String,
    key: Keypair,
}

struct Rival {
    hotkey: [u8; 32],
    name: String,
    score: f64,
}

/// Weighs until the workers stop.
///
/// # Errors
/// If a name makes no key.
pub fn weigh(
    sandbox: SandboxChain,
    settings: &Settings,
    chain: &Chain,
    opinions: Opinions,
    workers: Workers,
) -> Result<impl Future<Output = ()> + Send + 'static, KeyError> {
    let key = |uri: &str| Keypair::from_uri(Scheme::Sr25519, uri);
    let mut weighers = Vec::new();
    for validator in &settings.validators {
        weighers.push(Weigher { name: validator.name.clone(), key: key(&settings.key_uri(validator))? });
    }
    let mut rivals = Vec::new();
    for rival in &chain.rivals {
        let hotkey = key(&rival_uri(settings, &rival.name))?.public();
        rivals.push(Rival { hotkey, name: rival.name.clone(), score: rival.score });
    }
    let (seed, tempo, look) = (settings.seed, u64::from(chain.tempo), chain.block() / 2);
    Ok(async move {
        let mut weighed = None;
        while pause(look, &workers).await {
            let epoch = sandbox.node.last_epoch(NETUID);
            // In the middle of an epoch there is something to judge by, and time left for the block.
            let is_time = u64::from(sandbox.node.head().number) >= epoch + tempo / 2;
            if is_time && weighed != Some(epoch) {
                weighed = Some(epoch);
                for weigher in &weighers {
                    weigher.weigh(&sandbox, &rivals, &opinions, seed, epoch);
                }
            }
        }
    })
}

/// Returns false if the workers stop meanwhile.
async fn pause(time: Duration, workers: &Workers) -> bool {
    workers.token().run_until_cancelled(tokio::time::sleep(time)).await.is_some()
}

impl Weigher {
    fn weigh(&self, sandbox: &SandboxChain, rivals: &[Rival], opinions: &Opinions, seed: u64, epoch: u64) {
        let uid = |hotkey: &[u8; 32]| sandbox.node.uid(NETUID, hotkey);
        // Who has not been asked yet is not known to be good.
        let ours = uid(&sandbox.miner).map(|uid| (uid, opinions.of(&self.name).unwrap_or_default()));
        let others = rivals.iter().filter_map(|rival| {
            let mut draws = Draws::new(seed ^ epoch, &format!("{} of {}", self.name, rival.name));
            uid(&rival.hotkey).map(|uid| (uid, rival.score + NOISE * draws.normal()))
        });
        let row = row(ours.into_iter().chain(others));
        if row.is_empty() || sandbox.uid_of(&self.key).is_none() {
            return;
        }
        if let Err(error) = sandbox.node.set_weights(&self.key, NETUID, &row) {
            tracing::warn!(validator = self.name, %error, "Weights were not taken");
        }
    }
}

/// Scores as weights: the best has 65535.
fn row(scores: impl Iterator<Item = (u16, f64)>) -> Vec<(u16, u16)> {
    let scores: Vec<_> = scores.map(|(uid, score)| (uid, score.clamp(0.0, 1.0))).collect();
    let best = scores.iter().map(|(_, score)| *score).fold(0.0, f64::max);
    if best <= 0.0 {
        return Vec::new();
    }
    let weight = |score: f64| (score / best * f64::from(u16::MAX)).round() as u16;
    scores.into_iter().map(|(uid, score)| (uid, weight(score))).filter(|(_, weight)| *weight > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_has_the_largest_weight_and_nothing_is_left_out_but_zeros() {
        let row = row([(3, 0.4), (4, 0.8), (5, -0.1), (6, 0.0)].into_iter());

        assert_eq!(row, [(3, 32_768), (4, 65_535)]);
    }

    #[test]
    fn nobody_who_is_worth_anything_is_no_row() {
        assert_eq!(row([(3, 0.0)].into_iter()), []);
    }
}
