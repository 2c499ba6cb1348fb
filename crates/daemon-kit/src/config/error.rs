//! What can be wrong with configuration files.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A configuration file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum File {
    /// miner-config.json
    MinerConfig,
    /// subnet-profiles.json
    SubnetProfiles,
    /// token-budgets.json
    TokenBudgets,
    /// llm-credentials.json
    LlmCredentials,
}

impl File {
    /// Returns the file's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::MinerConfig => "miner-config.json",
            Self::SubnetProfiles => "subnet-profiles.json",
            Self::TokenBudgets => "token-budgets.json",
            Self::LlmCredentials => "llm-credentials.json",
        }
    }
}

/// Everything that is wrong, at least one thing.
#[derive(Debug)]
pub struct ConfigErrors(pub Vec<ConfigError>);

/// One thing that is wrong.
#[derive(Debug)]
pub struct ConfigError {
    /// The file, such as `config/miner-config.json`.
    pub file: String,
    /// The path of the key, such as `vendors.openai.base_url` or `limits[0].name`; empty for the whole file.
    pub key: String,
    /// What is wrong and what to do.
    pub problem: Problem,
}

/// What is wrong with a key or a file.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// There is no such file.
    #[error("there is no such file: copy config/examples/{0} and edit it")]
    Missing(&'static str),
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// The file belongs to somebody else.
    #[error("belongs to user {owner}, but this process runs as user {own}: run `chown {own} {}`, or start as its owner", .path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The user of this process.
        own: u32,
    },
    /// Others can read or change the file.
    #[error("is open to other users (mode {mode:04o}): run `chmod go= {}`", .path.display())]
    Loose {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is not JSON.
    #[error("not valid JSON at line {line}, column {column}: {message}")]
    Malformed {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What the parser expected.
        message: String,
    },
    /// No such key is known.
    #[error("unknown key{}", .nearest.as_ref().map_or_else(String::new, |nearest| format!("; did you mean {nearest}?")))]
    UnknownKey {
        /// The known key that looks most like it.
        nearest: Option<String>,
    },
    /// The key must be there.
    #[error("is missing")]
    MissingKey,
    /// The value does not fit the key.
    #[error("{0}")]
    Value(String),
    /// The value contradicts another one.
    #[error("{0}")]
    Contradiction(String),
}

impl ConfigError {
    pub(super) fn new(file: File, key: String, problem: Problem) -> Self {
        Self { file: format!("config/{}", file.name()), key, problem }
    }

    /// Says that a key contradicts something else in the configuration.
    #[must_use]
    pub fn contradiction(file: File, key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::new(file, key.into(), Problem::Contradiction(problem.into()))
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, key, problem } = self;
        if key.is_empty() { write!(f, "{file}: {problem}") } else { write!(f, "{file}: {key}: {problem}") }
    }
}

/// One line for each.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "the configuration has {count} error{plural}")?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl std::error::Error for ConfigError {}
impl std::error::Error for ConfigErrors {}
