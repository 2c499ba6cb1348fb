//! The chain and what needs it.

use common::config::miner::{CallerPolicy, MinerConfig};

use super::{ConfigError, File};

/// Hex digits of a block's hash.
const HASH_DIGITS: usize = 64;

pub(super) fn check(miner: &MinerConfig) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    let mut wrong = |key: &str, problem: &str| {
        errors.push(ConfigError::contradiction(File::MinerConfig, key, problem.to_owned()));
    };
    match (miner.callers.policy, &miner.chain) {
        (CallerPolicy::Validators, None) => {
            wrong("callers.policy", "is validators, but there is no chain to know them from: add chain");
        }
        (CallerPolicy::Registered, None) => {
            wrong("callers.policy", "is registered, but there is no chain to know them from: add chain");
        }
        (CallerPolicy::Validators | CallerPolicy::Registered | CallerPolicy::Listed | CallerPolicy::Anyone, _) => {}
    }
    let genesis = miner.chain.as_ref().and_then(|chain| chain.genesis.as_deref());
    if genesis.is_some_and(|genesis| !is_hash(genesis)) {
        wrong("chain.genesis", "is no hash: 0x and 64 hex digits are expected");
    }
    errors
}

fn is_hash(text: &str) -> bool {
    text.strip_prefix("0x")
        .is_some_and(|digits| digits.len() == HASH_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
