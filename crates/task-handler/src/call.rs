//! One vendor call from its reservation to its settlement.

use std::time::Duration;

use common::decision::ArmRole;
use common::outcome::{DeclineReason, TaskFailure, VendorFailure};
use common::record::{AttemptOutcome, CallPart, Choice};
use common::task::Task;
use daemon_kit::ipc::EventSender;
use llm::{Billing, CallError, Completion, Permit, Question, WorstCase};
use llm_router::Plan;
use tokio::time::Instant;

use crate::breaker::Verdict;
use crate::intelligence::Basis;
use crate::ledger::{self, Booking, Reservation, ReserveError};
use crate::models::Admission;
use crate::pieces;
use crate::pipeline::{Obstacle, Pipeline};
use crate::remedy::Remedy;

/// What a call is made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purpose<'a> {
    pub(crate) task: &'a Task,
    pub(crate) basis: Basis,
    pub(crate) part: CallPart,
    /// Whether it is this run's first call for the task.
    pub(crate) first: bool,
}

/// A call that may be made: its worst case is reserved. Dropping it costs all of it.
pub(crate) struct Ready<'a> {
    pipeline: &'a Pipeline,
    plan: Plan,
    task: &'a Task,
    admission: Admission<'a>,
    reservation: Reservation,
    permit: Permit,
}

/// A call that was made.
pub(crate) struct Ended {
    /// What was booked.
    pub(crate) booking: Booking,
    /// Whether a reader was told a piece of the answer.
    pub(crate) told: bool,
    /// The text, or why there is none and what may help.
    pub(crate) result: Result<String, (TaskFailure, Remedy)>,
}

/// Reserves a call; an obstacle means that none can be made.
pub(crate) async fn reserve<'a>(
    pipeline: &'a Pipeline,
    plan: Plan,
    purpose: Purpose<'a>,
) -> Result<Ready<'a>, Obstacle> {
    let Purpose { task, basis, part, first } = purpose;
    let model = pipeline.models.find(&plan.model, pipeline.clock.now_ms());
    let model = model.map_err(|_| Obstacle::Declined(DeclineReason::NoModel))?;
    let admission = pipeline.models.admit(&plan.model, Instant::now());
    let admission = admission.ok_or(Obstacle::Declined(DeclineReason::Breaker))?;
    let call = ledger::Call {
        task,
        model: &model,
        strategy: &plan.strategy,
        choice: Some(choice(basis, &plan, part)),
        worst: WorstCase { input_tokens: plan.input_tokens, output_tokens: plan.max_output_tokens },
        first,
    };
    let reserved = pipeline.ledger.reserve(&call).await;
    let (reservation, permit) = reserved.map_err(|error: ReserveError| Obstacle::from(error))?;
    Ok(Ready { pipeline, plan, task, admission, reservation, permit })
}

fn choice(basis: Basis, plan: &Plan, part: CallPart) -> Choice {
    let Basis { revision, epoch, class } = basis;
    let role: ArmRole = plan.role;
    Choice { revision, epoch, class, effort: plan.effort, role, part }
}

impl Ready<'_> {
    /// Makes the call, which ends by the deadline, and settles it. A reader is told pieces of the answer as they come.
    pub(crate) async fn make(self, reader: Option<&EventSender>, deadline: Instant) -> Ended {
        let Self { pipeline, plan, task, admission, reservation, permit } = self;
        let started = Instant::now();
        let question = Question { messages: &plan.messages, effort: plan.effort, temperature: plan.temperature };
        let (told, answer) = match reader {
            None => (false, pipeline.clients.complete(permit, question, deadline).await),
            Some(reader) => pieces::stream(&pipeline.clients, permit, question, reader, deadline).await,
        };
        let latency = started.elapsed();
        match answer {
            Ok(Completion { text, usage, limits }) => {
                pipeline.models.measured(&plan.model, latency, usage.map(|usage| usage.output));
                admission.record(Verdict::of_answer(&limits, usage, plan.max_output_tokens));
                let billing = usage.map_or(Billing::Unknown, Billing::Known);
                let booking = reservation.hand_in(AttemptOutcome::Completed, billing);
                Ended { booking, told, result: Ok(text) }
            }
            Err(error) => {
                note_timeout(pipeline, &plan, &error, latency);
                admission.record(Verdict::of(error.failure, error.retry_after));
                tracing::warn!(task = %task.id, model = %plan.model, %error, "Vendor call failed");
                let booking = reservation.settle(AttemptOutcome::Failed(error.failure), error.billing).await;
                let CallError { failure, retry_after, .. } = error;
                let failure = TaskFailure::Vendor(failure);
                Ended { booking, told, result: Err((failure, Remedy::of(failure, retry_after))) }
            }
        }
    }
}

/// A call that was given up would have taken longer still.
fn note_timeout(pipeline: &Pipeline, plan: &Plan, error: &CallError, latency: Duration) {
    if error.failure == VendorFailure::Timeout {
        pipeline.models.measured(&plan.model, latency, None);
    }
}
