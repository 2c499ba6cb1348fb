//! The first block: validators with stake and permit, the miner, and its rivals. Pure.

use bittensor::keys::{KeyError, Keypair, Scheme};
use sandbox_chain::{Genesis, Neuron, Subnet};

use super::NETUID;
use crate::settings::{Chain, Settings};

/// Alpha has nine decimals.
const ALPHA: u64 = 1_000_000_000;

/// Makes the first block. The same settings make the same chain, so that it goes on after a restart.
pub(super) fn genesis(
    settings: &Settings,
    chain: &Chain,
    miner: [u8; 32],
    owner: [u8; 32],
) -> Result<Genesis, KeyError> {
    let mut neurons = Vec::new();
    for validator in &settings.validators {
        let uri = settings.key_uri(validator);
        neurons.push(Neuron {
            netuid: NETUID,
            hotkey: public(&uri)?,
            coldkey: public(&format!("{uri}//cold"))?,
            stake: validator.stake_tao.saturating_mul(ALPHA),
            validator_permit: true,
        });
    }
    let miner = Neuron { netuid: NETUID, hotkey: miner, coldkey: owner, stake: 0, validator_permit: false };
    neurons.push(miner);
    for rival in &chain.rivals {
        let uri = rival_uri(settings, &rival.name);
        neurons.push(Neuron {
            netuid: NETUID,
            hotkey: public(&uri)?,
            coldkey: public(&format!("{uri}//cold"))?,
            stake: 0,
            validator_permit: false,
        });
    }
    let subnet = Subnet {
        netuid: NETUID,
        tempo: chain.tempo,
        immunity_period: chain.tempo.saturating_mul(10),
        // What is earned becomes stake, and a miner with a permit would be taken for a validator.
        max_validators: u16::try_from(settings.validators.len()).unwrap_or(u16::MAX),
        serving_rate_limit: 5,
        weights_rate_limit: 1,
        commit_reveal: chain.commit_reveal,
        ..Subnet::default()
    };
    Ok(Genesis { seed: settings.seed, time_ms: 0, accounts: Vec::new(), subnets: vec![subnet], neurons })
}

/// The URI of a rival's key.
pub(super) fn rival_uri(settings: &Settings, name: &str) -> String {
    format!("//sandbox//{}//rival//{name}", settings.seed)
}

fn public(uri: &str) -> Result<[u8; 32], KeyError> {
    Ok(Keypair::from_uri(Scheme::Sr25519, uri)?.public())
}
