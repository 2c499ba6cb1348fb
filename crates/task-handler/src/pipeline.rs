//! One task from its arrival to its answer: decide, then try the plans.

use common::config::subnet::{Action, AnswerForm, SubnetProfile, SubnetProfiles};
use common::ipc::{Fault, FaultCode};
use common::outcome::{DeclineReason, TaskAnswer, TaskFailure, VendorFailure};
use common::task::Task;
use llm::Clients;
use llm_router::{Conditions, Decision, decide};
use tokio::time::Instant;

use crate::attempts::Attempts;
use crate::chain::chain;
use crate::ledger::{Clock, Ledger, ReserveError};
use crate::models::Models;

/// Until there is a learnt strategy with a seed of its own.
const SEED: u64 = 0;

/// What a task needs to be answered.
#[derive(Debug)]
pub struct Pipeline {
    profiles: SubnetProfiles,
    pub(crate) models: Models,
    pub(crate) clients: Clients,
    pub(crate) ledger: Ledger,
    pub(crate) clock: Clock,
}

/// What kept a task from being tried or answered.
#[derive(Debug)]
pub(crate) enum Obstacle {
    /// Nothing was spent, and this is why.
    Declined(DeclineReason),
    /// Something may have been spent in vain.
    Failed(TaskFailure),
    /// The ledger does not work, and nothing was spent.
    Ledger(ReserveError),
}

impl Pipeline {
    /// Puts together what a task needs.
    #[must_use]
    pub fn new(profiles: SubnetProfiles, models: Models, clients: Clients, ledger: Ledger, clock: Clock) -> Self {
        Self { profiles, models, clients, ledger, clock }
    }

    /// Returns the ledger.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns the vendors' clients.
    #[must_use]
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// Returns the models.
    #[must_use]
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// Works on a task until it is answered, declined or has failed, which is before `deadline`. Dropping the future
    /// drops the vendor call, which is then settled at its worst case.
    ///
    /// # Errors
    /// The task makes no sense, or the ledger does not work. Nothing was spent.
    pub async fn run(&self, task: &Task, paused: bool, deadline: Instant) -> Result<TaskAnswer, Fault> {
        let profile = self.profile(task)?;
        let result = match self.decide(profile, task, paused, deadline) {
            Decision::Decline(reason) => Err(Obstacle::Declined(reason)),
            Decision::Try(plans) => {
                Attempts::new(self, task, answer_form(profile, task), profile.max_tokens_per_task, deadline)
                    .run(plans)
                    .await
            }
        };
        match result {
            Ok(answered) => {
                tracing::debug!(task = %task.id, model = %answered.model, cost = %answered.cost, "Answered");
                Ok(TaskAnswer::Answered(answered))
            }
            Err(Obstacle::Declined(reason)) => {
                tracing::debug!(task = %task.id, reason = reason.name(), "Declined");
                Ok(TaskAnswer::Declined(reason))
            }
            Err(Obstacle::Failed(failure)) => {
                tracing::debug!(task = %task.id, ?failure, "Failed");
                Ok(TaskAnswer::Failed(failure))
            }
            Err(Obstacle::Ledger(error)) => {
                let error = chain(&error);
                tracing::error!(task = %task.id, error, "No reservation, so no call");
                Err(Fault::new(FaultCode::Internal, format!("nothing was spent: {error}")))
            }
        }
    }

    fn profile(&self, task: &Task) -> Result<&SubnetProfile, Fault> {
        let invalid = |problem| Fault::new(FaultCode::Invalid, problem);
        if task.messages.is_empty() {
            return Err(invalid("the task has no messages".to_owned()));
        }
        let unknown = || invalid(format!("subnet-profiles.json has no subnet {}", task.netuid));
        self.profiles.subnets.get(&task.netuid).ok_or_else(unknown)
    }

    fn decide(&self, profile: &SubnetProfile, task: &Task, paused: bool, deadline: Instant) -> Decision {
        let now = Instant::now();
        let conditions = Conditions {
            paused,
            remaining: deadline.saturating_duration_since(now),
            models: self.models.conditions(&profile.preferred_models, now, self.clock.now_ms()),
            input_bound: llm::input_token_bound,
        };
        decide(profile, &conditions, task, SEED)
    }
}

/// The form that the task's route wants the answer in; the router has declined tasks of any other route.
fn answer_form(profile: &SubnetProfile, task: &Task) -> AnswerForm {
    match profile.routes.get(&task.route).map(|route| &route.action) {
        Some(Action::Task(mapping)) => mapping.answer.form,
        Some(Action::Reply(_) | Action::Decline {}) | None => AnswerForm::default(),
    }
}

impl From<ReserveError> for Obstacle {
    fn from(error: ReserveError) -> Self {
        match error {
            ReserveError::Blocked { limit } => Self::Declined(DeclineReason::Budget { limit }),
            ReserveError::Unlimited => Self::Declined(DeclineReason::Budget { limit: "none applies".into() }),
            // The vendor may have answered, but to a process that is gone.
            ReserveError::AlreadyTried => Self::Failed(TaskFailure::Vendor(VendorFailure::Disconnected)),
            ReserveError::Store(_) | ReserveError::Closed => Self::Ledger(error),
        }
    }
}
