//! The configuration of a home: read, checked as a whole, and only then used.

use common::config::budget::TokenBudgets;
use common::config::credential::LlmCredentials;
use common::config::miner::MinerConfig;
use common::config::subnet::SubnetProfiles;

mod error;
mod file;

pub use error::{ConfigError, ConfigErrors, Problem};

use crate::home::Home;
use file::read;

/// What the operator wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// miner-config.json
    pub miner: MinerConfig,
    /// subnet-profiles.json
    pub subnets: SubnetProfiles,
    /// token-budgets.json
    pub budgets: TokenBudgets,
    /// llm-credentials.json; without entries if there is no such file.
    pub credentials: LlmCredentials,
}

impl Config {
    /// Reads and checks all files of a home.
    ///
    /// # Errors
    /// Everything that is wrong in any file, at once.
    pub fn load(home: &Home) -> Result<Self, ConfigErrors> {
        let directory = home.config_dir();
        let miner = read::<MinerConfig>(&directory, "miner-config.json");
        let subnets = read::<SubnetProfiles>(&directory, "subnet-profiles.json");
        let budgets = read::<TokenBudgets>(&directory, "token-budgets.json");
        let credentials = read_optional(&directory);
        match (miner, subnets, budgets, credentials) {
            (Ok(miner), Ok(subnets), Ok(budgets), Ok(credentials)) => Ok(Self { miner, subnets, budgets, credentials }),
            (miner, subnets, budgets, credentials) => {
                let errors = [miner.err(), subnets.err(), budgets.err(), credentials.err()];
                Err(ConfigErrors(errors.into_iter().flatten().flatten().collect()))
            }
        }
    }
}

fn read_optional(directory: &std::path::Path) -> Result<LlmCredentials, Vec<ConfigError>> {
    let name = "llm-credentials.json";
    match directory.join(name).try_exists() {
        Ok(false) => Ok(LlmCredentials { version: 1, entries: std::collections::BTreeMap::default() }),
        Ok(true) | Err(_) => read(directory, name),
    }
}
