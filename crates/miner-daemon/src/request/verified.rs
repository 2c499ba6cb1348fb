//! A verified request: what is done with it, and how it ends.

use std::time::{Duration, SystemTime};

use bittensor::protocol::{Refused, Signed};
use bittensor::synapse::Synapse;
use common::call::task::SubmitTask;
use common::id::{TaskId, TaskType};
use common::ipc::{Fault, FaultCode};
use common::outcome::{DeclineReason, TaskAnswer, TaskFailure};
use common::record::{Delivery, DeliveryOutcome, RefusalReason};
use common::task::Task;
use indexmap::IndexMap;
use serde_json::Value;
use tokio::time::Instant;
use tracing::Instrument;

use super::{Reply, refused};
use crate::clock;
use crate::delivery::Underway;
use crate::front::Front;
use crate::mapping::{Mapping, TaskParts};
use crate::routes::ServedRoute;

/// Kept back of the validator's time for the way of the answer.
const MARGIN: Duration = Duration::from_millis(250);

/// A request whose sender and content are verified.
pub(super) struct Verified<'a> {
    pub(super) front: &'a Front,
    pub(super) route: &'a ServedRoute,
    pub(super) signed: Signed,
    pub(super) synapse: Synapse,
    /// When its head was complete.
    pub(super) came: Instant,
    /// When its body was complete.
    pub(super) complete: Instant,
}

/// Why there is no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
enum NoAnswer {
    Declined(DeclineReason),
    Failed(TaskFailure),
    Unavailable,
}

impl Verified<'_> {
    /// Sets the fields that the profile says. Pings are no tasks: they are not recorded.
    pub(super) fn reply(mut self, fields: &IndexMap<String, Value>) -> Reply {
        let set = fields.iter().try_for_each(|(name, value)| self.synapse.set(name, value.clone()));
        let process_time = self.came.elapsed();
        let response = match set {
            Ok(()) => self.synapse.into_response(process_time),
            Err(error) => {
                tracing::error!(%error, route = %self.route.name, "The profile's reply cannot be given");
                self.synapse.into_refusal(500, "Failed", process_time)
            }
        };
        Reply { response, receipt: None }
    }

    /// Declines, as the profile says of every request of the route.
    pub(super) fn decline(self) -> Result<Reply, Refused> {
        let unix_ms = clock::unix_ms(SystemTime::now());
        let underway = self.open(TaskId::new(unix_ms, rand::random()), "none".into(), unix_ms)?;
        Ok(self.without_answer(underway, NoAnswer::Declined(DeclineReason::Profile)))
    }

    /// Lets task-handler answer.
    pub(super) async fn run(self, mapping: &Mapping) -> Result<Reply, Refused> {
        let parts = mapping.apply(&|name| self.synapse.field(name)).map_err(|error| {
            refused(RefusalReason::BadBody, 422, &error.to_string(), Some(self.signed.caller.clone()))
        })?;
        let unix_ms = clock::unix_ms(SystemTime::now());
        let id = TaskId::new(unix_ms, rand::random());
        let underway = self.open(id, parts.task_type.clone(), unix_ms)?;
        let netuid = self.route.netuid;
        if self.front.chain.is_deregistered(netuid) {
            return Ok(self.without_answer(underway, NoAnswer::Declined(DeclineReason::NotRegistered)));
        }
        let span = tracing::debug_span!("task", %id, netuid = %self.route.netuid, caller = %self.signed.caller);
        let answer = tokio::select! {
            answer = self.submit(id, parts, &underway).instrument(span) => answer,
            // Dropping the call stops the vendor, whose answer could not earn anything any more.
            () = self.front.chain.deregistered(netuid) => Err(NoAnswer::Failed(TaskFailure::Cancelled)),
        };
        Ok(match answer {
            Ok(value) => self.with_answer(underway, mapping.answer_field(), value),
            Err(reason) => self.without_answer(underway, reason),
        })
    }

    fn open(&self, task: TaskId, task_type: TaskType, unix_ms: u64) -> Result<Underway, Refused> {
        let delivery = Delivery {
            task,
            netuid: self.route.netuid,
            caller: self.signed.caller.clone(),
            route: self.route.name.clone(),
            task_type,
            outcome: DeliveryOutcome::Interrupted,
            status: 0,
            total_ms: 0,
        };
        self.front.deliveries.open(delivery, unix_ms, self.complete).map_err(|error| {
            tracing::error!(%error, "Refused a request");
            refused(RefusalReason::Overloaded, 503, "Overloaded", Some(self.signed.caller.clone()))
        })
    }

    async fn submit(&self, id: TaskId, parts: TaskParts, underway: &Underway) -> Result<Value, NoAnswer> {
        if let Err(error) = self.front.deliveries.stage(underway).await {
            let error = anyhow::Error::new(error);
            tracing::error!(error = format!("{error:#}"), "A task cannot be recorded, so it is not begun");
            return Err(NoAnswer::Unavailable);
        }
        let task = Task {
            id,
            netuid: self.route.netuid,
            caller: self.signed.caller.clone(),
            route: self.route.name.clone(),
            task_type: parts.task_type,
            messages: parts.messages,
            max_tokens: parts.max_tokens,
        };
        let time = remaining(self.signed.timeout, self.route.time_limit, self.came.elapsed())
            .ok_or(NoAnswer::Declined(DeclineReason::Deadline))?;
        match self.front.tasks.call(SubmitTask { task }, time).await {
            Ok(TaskAnswer::Answered(answered)) => Ok(answered.value),
            Ok(TaskAnswer::Declined(reason)) => Err(NoAnswer::Declined(reason)),
            Ok(TaskAnswer::Failed(failure)) => Err(NoAnswer::Failed(failure)),
            Err(fault) => {
                log(&fault);
                Err(NoAnswer::Unavailable)
            }
        }
    }

    fn with_answer(mut self, underway: Underway, field: &str, value: Value) -> Reply {
        if let Err(error) = self.synapse.set(field, value) {
            tracing::warn!(%error, route = %self.route.name, "An answer does not fit its field");
            return self.without_answer(underway, NoAnswer::Failed(TaskFailure::Format));
        }
        let response = self.synapse.into_response(self.came.elapsed());
        let receipt = underway.answer(DeliveryOutcome::Answered, response.status);
        Reply { response, receipt: Some(receipt) }
    }

    fn without_answer(self, underway: Underway, reason: NoAnswer) -> Reply {
        let decline = &self.route.decline;
        let (status, message) = match &reason {
            NoAnswer::Declined(_) => (decline.status, decline.message.as_str()),
            NoAnswer::Failed(_) => (500, "Failed"),
            NoAnswer::Unavailable => (503, "Unavailable"),
        };
        let response = self.synapse.into_refusal(status, message, self.came.elapsed());
        let outcome = match reason {
            NoAnswer::Declined(reason) => DeliveryOutcome::Declined(reason),
            NoAnswer::Failed(failure) => DeliveryOutcome::Failed(failure),
            NoAnswer::Unavailable => DeliveryOutcome::Unavailable,
        };
        let receipt = underway.answer(outcome, response.status);
        Reply { response, receipt: Some(receipt) }
    }
}

/// What is left for the task: the shorter of the validator's patience and the profile's limit, less what has passed and
/// what the answer's way back takes. None if nothing is left.
fn remaining(validator: Option<Duration>, limit: Duration, passed: Duration) -> Option<Duration> {
    let whole = validator.map_or(limit, |validator| validator.min(limit));
    whole.checked_sub(passed)?.checked_sub(MARGIN).filter(|time| !time.is_zero())
}

fn log(fault: &Fault) {
    match fault.code {
        // daemon-kit tells when a connection is lost and found; each task that suffers is a detail.
        FaultCode::Unavailable | FaultCode::Timeout | FaultCode::Overloaded => tracing::debug!(%fault, "No answer"),
        FaultCode::Invalid | FaultCode::Denied | FaultCode::Internal => tracing::warn!(%fault, "No answer"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_shorter_time_holds_and_only_shrinks() {
        for (validator, limit, passed, left) in [
            (Some(12 * SECOND), 10 * SECOND, SECOND, Some(9 * SECOND - MARGIN)),
            (Some(5 * SECOND), 10 * SECOND, Duration::ZERO, Some(5 * SECOND - MARGIN)),
            (None, 10 * SECOND, Duration::ZERO, Some(10 * SECOND - MARGIN)),
            (Some(Duration::MAX), 10 * SECOND, Duration::ZERO, Some(10 * SECOND - MARGIN)),
            (Some(SECOND), 10 * SECOND, SECOND, None),
            (Some(MARGIN), 10 * SECOND, Duration::ZERO, None),
            (Some(Duration::ZERO), 10 * SECOND, Duration::ZERO, None),
        ] {
            assert_eq!(remaining(validator, limit, passed), left, "{validator:?} {limit:?} {passed:?}");
        }
    }
}
