//! Operations that wait for the operator: approved, by himself or by a code that was relayed, or rejected.

use std::sync::Arc;
use std::time::Instant;

use common::call::wallet::operation::{OperationState, OperationView, Rule, Verdict};
use common::id::OperationId;
use common::ipc::{Fault, FaultCode};
use tokio::sync::oneshot;

use super::{NoStart, Operations, Start, gone, handed_over};
use crate::journal::step::{Phase, Record, Step};
use crate::policy::{code_approves, violation};

impl Operations {
    /// Lets an operation go on that waits for approval. It is quoted and judged anew; if it is refused now, it goes on waiting.
    ///
    /// # Errors
    /// If there is no such operation, or the chain or the journal does not work.
    pub(crate) async fn approve(
        self: &Arc<Self>,
        id: OperationId,
        by_code: bool,
        deadline: Instant,
    ) -> Result<OperationView, Fault> {
        let (answer, begun) = oneshot::channel();
        let this = Arc::clone(self);
        self.workers.spawn("operation", async move {
            let start = {
                let _one = this.one.lock().await;
                this.start_approved(id, by_code).await
            };
            match start {
                Ok(Start::Signed(signed)) => {
                    let view = this.journal.get(id).map(|record| handed_over(&record, &signed));
                    drop(answer.send(view.ok_or_else(gone)));
                    this.finish(id, *signed, true).await;
                }
                Ok(Start::Stays(view)) => drop(answer.send(Ok(view))),
                Err(NoStart::Refused(violation)) => {
                    let view = this
                        .find(id)
                        .map(|record| OperationView { state: OperationState::Refused(violation), ..record.view() });
                    drop(answer.send(view));
                }
                Err(NoStart::Fault(fault)) => drop(answer.send(Err(fault))),
            }
        });
        let view = begun.await.map_err(|_| gone())??;
        if matches!(view.state, OperationState::Sent(_)) {
            return Ok(self.settled(id, deadline).await.unwrap_or(view));
        }
        Ok(view)
    }

    async fn start_approved(&self, id: OperationId, by_code: bool) -> Result<Start, NoStart> {
        let record = self.find(id)?;
        if record.phase != Phase::Waiting {
            // Approved twice is approved once.
            return Ok(Start::Stays(record.view()));
        }
        let quoted = self.agreed(&record.wanted.operation, record.wanted.agreed).await?;
        if by_code && !code_approves(&self.policy, quoted.quote.value) {
            let value = quoted.quote.value;
            let reason =
                format!("a code approves at most wallet.policy.code_approves_up_to, not {value}: use minerctl");
            return Err(violation(Rule::MaxPerOperation, reason).into());
        }
        match self.judge(&quoted) {
            Verdict::Refused(violation) => Err(violation.into()),
            Verdict::Allowed | Verdict::NeedsApproval { .. } => {
                self.sign(id, vec![Step::Approved { by_code }], &quoted).await
            }
        }
    }

    /// Forgets an operation that waits for approval, or a proposal.
    ///
    /// # Errors
    /// If there is no such operation, it is under way or over, or the journal does not work.
    pub(crate) async fn reject(&self, id: OperationId) -> Result<OperationView, Fault> {
        let _one = self.one.lock().await;
        let record = self.find(id)?;
        match record.phase {
            Phase::Waiting | Phase::Proposed(_) => match self.write(id, vec![Step::Rejected]).await {
                Ok(record) => Ok(record.view()),
                Err(NoStart::Fault(fault)) => Err(fault),
                Err(NoStart::Refused(violation)) => Err(Fault::new(FaultCode::Internal, violation.reason)),
            },
            Phase::Rejected => Ok(record.view()),
            Phase::Approved
            | Phase::Prepared
            | Phase::Signed(_)
            | Phase::Interrupted
            | Phase::Done(_)
            | Phase::Failed(_)
            | Phase::Unknown(..) => {
                Err(Fault::new(FaultCode::Invalid, "it neither waits for approval nor is a proposal"))
            }
        }
    }

    /// Returns an operation.
    ///
    /// # Errors
    /// If there is none with this id.
    pub(crate) fn find(&self, id: OperationId) -> Result<Record, Fault> {
        self.journal.get(id).ok_or_else(|| Fault::new(FaultCode::Invalid, format!("there is no operation {id}")))
    }
}
