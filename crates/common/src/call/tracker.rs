//! Calls of tracker.

use serde::{Deserialize, Serialize};

use super::calls;
use super::status::ProcessStatus;
use crate::alert::{Alert, AlertEvent, Condition};
use crate::id::{EntryId, Netuid};
use crate::money::{AlphaRao, Rao};
use crate::record::{Entry, TaskCounts};

calls! {
    /// Everything tracker can be asked.
    TrackerCall {
        /// See [`RecordEntries`].
        RecordEntries => Recorded,
        /// See [`Beat`].
        Beat => Wishes,
        /// See [`TrackerStatusQuery`].
        TrackerStatusQuery => TrackerStatus,
        /// See [`ListAlerts`].
        ListAlerts => AlertList,
        /// See [`ListEvents`].
        ListEvents => EventList,
        /// See [`TakeApprovals`].
        TakeApprovals => Approvals,
    }
}

/// Hands over entries of a durable outbox. Entries whose id is known are dropped, so sending twice does no harm.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordEntries {
    /// The entries, oldest first.
    pub entries: Vec<Entry>,
}

/// The entries that are durable at the tracker: the sender may forget them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// Their ids.
    pub ids: Vec<EntryId>,
}

/// Says that a daemon is alive; sent every few seconds.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Beat {
    /// The daemon's name.
    pub service: String,
    /// Its process id.
    pub pid: u32,
    /// When it started, in milliseconds since 1970.
    pub started_unix_ms: u64,
    /// Entries waiting in its outbox.
    pub outbox: u64,
    /// All that it finds wrong at the moment.
    pub conditions: Vec<Condition>,
    /// What an operator may ask for from afar.
    pub vitals: Vec<Vital>,
}

/// A figure of a daemon, in words.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Vital {
    /// What it is, such as `budget daily`.
    pub name: String,
    /// How it is, such as `41 % of $2.00`.
    pub value: String,
}

/// What the operator wishes, as told to tracker; the answer to every beat.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Wishes {
    /// The number of the current strategy revision; 0 until something has been learnt.
    pub revision: u64,
    /// Whether no task should be answered.
    pub paused: bool,
    /// Whether the strategy should stay as it is.
    pub frozen: bool,
}

/// Asks what is wrong at the moment.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ListAlerts {}

/// What is wrong at the moment.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AlertList {
    /// The most severe first.
    pub alerts: Vec<Alert>,
}

/// Asks how alerts began and ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ListEvents {
    /// Only events with a greater number.
    pub after: u64,
    /// At most so many.
    pub limit: u16,
}

/// How alerts began and ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EventList {
    /// The oldest first.
    pub events: Vec<AlertEvent>,
}

/// Takes what an operator sent from a chat for wallet-manager; each text is given away once.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TakeApprovals {}

/// Texts of an operator, as they came: tracker does not judge them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Approvals {
    /// The oldest first; each is meant to be an operation's number and a one-time code.
    pub texts: Vec<String>,
}

/// Asks for tracker's state.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TrackerStatusQuery {}

/// tracker's state.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TrackerStatus {
    /// The shared part.
    pub process: ProcessStatus,
    /// Tasks of the current UTC day.
    pub today: TaskCounts,
    /// Tasks since the database was made.
    pub total: TaskCounts,
    /// The newest beat of each daemon.
    pub beats: Vec<BeatState>,
    /// The newest epoch of each subnet, by netuid.
    pub epochs: Vec<EpochSummary>,
}

/// What the chain said last of our neuron in a subnet, and what it earned lately.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EpochSummary {
    /// The subnet.
    pub netuid: Netuid,
    /// The epoch's block.
    pub block: u64,
    /// The block's own time, in milliseconds since 1970.
    pub unix_ms: u64,
    /// Our share of all incentives, in units of 1/65535; none if the hotkey was not registered.
    pub incentive: Option<u16>,
    /// 1 if nobody had more incentive.
    pub rank: Option<u16>,
    /// How many neurons had any incentive.
    pub earning: Option<u16>,
    /// Validators that gave us some weight.
    pub weighed_by: u16,
    /// Earned by this epoch.
    pub emission: AlphaRao,
    /// Earned by the epochs of the last 24 hours together.
    pub emission_of_day: AlphaRao,
    /// What one alpha cost at this epoch.
    pub alpha_price: Option<Rao>,
}

/// When a daemon was last heard of.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BeatState {
    /// What it said.
    pub beat: Beat,
    /// When, in milliseconds since 1970.
    pub seen_unix_ms: u64,
}
