//! The sandbox as `prepare` makes it: validators that differ in habits, models that differ in strengths.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::{Chain, Faults, Latency, Model, Rival, Settings, Synapse, Validator, Vendor};
use crate::score::Strictness;
use crate::task::Kind::{self, Arithmetic, Choice, Extraction, Formatting, Summary};

/// The models, best value first; their names stand in the price table of the suite.
pub(crate) const MODELS: [&str; 3] = ["gpt-5.4-mini", "gpt-6-luna", "gpt-6-sol"];

impl Settings {
    /// Makes the usual sandbox of a seed.
    #[must_use]
    pub fn new(seed: u64, miner: SocketAddr, vendor: SocketAddr) -> Self {
        let models = MODELS.map(str::to_owned).into_iter().zip([mini(), luna(), sol()]).collect();
        let faults = Faults { rate_limited: 0.01, overloaded: 0.005, failed: 0.005 };
        let vendor = Vendor { address: vendor, key: None, faults, models };
        Self { version: 1, seed, miner, validators: validators(), vendor, chain: None }
    }

    /// Puts the usual chain under it.
    #[must_use]
    pub fn with_chain(mut self, address: SocketAddr) -> Self {
        let rivals = [("steady", 0.70), ("sloppy", 0.45), ("gifted", 0.85), ("newcomer", 0.55)];
        let rivals = rivals.map(|(name, score)| Rival { name: name.into(), score }).to_vec();
        // Epochs of half a minute instead of 72: something is to be seen before one gets bored.
        self.chain = Some(Chain { address, block_ms: 1_000, tempo: 30, commit_reveal: false, rivals });
        self
    }
}

fn validators() -> Vec<Validator> {
    vec![
        Validator {
            name: "even".into(),
            synapse: Synapse::Prompting,
            interval_ms: 2_000,
            burst: 1,
            timeout_ms: 12_000,
            mix: mix([1, 1, 1, 1, 1]),
            strictness: Strictness { format: 0.5, latency: 0.2 },
            stake_tao: 40_000,
        },
        Validator {
            name: "strict".into(),
            synapse: Synapse::Prompting,
            interval_ms: 3_000,
            burst: 1,
            timeout_ms: 20_000,
            mix: mix([1, 1, 2, 5, 2]),
            strictness: Strictness { format: 1.0, latency: 0.0 },
            stake_tao: 90_000,
        },
        Validator {
            name: "hasty".into(),
            synapse: Synapse::Prompting,
            interval_ms: 1_500,
            burst: 1,
            timeout_ms: 4_000,
            mix: mix([2, 3, 3, 0, 0]),
            strictness: Strictness { format: 0.3, latency: 0.8 },
            stake_tao: 15_000,
        },
        Validator {
            name: "logical".into(),
            synapse: Synapse::Logic,
            interval_ms: 4_000,
            burst: 1,
            timeout_ms: 30_000,
            mix: mix([5, 1, 3, 1, 0]),
            strictness: Strictness { format: 0.4, latency: 0.05 },
            stake_tao: 60_000,
        },
        Validator {
            name: "bursty".into(),
            synapse: Synapse::Logic,
            interval_ms: 12_000,
            burst: 6,
            timeout_ms: 15_000,
            mix: mix([1, 1, 1, 2, 4]),
            strictness: Strictness { format: 0.6, latency: 0.3 },
            stake_tao: 25_000,
        },
    ]
}

fn mix(weights: [u32; 5]) -> BTreeMap<Kind, u32> {
    Kind::ALL.into_iter().zip(weights).filter(|(_, weight)| *weight > 0).collect()
}

/// Middling in everything, at a middling price.
fn mini() -> Model {
    Model {
        latency: Latency { median_ms: 350.0, spread: 0.35, per_token_ms: 6.0 },
        right: right([0.80, 0.93, 0.92, 0.90, 0.88]),
        tidy: 0.75,
        tidy_if_told: 0.96,
    }
}

/// Cheap and quick; weak at arithmetic and careless of form.
fn luna() -> Model {
    Model {
        latency: Latency { median_ms: 180.0, spread: 0.30, per_token_ms: 3.0 },
        right: right([0.62, 0.90, 0.86, 0.82, 0.84]),
        tidy: 0.60,
        tidy_if_told: 0.90,
    }
}

/// Nearly always right, slow and dear.
fn sol() -> Model {
    Model {
        latency: Latency { median_ms: 1_400.0, spread: 0.45, per_token_ms: 12.0 },
        right: right([0.99, 0.97, 0.98, 0.97, 0.95]),
        tidy: 0.90,
        tidy_if_told: 0.99,
    }
}

fn right(shares: [f64; 5]) -> BTreeMap<Kind, f64> {
    [Arithmetic, Extraction, Choice, Formatting, Summary].into_iter().zip(shares).collect()
}
