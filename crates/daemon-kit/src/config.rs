//! The configuration of a home: read, checked as a whole, and only then used.

mod agreement;
mod error;
mod file;
mod key_path;
mod nearest;
pub mod schema;
mod validation;

use std::path::Path;

use common::config::budget::TokenBudgets;
use common::config::credential::LlmCredentials;
use common::config::miner::MinerConfig;
use common::config::subnet::SubnetProfiles;

pub use error::{ConfigError, ConfigErrors, File, Problem};

use crate::home::Home;
use file::{read, read_private};

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
    /// Reads and checks all files of a home, as far as all daemons agree on them.
    ///
    /// # Errors
    /// Everything that is wrong in any file; if all can be read, everything in which they contradict each other.
    pub fn load(home: &Home) -> Result<Self, ConfigErrors> {
        Self::load_for(home, |_| Ok(()))
    }

    /// Reads and checks all files of a home for a daemon, whose own check comes on top of the common ones.
    ///
    /// # Errors
    /// As [`Self::load`], and everything that `check` finds under keys that nothing was found under before; it is asked if
    /// all files can be read, even if they contradict each other.
    pub fn load_for(home: &Home, check: fn(&Self) -> Result<(), ConfigErrors>) -> Result<Self, ConfigErrors> {
        let config = Self::read(&home.config_dir())?;
        let mut errors = agreement::check(&config);
        let mut own = check(&config).err().map_or_else(Vec::new, |own| own.0);
        // One mistake is one error, whoever finds it.
        own.retain(|own| !errors.iter().any(|known| (&known.file, &known.key) == (&own.file, &own.key)));
        errors.extend(own);
        if errors.is_empty() { Ok(config) } else { Err(ConfigErrors(errors)) }
    }

    fn read(directory: &Path) -> Result<Self, ConfigErrors> {
        let miner = read(directory, File::MinerConfig);
        let subnets = read(directory, File::SubnetProfiles);
        let budgets = read(directory, File::TokenBudgets);
        let credentials = read_private(directory, File::LlmCredentials);
        match (miner, subnets, budgets, credentials) {
            (Ok(miner), Ok(subnets), Ok(budgets), Ok(credentials)) => {
                Ok(Self { miner, subnets, budgets, credentials: credentials.unwrap_or_else(none) })
            }
            (miner, subnets, budgets, credentials) => {
                let errors = [miner.err(), subnets.err(), budgets.err(), credentials.err()];
                Err(ConfigErrors(errors.into_iter().flatten().flatten().collect()))
            }
        }
    }
}

#[cfg(test)]
impl Config {
    /// The shipped examples.
    pub(crate) fn example() -> Self {
        Self::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/examples")).unwrap()
    }
}

fn none() -> LlmCredentials {
    LlmCredentials { version: 1, entries: std::collections::BTreeMap::default() }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    fn examples() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/examples")
    }

    /// A home with the shipped examples, of which one file is changed.
    fn load_with(file: &str, change: impl FnOnce(String) -> String) -> Result<Config, ConfigErrors> {
        load_for(file, change, |_| Ok(()))
    }

    fn load_for(
        file: &str,
        change: impl FnOnce(String) -> String,
        check: fn(&Config) -> Result<(), ConfigErrors>,
    ) -> Result<Config, ConfigErrors> {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().to_owned());
        fs::create_dir(home.config_dir()).unwrap();
        for entry in fs::read_dir(examples()).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), home.config_dir().join(entry.file_name())).unwrap();
        }
        let credentials = r#"{"version": 1, "entries": {"openai": {"for": "task-handler", "age": "sealed"}}}"#;
        let private = home.config_dir().join("llm-credentials.json");
        fs::write(&private, credentials).unwrap();
        fs::set_permissions(&private, Permissions::from_mode(0o600)).unwrap();
        let path = home.config_dir().join(file);
        let text = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, change(text)).unwrap();
        Config::load_for(&home, check)
    }

    #[test]
    fn the_shipped_examples_have_no_errors() {
        let config = load_with("miner-config.json", |text| text);

        assert!(config.is_ok(), "{}", config.unwrap_err());
    }

    #[test]
    fn all_errors_of_all_files_come_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::new(directory.path().to_owned());
        fs::create_dir(home.config_dir()).unwrap();
        fs::write(home.config_dir().join("miner-config.json"), r#"{"version": "1", "vendor": {}}"#).unwrap();
        fs::write(home.config_dir().join("token-budgets.json"), "{").unwrap();

        let errors = Config::load(&home).unwrap_err();

        let text = errors.to_string();
        assert_eq!(
            text.lines().map(str::trim).collect::<Vec<_>>(),
            [
                "the configuration has 6 errors",
                "config/miner-config.json: callers: is missing",
                "config/miner-config.json: listeners: is missing",
                "config/miner-config.json: vendor: unknown key; did you mean vendors?",
                "config/miner-config.json: version: must be a whole number, not text",
                "config/subnet-profiles.json: there is no such file: copy config/examples/subnet-profiles.json and edit it",
                "config/token-budgets.json: not valid JSON at line 1, column 1: EOF while parsing an object",
            ]
        );
    }

    #[test]
    fn contradictions_between_files_are_found() {
        let errors = load_with("miner-config.json", |text| text.replace("\"openai\":", "\"openia\":")).unwrap_err();

        let text = errors.to_string();
        assert!(text.contains("there is no vendor openai in miner-config.json; did you mean openia?"), "{text}");
    }

    #[test]
    fn a_daemons_own_findings_come_with_the_common_ones() {
        let home = Home::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/nowhere"));
        let own = |_: &Config| {
            Err(ConfigErrors(vec![ConfigError::contradiction(File::MinerConfig, "wallet", "is not mine")]))
        };

        let unread = Config::load_for(&home, own).unwrap_err().to_string();
        let contradictory = load_for("subnet-profiles.json", |text| text.replace("openai/", "openia/"), own);

        assert!(!unread.contains("is not mine"), "nothing can be said of what cannot be read: {unread}");
        let contradictory = contradictory.unwrap_err().to_string();
        assert!(
            contradictory.contains("did you mean openai") && contradictory.contains("is not mine"),
            "{contradictory}"
        );
    }

    #[test]
    fn a_mistake_that_all_daemons_know_is_told_once() {
        let own = |_: &Config| {
            Err(ConfigErrors(vec![ConfigError::contradiction(File::SubnetProfiles, "version", "is not mine")]))
        };

        let errors = load_for("subnet-profiles.json", |text| text.replace("\"version\": 1", "\"version\": 2"), own);

        assert_eq!(errors.unwrap_err().0.len(), 1);
    }
}
