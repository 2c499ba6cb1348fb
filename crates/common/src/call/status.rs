//! What every daemon says about itself.

use serde::{Deserialize, Serialize};

/// The part of a status that all daemons share.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessStatus {
    /// The service's name.
    pub service: String,
    /// The version of its binary.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// When it started, in milliseconds since 1970.
    pub started_unix_ms: u64,
    /// Its newest warnings and errors, oldest first; never a prompt, an answer or a key.
    pub problems: Vec<Problem>,
}

/// A warning or an error that was logged.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// When, in milliseconds since 1970.
    pub unix_ms: u64,
    /// How bad it is.
    pub severity: Severity,
    /// The logged message with its fields.
    pub message: String,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Odd, but working.
    Warning,
    /// Somebody should look at it now.
    Error,
}
