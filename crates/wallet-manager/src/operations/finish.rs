//! Sends what is signed, and finds out what became of it: at once, or after a crash.

use std::sync::Arc;
use std::time::Duration;

use chain::{Again, ChainError, Inclusion, Signed, Until};
use common::call::wallet::operation::Mode;
use common::id::OperationId;

use super::{Operations, crash};
use crate::journal::step::{Phase, Step};
use crate::service::error_chain;

/// How long the chain is watched in one go.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two tries when the journal or the chain does not work.
const PAUSE: Duration = Duration::from_secs(2);
/// So many finalized blocks after its death a transaction that cannot be found is given up.
const GRACE: u64 = 16;

impl Operations {
    /// Goes on where the last process ended. What was not signed was not sent; what was signed is looked for.
    ///
    /// # Errors
    /// If the journal does not work.
    pub(crate) async fn resume(self: &Arc<Self>) -> Result<(), crate::journal::JournalError> {
        for record in self.journal.all(|record| !matches!(record.phase, Phase::Done(_) | Phase::Failed(_))) {
            let signed = match &record.phase {
                Phase::Prepared => {
                    tracing::warn!(id = %record.id, "An operation was interrupted before it was signed: nothing was sent");
                    self.journal.add(record.id, (self.clock)(), vec![Step::Interrupted], Vec::new()).await?;
                    continue;
                }
                Phase::Signed(signed) | Phase::Unknown(signed, _) => signed.signed(),
                Phase::Waiting
                | Phase::Approved
                | Phase::Rejected
                | Phase::Proposed(_)
                | Phase::Interrupted
                | Phase::Done(_)
                | Phase::Failed(_) => continue,
            };
            let Some(signed) = signed else {
                tracing::error!(id = %record.id, "A signed transaction in the journal cannot be read");
                continue;
            };
            tracing::warn!(id = %record.id, transaction = %signed.hash, "Looking for what became of an operation");
            let this = Arc::clone(self);
            self.workers.spawn("operation", async move { this.finish(record.id, signed, false).await });
        }
        Ok(())
    }

    /// Sends a signed transaction, unless it may have been sent before, and watches it to its end. Only the stop of the process
    /// ends this earlier; then the next start goes on.
    pub(crate) async fn finish(&self, id: OperationId, signed: Signed, fresh: bool) {
        let stopping = self.workers.token();
        let _ended = stopping.run_until_cancelled(self.watch(id, &signed, fresh)).await;
    }

    async fn watch(&self, id: OperationId, signed: &Signed, fresh: bool) {
        let handed_over = self.journal.get(id).is_some_and(|record| record.wanted.mode == Mode::HandOver);
        let again = if handed_over { Again::Look } else { Again::Send };
        let mut outcome = if fresh && !handed_over {
            tracing::info!(%id, transaction = %signed.hash, nonce = signed.nonce, "Sending an operation");
            let sent = self.client.send(signed, Until::Finalized, PATIENCE).await;
            crash::here("sent");
            sent
        } else {
            self.client.settle(signed, Until::Finalized, PATIENCE, again).await
        };
        loop {
            match outcome {
                Ok(inclusion) => return self.done(id, &inclusion).await,
                Err(ChainError::FateUnknown { .. }) => {
                    let finalized = self.client.finalized().borrow().map_or(0, |head| head.number);
                    if finalized >= signed.dies.saturating_add(GRACE) {
                        return self.unknown(id, signed).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(%id, %error, "An operation was not done");
                    return self.conclude(id, Step::Failed { problem: error_chain(&error) }, Vec::new()).await;
                }
            }
            outcome = self.client.settle(signed, Until::Finalized, PATIENCE, again).await;
        }
    }

    async fn done(&self, id: OperationId, inclusion: &Inclusion) {
        let Some(record) = self.journal.get(id) else { return };
        let (receipt, entries) = loop {
            match self.receipt(id, &record.wanted.operation, inclusion).await {
                Ok(known) => break known,
                // It stands on the chain: only what it did cannot be told any more.
                Err(error) if error.is_forgotten() => {
                    tracing::warn!(%id, %error, "What an operation did can no longer be read");
                    break (super::receipt::bare(inclusion), Vec::new());
                }
                Err(error) => tracing::warn!(%id, %error, "Cannot read yet what an operation did"),
            }
            tokio::time::sleep(PAUSE).await;
        };
        tracing::info!(%id, block = inclusion.block, transaction = %inclusion.transaction, "An operation is done");
        crash::here("included");
        self.conclude(id, Step::Done(receipt), entries).await;
    }

    async fn unknown(&self, id: OperationId, signed: &Signed) {
        let check = format!(
            "look for transaction {} of {}, nonce {}, in blocks {} to {} with an archive node or a block explorer",
            signed.hash,
            super::address(&signed.account),
            signed.nonce,
            signed.born.saturating_add(1),
            signed.dies.saturating_sub(1),
        );
        tracing::error!(%id, check, "It is not known what became of an operation");
        self.conclude(id, Step::Unknown { check }, Vec::new()).await;
    }

    /// Writes the end down, however long the disk refuses: the chain has decided, and the next start would find out again.
    async fn conclude(&self, id: OperationId, step: Step, entries: Vec<crate::ledger::NewEntry>) {
        while let Err(error) = self.journal.add(id, (self.clock)(), vec![step.clone()], entries.clone()).await {
            tracing::error!(%id, error = error_chain(&error), "The end of an operation cannot be written down yet");
            tokio::time::sleep(PAUSE).await;
        }
    }
}
