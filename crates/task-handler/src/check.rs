//! What only task-handler can say about the configuration: whether the strategies of the profiles exist.

use daemon_kit::config::{Config, ConfigError, ConfigErrors, Problem};
use llm_router::check_strategies;

/// Checks the strategies of all profiles.
///
/// # Errors
/// All that do not exist, at once.
pub fn check(config: &Config) -> Result<(), ConfigErrors> {
    let mut errors = Vec::new();
    for (netuid, profile) in &config.subnets.subnets {
        errors.extend(check_strategies(profile).into_iter().map(|unknown| {
            let file = "config/subnet-profiles.json".to_owned();
            let key = format!("subnets.{netuid}.prompt_strategies[{}]", unknown.index);
            ConfigError { file, key, problem: Problem::Value(unknown.to_string()) }
        }));
    }
    if errors.is_empty() { Ok(()) } else { Err(ConfigErrors(errors)) }
}
