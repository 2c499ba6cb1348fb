//! One task from its arrival to its answer: decide, then try the plans.

use common::config::subnet::{AnswerForm, SubnetProfile, SubnetProfiles};
use common::ipc::{Fault, FaultCode};
use common::outcome::{DeclineReason, TaskAnswer, TaskFailure, VendorFailure};
use common::task::Task;
use daemon_kit::ipc::EventSender;
use llm::Clients;
use llm_router::Decision;
use tokio::time::Instant;

use crate::attempts::{Attempts, Bounds};
use crate::chain::chain;
use crate::intelligence::{Intelligence, Verdict};
use crate::ledger::{Clock, Ledger, ReserveError};
use crate::models::Models;

/// What a task needs to be answered.
#[derive(Debug)]
pub struct Pipeline {
    profiles: SubnetProfiles,
    intelligence: Intelligence,
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
    pub fn new(
        profiles: SubnetProfiles,
        intelligence: Intelligence,
        models: Models,
        clients: Clients,
        ledger: Ledger,
        clock: Clock,
    ) -> Self {
        Self { profiles, intelligence, models, clients, ledger, clock }
    }

    /// Returns the ledger.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns what decides.
    #[must_use]
    pub fn intelligence(&self) -> &Intelligence {
        &self.intelligence
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
    /// drops the vendor call, which is then settled at its worst case. `reader` is told pieces of the answer as they come.
    ///
    /// # Errors
    /// The task makes no sense, or the ledger does not work. Nothing was spent.
    pub async fn run(
        &self,
        task: &Task,
        paused: bool,
        reader: Option<&EventSender>,
        deadline: Instant,
    ) -> Result<TaskAnswer, Fault> {
        let profile = self.profile(task)?;
        let Verdict { decision, basis } =
            self.intelligence.decide(&self.models, task, paused, self.clock.now_ms(), deadline);
        let result = match decision {
            Decision::Decline(reason) => {
                if let DeclineReason::Budget { limit } = &reason {
                    self.ledger.note_declined(task, limit);
                }
                Err(Obstacle::Declined(reason))
            }
            Decision::Try(plans) => {
                let bounds = Bounds { max_tokens: profile.max_tokens_per_task, deadline };
                Attempts::new(self, task, basis, answer_form(profile, task), bounds, reader).run(plans).await
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
}

/// The form that the task's route wants the answer in; the router has declined tasks of any other route.
fn answer_form(profile: &SubnetProfile, task: &Task) -> AnswerForm {
    let route = profile.routes.get(&task.route);
    route.and_then(|route| route.action.answer_form()).unwrap_or_default()
}

impl From<ReserveError> for Obstacle {
    fn from(error: ReserveError) -> Self {
        match error {
            ReserveError::Blocked { limit } => Self::Declined(DeclineReason::Budget { limit }),
            ReserveError::Unlimited => Self::Declined(DeclineReason::Budget { limit: "none applies".into() }),
            ReserveError::Clock(_) => Self::Declined(DeclineReason::Budget { limit: "the clock".into() }),
            // The vendor may have answered, but to a process that is gone.
            ReserveError::AlreadyTried => Self::Failed(TaskFailure::Vendor(VendorFailure::Disconnected)),
            ReserveError::Store(_) | ReserveError::Closed => Self::Ledger(error),
        }
    }
}
