//! The attempts of one task: each reserved on its own, all of them together within the task's bounds.

use std::collections::VecDeque;
use std::time::Duration;

use common::config::subnet::AnswerForm;
use common::money::NanoUsd;
use common::outcome::{Answered, DeclineReason, TaskFailure};
use common::record::AttemptOutcome;
use common::task::Task;
use common::usage::TokenUsage;
use llm::{Billing, CallError, Completion, WorstCase};
use llm_router::Plan;
use serde_json::Value;
use tokio::time::Instant;

use crate::answer;
use crate::breaker::Verdict;
use crate::ledger::{Booking, Call, ReserveError};
use crate::models::MIN_TIME;
use crate::pipeline::{Obstacle, Pipeline};
use crate::remedy::{MAX_ATTEMPTS, Remedy};

/// Kept of the remaining time for settling and answering after the vendor.
const MARGIN: Duration = Duration::from_millis(100);

/// A task that is being tried.
pub(crate) struct Attempts<'a> {
    pipeline: &'a Pipeline,
    task: &'a Task,
    form: AnswerForm,
    max_tokens: u64,
    deadline: Instant,
    made: u32,
    usage: TokenUsage,
    cost: NanoUsd,
}

/// An attempt without an answer.
enum Miss {
    /// No call was made, and this is why.
    Skipped(Obstacle),
    /// The call was made in vain.
    Failed(TaskFailure, Remedy),
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(
        pipeline: &'a Pipeline,
        task: &'a Task,
        form: AnswerForm,
        max_tokens_per_task: u32,
        deadline: Instant,
    ) -> Self {
        let max_tokens = max_tokens_per_task.into();
        let (made, usage, cost) = (0, TokenUsage::default(), NanoUsd::ZERO);
        Self { pipeline, task, form, max_tokens, deadline, made, usage, cost }
    }

    /// Tries plans until one gives an answer, or nothing helps any more. The first obstacle of a task that no vendor was
    /// called for is its outcome, and otherwise the last failure.
    pub(crate) async fn run(mut self, plans: Vec<Plan>) -> Result<Answered, Obstacle> {
        let mut plans = VecDeque::from(plans);
        let mut outcome = None;
        while let Some(plan) = plans.pop_front() {
            let Some(affordable) = plan.clone().within(self.max_tokens.saturating_sub(self.usage.total())) else {
                continue;
            };
            match self.attempt(affordable).await {
                Ok((value, plan)) => return Ok(self.answered(value, plan)),
                Err(Miss::Skipped(fatal @ (Obstacle::Failed(_) | Obstacle::Ledger(_)))) => {
                    return Err(outcome.unwrap_or(fatal));
                }
                Err(Miss::Skipped(obstacle @ Obstacle::Declined(_))) => {
                    outcome.get_or_insert(obstacle);
                }
                Err(Miss::Failed(failure, remedy)) => {
                    outcome = Some(Obstacle::Failed(failure));
                    if self.made >= MAX_ATTEMPTS || !self.prepare(remedy, plan, &mut plans).await {
                        break;
                    }
                }
            }
        }
        Err(outcome.unwrap_or(Obstacle::Declined(DeclineReason::TooLarge)))
    }

    /// Makes ready for another attempt; false if there is no use in one.
    async fn prepare(&self, remedy: Remedy, plan: Plan, plans: &mut VecDeque<Plan>) -> bool {
        match remedy {
            Remedy::Nothing => false,
            Remedy::OtherModel => true,
            Remedy::Repeat { .. } if !plans.is_empty() => true,
            Remedy::Repeat { pause } => {
                let in_time = pause < self.remaining();
                if in_time {
                    tokio::time::sleep(pause).await;
                    plans.push_back(plan);
                }
                in_time
            }
        }
    }

    async fn attempt(&mut self, plan: Plan) -> Result<(Value, Plan), Miss> {
        let skipped = |reason| Miss::Skipped(Obstacle::Declined(reason));
        let pipeline = self.pipeline;
        if self.remaining() < MIN_TIME {
            return Err(skipped(DeclineReason::Deadline));
        }
        let model = pipeline.models.find(&plan.model, pipeline.clock.now_ms());
        let model = model.map_err(|_| skipped(DeclineReason::NoModel))?;
        let admission =
            pipeline.models.admit(&plan.model, Instant::now()).ok_or_else(|| skipped(DeclineReason::Breaker))?;
        let call = Call {
            task: self.task,
            model: &model,
            strategy: &plan.strategy,
            worst: WorstCase { input_tokens: plan.input_tokens, output_tokens: plan.max_output_tokens },
            first: self.made == 0,
        };
        let reserved = pipeline.ledger.reserve(&call).await;
        let (reservation, permit) = reserved.map_err(|error: ReserveError| Miss::Skipped(error.into()))?;

        self.made += 1;
        let deadline = self.deadline.checked_sub(MARGIN).unwrap_or(self.deadline);
        match pipeline.clients.complete(permit, &plan.messages, deadline).await {
            Ok(Completion { text, usage }) => {
                admission.record(Verdict::Healthy);
                let billing = usage.map_or(Billing::Unknown, Billing::Known);
                self.add(reservation.settle(AttemptOutcome::Completed, billing).await);
                let failed = |_| Miss::Failed(TaskFailure::Format, Remedy::of(TaskFailure::Format, None));
                answer::format(self.form, &text).map(|value| (value, plan)).map_err(failed)
            }
            Err(error) => {
                admission.record(Verdict::of(error.failure, error.retry_after));
                tracing::warn!(task = %self.task.id, model = %plan.model, %error, "Vendor call failed");
                self.add(reservation.settle(AttemptOutcome::Failed(error.failure), error.billing).await);
                let CallError { failure, retry_after, .. } = error;
                let failure = TaskFailure::Vendor(failure);
                Err(Miss::Failed(failure, Remedy::of(failure, retry_after)))
            }
        }
    }

    fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn add(&mut self, Booking { usage, cost, .. }: Booking) {
        self.usage = TokenUsage {
            input_uncached: self.usage.input_uncached.saturating_add(usage.input_uncached),
            input_cache_read: self.usage.input_cache_read.saturating_add(usage.input_cache_read),
            input_cache_write: self.usage.input_cache_write.saturating_add(usage.input_cache_write),
            output: self.usage.output.saturating_add(usage.output),
        };
        self.cost = self.cost.saturating_add(cost);
    }

    fn answered(self, value: Value, plan: Plan) -> Answered {
        Answered { value, model: plan.model.model, usage: self.usage, cost: self.cost }
    }
}
