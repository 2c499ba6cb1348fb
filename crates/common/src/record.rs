//! What tracker keeps: attempts, deliveries, refusals, and what the chain says.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::config::miner::Effort;
use crate::decision::ArmRole;
use crate::epoch::{EpochFacts, EpochGap, RegistrationChange};
use crate::id::{AttemptId, EntryId, ModelName, Netuid, RouteName, Ss58, StrategyName, TaskId, TaskType, VendorName};
use crate::money::NanoUsd;
use crate::outcome::{DeclineReason, TaskFailure, VendorFailure};
use crate::strategy::TaskClass;
use crate::usage::TokenUsage;

/// One record on its way to tracker.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Unique; tracker drops an entry whose id it knows.
    pub id: EntryId,
    /// When it happened, in milliseconds since 1970.
    pub unix_ms: u64,
    /// What happened.
    pub record: Record,
}

/// What happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A vendor was called.
    Attempt(Attempt),
    /// An admitted request got its answer.
    Delivery(Delivery),
    /// A request was turned away before it became a task.
    Refusal(Refusal),
    /// An epoch of a subnet was computed.
    Epoch(EpochFacts),
    /// Epochs were missed for good.
    EpochGap(EpochGap),
    /// The hotkey was registered or deregistered.
    Registration(RegistrationChange),
}

/// One billable call to a vendor, as it ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// The attempt.
    pub attempt: AttemptId,
    /// The task it was made for.
    pub task: TaskId,
    /// The task's subnet.
    pub netuid: Netuid,
    /// The validator.
    pub caller: Ss58,
    /// The route the task came from.
    pub route: RouteName,
    /// The sort of work.
    pub task_type: TaskType,
    /// The vendor that was called.
    pub vendor: VendorName,
    /// The model that was called.
    pub model: ModelName,
    /// How it was asked.
    pub strategy: StrategyName,
    /// Why just so; none in records of older releases.
    #[serde(default)]
    pub choice: Option<Choice>,
    /// From the call to its end, in milliseconds.
    pub latency_ms: u64,
    /// What was used; the worst case where the vendor did not say.
    pub usage: TokenUsage,
    /// What it costs; the reservation where the vendor did not say.
    pub cost: NanoUsd,
    /// Whether usage and cost are the worst case, because the vendor did not say.
    pub estimated: bool,
    /// How it ended.
    pub outcome: AttemptOutcome,
}

/// What led to a vendor call.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The number of the strategy's revision.
    pub revision: u64,
    /// The epoch, as the revision counts them.
    pub epoch: u64,
    /// What the task asks for, as it was found out.
    pub class: TaskClass,
    /// How much the model was told to think; none if it was not told.
    pub effort: Option<Effort>,
    /// Why this way of answering was tried.
    pub role: ArmRole,
    /// What the call was for.
    pub part: CallPart,
}

/// What a vendor call was for: some ways of answering need more than one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallPart {
    /// The answer.
    Answer,
    /// One of several answers that are compared.
    Sample,
    /// A better answer, with an earlier one in view.
    Critic,
    /// The same answer in the form that was asked for.
    Repair,
}

impl CallPart {
    /// Returns the part's name as it stands in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Sample => "sample",
            Self::Critic => "critic",
            Self::Repair => "repair",
        }
    }
}

/// How a vendor call ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// With an answer.
    Completed,
    /// Without a usable answer.
    Failed(VendorFailure),
    /// The caller hung up while the vendor was at work.
    Cancelled,
    /// task-handler died while the vendor was at work.
    Interrupted,
}

/// What an admitted request came to at the validator's side.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The task.
    pub task: TaskId,
    /// The subnet.
    pub netuid: Netuid,
    /// The validator.
    pub caller: Ss58,
    /// The route.
    pub route: RouteName,
    /// The sort of work.
    pub task_type: TaskType,
    /// What became of it.
    pub outcome: DeliveryOutcome,
    /// The HTTP status sent; 0 if none was.
    pub status: u16,
    /// From the request's last byte to the answer's last, in milliseconds.
    pub total_ms: u64,
}

/// What became of an admitted request. 'Answered' means delivered.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// The validator took an answer.
    Answered,
    /// The validator was told that the task is declined.
    Declined(DeclineReason),
    /// The validator was told that the task failed.
    Failed(TaskFailure),
    /// task-handler could not be reached, or did not answer in time.
    Unavailable,
    /// There was an answer, but the validator was gone.
    Undelivered,
    /// miner-daemon died with the request in work.
    Interrupted,
}

/// Requests turned away before they became tasks; like ones that came together are one record.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The subnet of the listener, if it serves only one or the route decides.
    pub netuid: Option<Netuid>,
    /// The hotkey the request claims to come from: not verified unless the reason says so.
    pub claimed: Option<Ss58>,
    /// Where the connection came from.
    pub peer: IpAddr,
    /// Why.
    pub reason: RefusalReason,
    /// How many.
    pub count: u64,
}

/// Why a request was turned away.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// No such route.
    UnknownRoute,
    /// Not a method of the protocol.
    Method,
    /// A header is missing or cannot be read.
    BadHeader,
    /// No signature.
    Unsigned,
    /// The signature is not the claimed hotkey's over this request.
    BadSignature,
    /// It is addressed to another hotkey, or to none.
    WrongReceiver,
    /// The nonce is too old.
    Stale,
    /// The nonce is from the future.
    Future,
    /// The nonce was used before.
    Replay,
    /// The body does not have the hash that was signed.
    BodyHash,
    /// The body is no JSON, or does not fit the route.
    BadBody,
    /// The body or the headers are too large.
    TooLarge,
    /// The request did not arrive in time.
    Slow,
    /// The hotkey is verified, but not admitted.
    NotAdmitted,
    /// Too many requests of this validator, or too many from this address in vain.
    RateLimited,
    /// Too many requests are in work.
    Overloaded,
}

impl RefusalReason {
    /// Returns the reason's name as it stands in records and counters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownRoute => "unknown_route",
            Self::Method => "method",
            Self::BadHeader => "bad_header",
            Self::Unsigned => "unsigned",
            Self::BadSignature => "bad_signature",
            Self::WrongReceiver => "wrong_receiver",
            Self::Stale => "stale",
            Self::Future => "future",
            Self::Replay => "replay",
            Self::BodyHash => "body_hash",
            Self::BadBody => "bad_body",
            Self::TooLarge => "too_large",
            Self::Slow => "slow",
            Self::NotAdmitted => "not_admitted",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
        }
    }
}

/// How many requests came to what.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TaskCounts {
    /// Answered and taken.
    pub answered: u64,
    /// Declined.
    pub declined: u64,
    /// Failed, unavailable, undelivered or interrupted.
    pub failed: u64,
    /// Turned away before they became tasks.
    pub refused: u64,
}
