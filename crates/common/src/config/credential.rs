//! `config/llm-credentials.json`: secrets, each encrypted to the process that needs it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `llm-credentials.json`
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LlmCredentials {
    /// The file's format: 1.
    pub version: u32,
    /// The secrets by name; `vendors.*.credential` in miner-config.json refers to the name.
    pub entries: BTreeMap<String, CredentialEntry>,
}

/// `entries.*` in llm-credentials.json
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialEntry {
    /// The process that can open it.
    #[serde(rename = "for")]
    pub audience: Audience,
    /// The secret as an armored age file, encrypted to the process's recipient and to the recovery recipient.
    pub age: String,
}

/// A process that needs secrets.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// Vendor keys.
    TaskHandler,
    /// Tokens of alert channels.
    Tracker,
}

impl Audience {
    /// Returns the process's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TaskHandler => "task-handler",
            Self::Tracker => "tracker",
        }
    }
}
