//! What was turned away lately, and why.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{Netuid, Ss58};
use crate::record::RefusalReason;

/// Asks which requests were turned away since the daemon started.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainRefusals {}

/// The requests that were turned away since the daemon started, by reason; the most frequent reason first.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RefusalReport {
    /// When the daemon started to count, in milliseconds since 1970.
    pub since_unix_ms: u64,
    /// Each reason that occurred.
    pub reasons: Vec<RefusedReason>,
}

/// The requests that were turned away for one reason.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedReason {
    /// The reason.
    pub reason: RefusalReason,
    /// How many.
    pub count: u64,
    /// When the last one came, in milliseconds since 1970.
    pub last_unix_ms: u64,
    /// Who sent them, the latest first; only some of many are remembered.
    pub senders: Vec<RefusedSender>,
}

/// Requests of one sender that were turned away for one reason.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedSender {
    /// The hotkey that the requests claimed: not verified unless the reason says so.
    pub claimed: Option<Ss58>,
    /// Where they came from.
    pub peer: IpAddr,
    /// The subnet, if it is known.
    pub netuid: Option<Netuid>,
    /// How many, while this sender is remembered.
    pub count: u64,
    /// When the last one came, in milliseconds since 1970.
    pub last_unix_ms: u64,
    /// What the sender was told last.
    pub told: String,
}
