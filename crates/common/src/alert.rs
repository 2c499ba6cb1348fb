//! What an operator should hear of: conditions that hold, and how they begin and end.

mod words;

use serde::{Deserialize, Serialize};

pub use words::{sentence, together};

/// Something that is not as it should be, as the daemon that noticed it says in every beat.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// What it is.
    pub kind: ConditionKind,
    /// What it is about within its kind, such as a daemon, a limit or `subnet 33`; never a text that came from a validator.
    pub subject: String,
    /// How much it matters.
    pub severity: AlertSeverity,
    /// The facts for people in one short sentence; no key, no prompt, no answer.
    pub detail: String,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConditionKind {
    /// A daemon is not heard of.
    DaemonDown,
    /// The hotkey has no place in a subnet.
    Deregistered,
    /// The hotkey is the next to be replaced in a subnet.
    AtRisk,
    /// The axon on the chain is missing or another one.
    AxonUnpublished,
    /// The chain's head does not move, or no node answers.
    ChainStalled,
    /// The chain's runtime has changed in a call that the suite uses.
    SpecChanged,
    /// The weights that validators give have fallen.
    ScoreDrop,
    /// A limit of token-budgets.json is nearly or wholly used.
    Budget,
    /// Money cannot be spent until somebody confirms that the clock is right.
    ClockDoubt,
    /// A vendor's key cannot be had.
    VendorKey,
    /// Many requests with a forged or missing signature.
    SpoofingBurst,
    /// A database does not work.
    Storage,
}

impl ConditionKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::DaemonDown,
        Self::Deregistered,
        Self::AtRisk,
        Self::AxonUnpublished,
        Self::ChainStalled,
        Self::SpecChanged,
        Self::ScoreDrop,
        Self::Budget,
        Self::ClockDoubt,
        Self::VendorKey,
        Self::SpoofingBurst,
        Self::Storage,
    ];

    /// Returns the name that stands in JSON and in MESSAGING.md.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DaemonDown => "daemon_down",
            Self::Deregistered => "deregistered",
            Self::AtRisk => "at_risk",
            Self::AxonUnpublished => "axon_unpublished",
            Self::ChainStalled => "chain_stalled",
            Self::SpecChanged => "spec_changed",
            Self::ScoreDrop => "score_drop",
            Self::Budget => "budget",
            Self::ClockDoubt => "clock_doubt",
            Self::VendorKey => "vendor_key",
            Self::SpoofingBurst => "spoofing_burst",
            Self::Storage => "storage",
        }
    }
}

/// How much a condition matters.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertSeverity {
    /// Worth knowing.
    Notice,
    /// Somebody should look at it today.
    Warning,
    /// The miner earns nothing, or may soon: told at any hour.
    Critical,
}

/// A condition that holds now.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// The condition as it was last told.
    pub condition: Condition,
    /// Which daemon tells it.
    pub reporter: String,
    /// Since when it holds, in milliseconds since 1970.
    pub since_unix_ms: u64,
}

/// A condition began, changed its severity or ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AlertEvent {
    /// Its number: later events have greater ones.
    pub sequence: u64,
    /// When, in milliseconds since 1970.
    pub unix_ms: u64,
    /// What happened.
    pub change: AlertChange,
    /// The condition; of one that ended, as it was last told.
    pub condition: Condition,
    /// Which daemon told it.
    pub reporter: String,
}

/// What happened to a condition.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertChange {
    /// It began to hold.
    Raised,
    /// It matters more than before.
    Worsened,
    /// It matters less than before.
    Eased,
    /// It holds no more.
    Cleared,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_kind_is_the_one_in_json() {
        for kind in ConditionKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
