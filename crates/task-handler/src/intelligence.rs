//! Decides about tasks: gathers what llm-router goes by, and keeps what came of it so that it can be explained.

use common::decision::Explanation;
use common::id::TaskId;
use common::outcome::DeclineReason;
use common::task::Task;
use llm_router::{Conditions, Decided, Decision, classify, decide};
use tokio::time::Instant;

use crate::decision_log::{DecisionLog, ExplainError};
use crate::headroom::Headroom;
use crate::models::Models;
use crate::strategy_source::StrategySource;

/// Decides about tasks.
#[derive(Debug)]
pub struct Intelligence {
    strategy: StrategySource,
    headroom: Headroom,
    log: DecisionLog,
}

/// What is done with a task, and what its records say of it.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) decision: Decision,
    pub(crate) basis: Basis,
}

/// What a decision was made by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Basis {
    pub(crate) revision: u64,
    pub(crate) epoch: u64,
    pub(crate) class: common::strategy::TaskClass,
}

impl Intelligence {
    /// Puts together what decisions need.
    #[must_use]
    pub fn new(strategy: StrategySource, headroom: Headroom, log: DecisionLog) -> Self {
        Self { strategy, headroom, log }
    }

    /// Returns where revisions of the strategy are installed.
    #[must_use]
    pub fn strategy(&self) -> &StrategySource {
        &self.strategy
    }

    /// Decides about a task.
    pub(crate) fn decide(
        &self,
        models: &Models,
        task: &Task,
        paused: bool,
        unix_ms: u64,
        deadline: Instant,
    ) -> Verdict {
        let now = Instant::now();
        let followed = self.strategy.current();
        let classified = classify(&task.messages);
        let revision = followed.policy.revision().number;
        let basis = |epoch| Basis { revision, epoch, class: classified.class };
        let Some(subnet) = followed.policy.subnet(task.netuid) else {
            return Verdict { decision: Decision::Decline(DeclineReason::Profile), basis: basis(0) };
        };
        let conditions = Conditions {
            paused,
            unix_ms,
            remaining: deadline.saturating_duration_since(now),
            models: models.facts(subnet.models(), now, unix_ms),
            windows: self.headroom.windows(task.netuid, &task.caller),
        };
        let epoch = subnet.epochs().at(unix_ms);
        let Decided { decision, facts, outcome } = decide(subnet, conditions, task, classified);
        self.log.keep(followed, facts, outcome);
        Verdict { decision, basis: basis(epoch) }
    }

    /// Makes the decision about a task again.
    ///
    /// # Errors
    /// It cannot be explained.
    pub async fn explain(&self, task: TaskId) -> Result<Explanation, ExplainError> {
        self.log.explain(task).await
    }
}
