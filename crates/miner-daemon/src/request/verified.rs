//! A verified request: what is done with it, and how it ends.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bittensor::protocol::{Asked, Refused, Response, Signed};
use common::call::task::{StreamTask, SubmitTask};
use common::config::subnet::StreamRule;
use common::id::{TaskId, TaskType};
use common::ipc::{Fault, FaultCode};
use common::outcome::{Answered, DeclineReason, TaskAnswer, TaskFailure};
use common::record::{Delivery, DeliveryOutcome, RefusalReason};
use common::task::Task;
use indexmap::IndexMap;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Instant;
use tracing::Instrument;

use super::pieces::{Call, Pieces};
use super::{Reply, Rest, refused};
use crate::adapter::{Adapter, ModelAnswer};
use crate::clock;
use crate::delivery::Underway;
use crate::front::Front;
use crate::mapping::{TaskParts, Unmappable};
use crate::routes::{Plan, ServedRoute};

/// Kept back of the validator's time for the way of the answer.
const MARGIN: Duration = Duration::from_millis(250);
/// Pieces of an answer that may wait for a slow validator; whoever lets more wait loses the answer.
const WAITING_PIECES: usize = 1024;

/// A request whose sender and content are verified.
pub(super) struct Verified<'a> {
    pub(super) front: &'a Arc<Front>,
    pub(super) route: &'a ServedRoute,
    pub(super) signed: Signed,
    pub(super) asked: Asked,
    /// Held while the request is in work.
    pub(super) place: OwnedSemaphorePermit,
    /// When its head was complete.
    pub(super) came: Instant,
    /// When its body was complete.
    pub(super) complete: Instant,
}

/// Why there is no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum NoAnswer {
    Declined(DeclineReason),
    Failed(TaskFailure),
    Unavailable,
}

impl Verified<'_> {
    /// Sets the fields that the profile says. Pings are no tasks: they are not recorded.
    pub(super) fn reply(mut self, fields: &IndexMap<String, Value>) -> Reply {
        let set = fields.iter().try_for_each(|(name, value)| self.asked.set(name, value.clone()));
        let process_time = self.came.elapsed();
        let response = match set {
            Ok(()) => self.asked.into_response(process_time),
            Err(error) => {
                tracing::error!(%error, route = %self.route.name, "The profile's reply cannot be given");
                self.asked.into_refusal(500, "Failed", process_time)
            }
        };
        Reply::whole(sign(self.front, self.route, &self.signed, response), None)
    }

    /// Declines, as the profile says of every request of the route.
    pub(super) fn decline(self) -> Result<Reply, Refused> {
        let unix_ms = clock::unix_ms(SystemTime::now());
        let underway = self.open(TaskId::new(unix_ms, rand::random()), "none".into(), unix_ms)?;
        Ok(self.without_answer(underway, NoAnswer::Declined(DeclineReason::Profile)))
    }

    /// Lets task-handler answer. `route` is the request's, with a plan for tasks.
    pub(super) async fn run(self, route: Arc<ServedRoute>) -> Result<Reply, Refused> {
        let Plan::Task(adapter) = &route.plan else { return self.decline() };
        let parts = match adapter.task(&|name| self.asked.field(name)) {
            Ok(parts) => parts,
            Err(Unmappable::Unserved) => return self.decline(),
            Err(error) => {
                let caller = Some(self.signed.caller.clone());
                return Err(refused(RefusalReason::BadBody, 422, &error.to_string(), caller));
            }
        };
        let unix_ms = clock::unix_ms(SystemTime::now());
        let id = TaskId::new(unix_ms, rand::random());
        let underway = self.open(id, parts.task_type.clone(), unix_ms)?;
        if self.front.chain.is_deregistered(self.route.netuid) {
            return Ok(self.without_answer(underway, NoAnswer::Declined(DeclineReason::NotRegistered)));
        }
        let (task, time) = match self.begin(id, parts, &underway).await {
            Ok(begun) => begun,
            Err(reason) => return Ok(self.without_answer(underway, reason)),
        };
        if self.wants_pieces() {
            return Ok(self.stream(adapter.as_ref(), task, time, underway).await);
        }
        let netuid = self.route.netuid;
        let span = tracing::debug_span!("task", %id, %netuid, caller = %self.signed.caller);
        let answer = tokio::select! {
            answer = self.front.tasks.call(SubmitTask { task }, time).instrument(span) => read(answer),
            // Dropping the call stops the vendor, whose answer could not earn anything any more.
            () = self.front.chain.deregistered(netuid) => Err(NoAnswer::cancelled()),
        };
        Ok(match answer {
            Ok(answered) => self.with_answer(underway, adapter.as_ref(), id, answered),
            Err(reason) => self.without_answer(underway, reason),
        })
    }

    fn wants_pieces(&self) -> bool {
        match self.route.stream {
            StreamRule::Never => false,
            StreamRule::Asked => self.asked.field("stream").and_then(Value::as_bool).unwrap_or(false),
            StreamRule::Always => true,
        }
    }

    /// Waits for the first piece: until then an honest status can be given.
    async fn stream(self, adapter: &dyn Adapter, task: Task, time: Duration, underway: Underway) -> Reply {
        let (id, netuid) = (task.id, task.netuid);
        let (sender, mut events) = mpsc::channel(WAITING_PIECES);
        let front = Arc::clone(self.front);
        let span = tracing::debug_span!("task", %id, %netuid, caller = %self.signed.caller);
        let mut call: Call = Box::pin(
            async move {
                tokio::select! {
                    answer = front.tasks.call_streaming(StreamTask { task }, time, sender) => match answer {
                        Ok(answer) => Ok(answer),
                        Err(fault) => Err(unavailable(&fault)),
                    },
                    () = front.chain.deregistered(netuid) => Err(NoAnswer::cancelled()),
                }
            }
            .instrument(span),
        );
        let unix_ms = clock::unix_ms(SystemTime::now());
        let framing = adapter.framing(&|name| self.asked.field(name), id, unix_ms);
        let is_events = framing.is_events();
        let first = tokio::select! {
            biased;
            Some(first) = events.recv() => first,
            answer = &mut call => return match answer.and_then(answered) {
                Ok(Answered { value, usage, .. }) => match value.as_str().filter(|text| !text.trim().is_empty()) {
                    Some(text) => {
                        let pieces = Pieces::of_whole(text, usage, framing, underway, self.place);
                        let response = self.asked.into_stream_head(is_events, self.came.elapsed());
                        Reply { response, rest: Rest::Pieces(Box::new(pieces)) }
                    }
                    None => self.without_answer(underway, NoAnswer::Failed(TaskFailure::Format)),
                },
                Err(reason) => self.without_answer(underway, reason),
            },
        };
        let pieces = Pieces::begin(&first, call, events, framing, underway, self.place);
        let response = self.asked.into_stream_head(is_events, self.came.elapsed());
        Reply { response, rest: Rest::Pieces(Box::new(pieces)) }
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

    /// Stages the record and returns the task with the time that is left for it.
    async fn begin(&self, id: TaskId, parts: TaskParts, underway: &Underway) -> Result<(Task, Duration), NoAnswer> {
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
        Ok((task, time))
    }

    fn with_answer(mut self, underway: Underway, adapter: &dyn Adapter, task: TaskId, answered: Answered) -> Reply {
        let unix_ms = clock::unix_ms(SystemTime::now());
        let answer = ModelAnswer { task, unix_ms, value: answered.value, usage: answered.usage };
        let fields = match adapter.answer(&|name| self.asked.field(name), answer) {
            Ok(fields) => fields,
            Err(error) => {
                tracing::warn!(%error, route = %self.route.name, "An answer is not fit to leave");
                return self.without_answer(underway, NoAnswer::Failed(TaskFailure::Format));
            }
        };
        for (name, value) in fields {
            if let Err(error) = self.asked.set(&name, value) {
                tracing::warn!(%error, route = %self.route.name, "An answer does not fit its field");
                return self.without_answer(underway, NoAnswer::Failed(TaskFailure::Format));
            }
        }
        let response = self.asked.into_response(self.came.elapsed());
        let receipt = underway.answer(DeliveryOutcome::Answered, response.status);
        Reply::whole(sign(self.front, self.route, &self.signed, response), Some(receipt))
    }

    fn without_answer(self, underway: Underway, reason: NoAnswer) -> Reply {
        let decline = &self.route.decline;
        let (status, message) = match &reason {
            NoAnswer::Declined(_) => (decline.status, decline.message.as_str()),
            NoAnswer::Failed(_) => (500, "Failed"),
            NoAnswer::Unavailable => (503, "Unavailable"),
        };
        let response = self.asked.into_refusal(status, message, self.came.elapsed());
        let receipt = underway.answer(reason.outcome(), response.status);
        Reply::whole(sign(self.front, self.route, &self.signed, response), Some(receipt))
    }
}

/// Signs a response for its verified caller, where the profile wants it.
fn sign(front: &Front, route: &ServedRoute, signed: &Signed, mut response: Response) -> Response {
    if route.sign_answers {
        let unix_ms = clock::unix_ms(SystemTime::now());
        let uuid = TaskId::new(unix_ms, rand::random()).to_string();
        front.signer.sign(signed, &mut response, unix_ms, &uuid);
    }
    response
}

fn read(answer: Result<TaskAnswer, Fault>) -> Result<Answered, NoAnswer> {
    match answer {
        Ok(answer) => answered(answer),
        Err(fault) => Err(unavailable(&fault)),
    }
}

fn answered(answer: TaskAnswer) -> Result<Answered, NoAnswer> {
    match answer {
        TaskAnswer::Answered(answered) => Ok(answered),
        TaskAnswer::Declined(reason) => Err(NoAnswer::Declined(reason)),
        TaskAnswer::Failed(failure) => Err(NoAnswer::Failed(failure)),
    }
}

/// What is left for the task: the shorter of the validator's patience and the profile's limit, less what has passed and
/// what the answer's way back takes. None if nothing is left.
fn remaining(validator: Option<Duration>, limit: Duration, passed: Duration) -> Option<Duration> {
    let whole = validator.map_or(limit, |validator| validator.min(limit));
    whole.checked_sub(passed)?.checked_sub(MARGIN).filter(|time| !time.is_zero())
}

fn unavailable(fault: &Fault) -> NoAnswer {
    match fault.code {
        // daemon-kit tells when a connection is lost and found; each task that suffers is a detail.
        FaultCode::Unavailable | FaultCode::Timeout | FaultCode::Overloaded => tracing::debug!(%fault, "No answer"),
        FaultCode::Invalid | FaultCode::Denied | FaultCode::Internal => tracing::warn!(%fault, "No answer"),
    }
    NoAnswer::Unavailable
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
