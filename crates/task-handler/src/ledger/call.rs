//! One vendor call as the ledger knows it, and the record that tracker gets of it.

use std::time::Duration;

use common::call::task::Lift;
use common::config::subnet::ModelRef;
use common::id::{AttemptId, EntryId, StrategyName};
use common::record::{Attempt, AttemptOutcome, Choice, Entry, Record};
use common::task::Task;
use llm::WorstCase;
use llm::models::Model;

use super::booking::{Booking, Bound};
use super::limit::{Key, Subject};

/// A vendor call that somebody would like to make.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The task it is for.
    pub task: &'a Task,
    /// The model to call, at today's prices.
    pub model: &'a Model,
    /// How the model is asked.
    pub strategy: &'a StrategyName,
    /// Why just so.
    pub choice: Option<Choice>,
    /// The most that the call can use.
    pub worst: WorstCase,
    /// Whether it is this run's first call for the task; then there must not be one of an earlier run.
    pub first: bool,
}

/// What the ledger keeps of a call until it is settled.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) attempt: AttemptId,
    pub(super) bound: Bound,
    pub(super) subject: Subject,
    /// The record of the worst case: the process ends while the vendor is at work.
    record: Attempt,
}

impl Facts {
    pub(super) fn new(call: &Call<'_>, key: Key, lift: Lift, attempt: AttemptId) -> Self {
        let Call { task, model, strategy, choice, worst, .. } = *call;
        let bound = Bound::new(worst, lift, model.prices.clone());
        let booking = bound.book(llm::Billing::Unknown);
        let subject = Subject {
            vendor: model.name.vendor.clone(),
            key,
            model: model.name.model.clone(),
            netuid: task.netuid,
            validator: task.caller.clone(),
        };
        let record = Attempt {
            attempt,
            task: task.id,
            netuid: task.netuid,
            caller: task.caller.clone(),
            route: task.route.clone(),
            task_type: task.task_type.clone(),
            vendor: model.name.vendor.clone(),
            model: model.name.model.clone(),
            strategy: strategy.clone(),
            choice,
            latency_ms: 0,
            usage: booking.usage,
            cost: booking.cost,
            estimated: booking.estimated,
            outcome: AttemptOutcome::Interrupted,
        };
        Self { attempt, bound, subject, record }
    }

    pub(super) fn model(&self) -> ModelRef {
        ModelRef { vendor: self.subject.vendor.clone(), model: self.subject.model.clone() }
    }

    pub(super) fn task(&self) -> common::id::TaskId {
        self.record.task
    }

    /// The entry that is sent if the process ends while the vendor is at work.
    pub(super) fn interrupted(&self, unix_ms: u64) -> Entry {
        entry(self.record.clone(), unix_ms)
    }

    /// The entry that is sent once the call has ended.
    pub(super) fn ended(&self, booking: Booking, outcome: AttemptOutcome, latency: Duration, unix_ms: u64) -> Entry {
        let Booking { usage, cost, estimated } = booking;
        let latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
        entry(Attempt { latency_ms, usage, cost, estimated, outcome, ..self.record.clone() }, unix_ms)
    }
}

fn entry(record: Attempt, unix_ms: u64) -> Entry {
    Entry { id: EntryId::of_attempt(record.attempt), unix_ms, record: Record::Attempt(record) }
}
