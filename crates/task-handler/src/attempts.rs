//! The attempts of one task: each reserved on its own, all of them together within the task's bounds.

use std::collections::VecDeque;
use std::time::Duration;

use common::config::subnet::AnswerForm;
use common::money::NanoUsd;
use common::outcome::{Answered, DeclineReason, TaskFailure};
use common::record::CallPart;
use common::task::Task;
use common::usage::TokenUsage;
use daemon_kit::ipc::EventSender;
use llm_router::{Calls, Plan};
use serde_json::Value;
use tokio::time::Instant;

use crate::answer;
use crate::call::{self, Ended, Purpose, Ready};
use crate::intelligence::Basis;
use crate::ledger::Booking;
use crate::models::MIN_TIME;
use crate::pipeline::{Obstacle, Pipeline};
use crate::remedy::{MAX_ATTEMPTS, Remedy, is_in_time};

mod several;

/// Kept of the remaining time for settling and answering after the vendor.
const MARGIN: Duration = Duration::from_millis(100);

/// A task that is being tried.
pub(crate) struct Attempts<'a> {
    pipeline: &'a Pipeline,
    task: &'a Task,
    basis: Basis,
    form: AnswerForm,
    max_tokens: u64,
    /// Reads along.
    reader: Option<&'a EventSender>,
    /// Whether the reader was told a piece of an answer: another one cannot take its place any more.
    told: bool,
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

/// What a task may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Of all attempts together.
    pub(crate) max_tokens: u32,
    /// When it must have ended.
    pub(crate) deadline: Instant,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(
        pipeline: &'a Pipeline,
        task: &'a Task,
        basis: Basis,
        form: AnswerForm,
        bounds: Bounds,
        reader: Option<&'a EventSender>,
    ) -> Self {
        let Bounds { max_tokens, deadline } = bounds;
        let (told, made, usage, cost) = (false, 0, TokenUsage::default(), NanoUsd::ZERO);
        // Only text can be passed on before it is whole.
        let reader = reader.filter(|_| form == AnswerForm::Text);
        let max_tokens = max_tokens.into();
        Self { pipeline, task, basis, form, max_tokens, reader, told, deadline, made, usage, cost }
    }

    /// Tries plans until one gives an answer, or nothing helps any more. The first obstacle of a task that no vendor was
    /// called for is its outcome, and otherwise the last failure.
    pub(crate) async fn run(mut self, plans: Vec<Plan>) -> Result<Answered, Obstacle> {
        let mut plans = VecDeque::from(plans);
        let mut outcome = None;
        while let Some(plan) = plans.pop_front() {
            let Some(affordable) = plan.clone().within(self.tokens_left()) else { continue };
            match self.attempt(&affordable).await {
                Ok(value) => return Ok(self.answered(value, plan)),
                Err(Miss::Skipped(fatal @ (Obstacle::Failed(_) | Obstacle::Ledger(_)))) => {
                    return Err(outcome.unwrap_or(fatal));
                }
                Err(Miss::Skipped(obstacle @ Obstacle::Declined(_))) => {
                    outcome.get_or_insert(obstacle);
                }
                Err(Miss::Failed(failure, remedy)) => {
                    outcome = Some(Obstacle::Failed(failure));
                    if self.told || self.made >= MAX_ATTEMPTS || !self.prepare(remedy, plan, &mut plans).await {
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
                let in_time = is_in_time(pause, self.remaining());
                if in_time {
                    tokio::time::sleep(pause).await;
                    plans.push_back(plan);
                }
                in_time
            }
        }
    }

    async fn attempt(&mut self, plan: &Plan) -> Result<Value, Miss> {
        match &plan.calls {
            Calls::One => self.once(plan).await,
            Calls::Critic(request) => self.critic(plan, request).await,
            Calls::Samples(count) => self.samples(plan, *count).await,
        }
    }

    /// Asks once, and once more for an answer that has not its form.
    async fn once(&mut self, plan: &Plan) -> Result<Value, Miss> {
        let ready = self.reserve(plan.clone(), CallPart::Answer).await.map_err(Miss::Skipped)?;
        let text = self.make(ready, self.reader).await.map_err(|(failure, remedy)| Miss::Failed(failure, remedy))?;
        match answer::format(self.form, &text) {
            Ok(value) => Ok(value),
            Err(_) if self.told => Err(Miss::Failed(TaskFailure::Format, Remedy::Nothing)),
            Err(_) => self.repair(plan, &text).await,
        }
    }

    /// Asks for the same answer in the form that it must have, if there is time and if there are tokens left.
    async fn repair(&mut self, plan: &Plan, text: &str) -> Result<Value, Miss> {
        let unrepaired = || Miss::Failed(TaskFailure::Format, Remedy::of(TaskFailure::Format, None));
        let repaired = plan.followed_by(text, &plan.repair_request, llm::input_token_bound);
        let Some(affordable) = repaired.within(self.tokens_left()) else { return Err(unrepaired()) };
        let ready = self.reserve(affordable, CallPart::Repair).await.map_err(|_| unrepaired())?;
        let text = self.make(ready, None).await.map_err(|(failure, remedy)| Miss::Failed(failure, remedy))?;
        // It was asked for twice.
        answer::format(self.form, &text).map_err(|_| Miss::Failed(TaskFailure::Format, Remedy::Nothing))
    }

    /// Reserves a call, if there is time for one.
    async fn reserve(&mut self, plan: Plan, part: CallPart) -> Result<Ready<'a>, Obstacle> {
        if self.remaining() < plan.min_time.max(MIN_TIME) {
            return Err(Obstacle::Declined(DeclineReason::Deadline));
        }
        let purpose = Purpose { task: self.task, basis: self.basis, part, first: self.made == 0 };
        let ready = call::reserve(self.pipeline, plan, purpose).await?;
        self.made += 1;
        Ok(ready)
    }

    async fn make(&mut self, ready: Ready<'_>, reader: Option<&EventSender>) -> Result<String, (TaskFailure, Remedy)> {
        let ended = ready.make(reader, self.vendor_deadline()).await;
        self.count(ended)
    }

    fn count(&mut self, ended: Ended) -> Result<String, (TaskFailure, Remedy)> {
        self.add(ended.booking);
        self.told |= ended.told;
        ended.result
    }

    fn vendor_deadline(&self) -> Instant {
        self.deadline.checked_sub(MARGIN).unwrap_or(self.deadline)
    }

    fn tokens_left(&self) -> u64 {
        self.max_tokens.saturating_sub(self.usage.total())
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
