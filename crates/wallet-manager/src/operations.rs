//! Does what is wanted with the coldkey: quote, policy, journal, signature, chain, receipt. One operation at a time, and nothing
//! is signed that is not on disk.

mod approval;
mod crash;
mod finish;
mod proposal;
mod receipt;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bittensor::ss58;
use bittensor::wallet::Wallet;
use chain::{Account, Client, Signed};
use common::call::wallet::KeyPresence;
use common::call::wallet::operation::{
    Mode, Operation, OperationState, OperationView, Origin, PerformOperation, Quote, Rule, Verdict, Violation,
};
use common::config::wallet::WalletPolicy;
use common::id::{OperationId, Ss58};
use common::ipc::{Fault, FaultCode};
use common::money::Rao;
use daemon_kit::Workers;
use tokio::sync::{Mutex, oneshot};

use crate::journal::step::{Phase, Record, SignedStep, Step, Wanted};
use crate::journal::{Journal, JournalError};
use crate::keyring::Keyring;
use crate::policy::{judge, violation};
use crate::quote::{NoQuote, Quoted, quote};
pub(crate) use proposal::btcli_flags;

/// So long before the caller stops waiting it is told how far the operation is.
const MARGIN: Duration = Duration::from_millis(200);

/// Tells the time, in milliseconds since 1970.
pub(crate) type Clock = fn() -> u64;

/// What operations are done with.
pub(crate) struct Operations {
    pub(crate) client: Client,
    pub(crate) coldkey: Account,
    /// The wallet's own accounts: always allowed as destinations.
    pub(crate) own: Vec<Ss58>,
    pub(crate) policy: WalletPolicy,
    pub(crate) wallet: Wallet,
    /// How btcli is told which wallet and which chain.
    pub(crate) btcli_flags: String,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) workers: Workers,
    pub(crate) clock: Clock,
    /// One at a time, so that each is judged by what all others have spent, and no two have the same number on the chain.
    pub(crate) one: Mutex<()>,
}

/// How far an operation got at once.
enum Start {
    /// It goes no further by itself.
    Stays(OperationView),
    /// It is signed.
    Signed(Box<Signed>),
}

/// Why an operation did not start.
#[derive(Debug)]
enum NoStart {
    Refused(Violation),
    Fault(Fault),
}

impl Operations {
    /// What an operation would cost now, and what policy says of it.
    ///
    /// # Errors
    /// If it makes no sense, cannot be done as things are, or the chain does not answer.
    pub(crate) async fn quote(&self, operation: &Operation) -> Result<Quote, Fault> {
        match quote(&self.client, &self.coldkey, &self.policy, operation).await {
            Ok(quoted) => {
                let verdict = self.judge(&quoted);
                Ok(Quote { verdict, ..quoted.quote })
            }
            // There is no price to tell.
            Err(NoQuote::Refused(Violation { rule, reason })) => {
                Err(Fault::new(FaultCode::Denied, format!("{}: {reason}", name(rule))))
            }
            Err(NoQuote::Fault(fault)) => Err(fault),
        }
    }

    /// Does an operation, and answers when it is settled, or shortly before `deadline`. It goes on when nobody waits.
    ///
    /// # Errors
    /// If it makes no sense, the id is another operation's, or the chain or the journal does not work: nothing was done then.
    pub(crate) async fn perform(
        self: &Arc<Self>,
        call: PerformOperation,
        origin: Origin,
        deadline: Instant,
    ) -> Result<OperationView, Fault> {
        if let Some(record) = self.known(&call)? {
            return Ok(self.settled(record.id, deadline).await.unwrap_or_else(|| record.view()));
        }
        let id = call.id;
        let (answer, begun) = oneshot::channel();
        let this = Arc::clone(self);
        self.workers.spawn("operation", async move {
            let start = {
                let _one = this.one.lock().await;
                this.start(&call, origin).await
            };
            let signed = match start {
                Ok(Start::Signed(signed)) => signed,
                Ok(Start::Stays(view)) => return drop(answer.send(Ok(view))),
                Err(NoStart::Refused(violation)) => {
                    return drop(answer.send(Ok(this.refused(&call, origin, violation))));
                }
                Err(NoStart::Fault(fault)) => return drop(answer.send(Err(fault))),
            };
            let view = this.journal.get(id).map(|record| handed_over(&record, &signed));
            // Whoever asked may be gone; the operation goes on.
            drop(answer.send(view.ok_or_else(gone)));
            this.finish(id, *signed, true).await;
        });
        let view = begun.await.map_err(|_| gone())??;
        if matches!(view.state, OperationState::Sent(_)) {
            return Ok(self.settled(id, deadline).await.unwrap_or(view));
        }
        Ok(view)
    }

    /// The operation that has the call's id already, unless it may begin anew.
    fn known(&self, call: &PerformOperation) -> Result<Option<Record>, Fault> {
        let Some(record) = self.journal.get(call.id) else { return Ok(None) };
        if record.wanted.operation != call.operation {
            return Err(Fault::new(FaultCode::Invalid, "the id belongs to another operation: choose a new one"));
        }
        Ok((record.phase != Phase::Interrupted && call.mode != Mode::DryRun).then_some(record))
    }

    /// Waits until nothing more happens to an operation by itself, or the caller stops waiting.
    pub(crate) async fn settled(&self, id: OperationId, deadline: Instant) -> Option<OperationView> {
        let mut changes = self.journal.changes();
        let until = tokio::time::Instant::from_std(deadline.checked_sub(MARGIN).unwrap_or(deadline));
        loop {
            changes.mark_unchanged();
            let record = self.journal.get(id)?;
            if record.is_settled() || tokio::time::timeout_at(until, changes.changed()).await.is_err() {
                return self.journal.get(id).map(|record| record.view());
            }
        }
    }

    /// Everything up to the signature. Nothing is on the chain yet when this returns.
    async fn start(&self, call: &PerformOperation, origin: Origin) -> Result<Start, NoStart> {
        // Another call with the same id may have been first.
        if let Some(record) = self.known(call)? {
            return Ok(Start::Stays(record.view()));
        }
        if call.mode == Mode::HandOver && !matches!(call.operation, Operation::Transfer { .. }) {
            return Err(Fault::new(FaultCode::Invalid, "only a transfer can be handed over").into());
        }
        let quoted = self.agreed(&call.operation, call.agreed).await?;
        let wanted = Step::Wanted(self.wanted(call, origin, &quoted));
        let first = if self.journal.get(call.id).is_none() { vec![wanted] } else { Vec::new() };
        if call.mode == Mode::Propose || self.coldkey_is_absent().await? {
            return self.propose(call, origin, first, &quoted).await;
        }
        match self.judge(&quoted) {
            Verdict::Refused(violation) => Err(violation.into()),
            Verdict::NeedsApproval { .. } if call.mode == Mode::DryRun => {
                Ok(Start::Stays(self.unkept(call, origin, &quoted, OperationState::AwaitingApproval)))
            }
            Verdict::Allowed if call.mode == Mode::DryRun => {
                Ok(Start::Stays(self.unkept(call, origin, &quoted, OperationState::WouldBeDone)))
            }
            Verdict::NeedsApproval { .. } => {
                let record = self.write(call.id, first).await?;
                tracing::warn!(id = %call.id, value = %quoted.quote.value, "An operation waits for approval");
                Ok(Start::Stays(record.view()))
            }
            Verdict::Allowed => self.sign(call.id, first, &quoted).await,
        }
    }

    /// A quote that costs no more than agreed, while nothing else is under way.
    async fn agreed(&self, operation: &Operation, agreed: Rao) -> Result<Quoted, NoStart> {
        let finalized = self.client.finalized().borrow().map_or(0, |head| head.number);
        if let Some(pending) = self.journal.all(|record| record.is_pending(finalized)).first() {
            let reason = format!("operation {} is still under way: wait until its fate is known", pending.id);
            return Err(violation(Rule::Unresolved, reason).into());
        }
        let quoted = quote(&self.client, &self.coldkey, &self.policy, operation).await?;
        let worst = quoted.quote.worst_cost;
        if worst > agreed {
            return Err(
                violation(Rule::Agreed, format!("it can cost {worst} now, more than the {agreed} agreed to")).into()
            );
        }
        Ok(quoted)
    }

    fn judge(&self, quoted: &Quoted) -> Verdict {
        let now_ms = (self.clock)();
        judge(&self.policy, &self.own, &quoted.request, self.journal.spent(quoted.request.kind, now_ms), now_ms)
    }

    /// Writes down what is about to be signed, signs it, and writes that down. If anything of it fails, nothing leaves.
    async fn sign(&self, id: OperationId, mut steps: Vec<Step>, quoted: &Quoted) -> Result<Start, NoStart> {
        self.keyring
            .with_signer(Instant::now(), |_| ())
            .map_err(|locked| violation(Rule::Locked, locked.to_string()))?;
        steps.push(Step::Prepared {
            worst_cost: quoted.quote.worst_cost,
            value: Rao(quoted.request.value),
            nonce: quoted.unsigned.nonce(),
            dies: quoted.unsigned.dies(),
        });
        self.write(id, steps).await?;
        crash::here("prepared");
        let signed = self
            .keyring
            .with_signer(Instant::now(), |key| (key.public() == self.coldkey).then(|| quoted.unsigned.sign(key)));
        let problem = match signed {
            Ok(Some(Ok(signed))) => {
                crash::here("signed");
                self.write(id, vec![Step::Signed(SignedStep::of(&signed))]).await?;
                crash::here("written");
                return Ok(Start::Signed(Box::new(signed)));
            }
            Ok(Some(Err(error))) => error.to_string(),
            Ok(None) => "the unlocked coldkey is not the one of coldkeypub.txt".to_owned(),
            Err(locked) => locked.to_string(),
        };
        Ok(Start::Stays(self.write(id, vec![Step::Failed { problem }]).await?.view()))
    }

    /// Adds steps; they are on disk when this returns.
    async fn write(&self, id: OperationId, steps: Vec<Step>) -> Result<Record, NoStart> {
        Ok(self.journal.add(id, (self.clock)(), steps, Vec::new()).await?)
    }

    async fn coldkey_is_absent(&self) -> Result<bool, Fault> {
        let wallet = self.wallet.clone();
        let inspection = tokio::task::spawn_blocking(move || wallet.inspect()).await;
        let inspection = inspection
            .map_err(|error| Fault::new(FaultCode::Internal, format!("the wallet could not be looked at: {error}")))?;
        Ok(inspection.coldkey_file == KeyPresence::Absent)
    }

    fn wanted(&self, call: &PerformOperation, origin: Origin, quoted: &Quoted) -> Wanted {
        Wanted {
            operation: call.operation.clone(),
            origin,
            mode: call.mode,
            agreed: call.agreed,
            worst_cost: quoted.quote.worst_cost,
            value: quoted.quote.value,
        }
    }

    /// What is answered of an operation that is not kept.
    fn unkept(&self, call: &PerformOperation, origin: Origin, quoted: &Quoted, state: OperationState) -> OperationView {
        self.told(call, origin, quoted.quote.worst_cost, state)
    }

    fn refused(&self, call: &PerformOperation, origin: Origin, violation: Violation) -> OperationView {
        tracing::info!(id = %call.id, rule = name(violation.rule), reason = violation.reason, "Refused an operation");
        self.told(call, origin, Rao(0), OperationState::Refused(violation))
    }

    fn told(&self, call: &PerformOperation, origin: Origin, worst_cost: Rao, state: OperationState) -> OperationView {
        let now_ms = (self.clock)();
        OperationView {
            id: call.id,
            operation: call.operation.clone(),
            origin,
            wanted_unix_ms: now_ms,
            changed_unix_ms: now_ms,
            worst_cost,
            state,
        }
    }
}

/// The view of an operation that was just signed: with the bytes, if the caller is to send them.
fn handed_over(record: &Record, signed: &Signed) -> OperationView {
    let mut view = record.view();
    if let OperationState::HandedOver { signed: bytes, .. } = &mut view.state {
        *bytes = Some(SignedStep::of(signed).bytes());
    }
    view
}

/// A rule as it stands on the wire.
pub(crate) fn name(rule: Rule) -> String {
    serde_json::to_value(rule).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The address of an account.
pub(crate) fn address(account: &Account) -> Ss58 {
    ss58::encode(account)
}

fn gone() -> Fault {
    Fault::new(FaultCode::Internal, "wallet-manager stops; see `minerctl operations` after its next start")
}

impl From<Violation> for NoStart {
    fn from(violation: Violation) -> Self {
        Self::Refused(violation)
    }
}

impl From<Fault> for NoStart {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<NoQuote> for NoStart {
    fn from(none: NoQuote) -> Self {
        match none {
            NoQuote::Refused(violation) => Self::Refused(violation),
            NoQuote::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<JournalError> for NoStart {
    fn from(error: JournalError) -> Self {
        tracing::error!(error = crate::service::error_chain(&error), "The journal cannot be written");
        let problem =
            format!("the journal cannot be written, so nothing was sent: {}", crate::service::error_chain(&error));
        Self::Fault(Fault::new(FaultCode::Internal, problem))
    }
}
