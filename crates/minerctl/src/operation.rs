//! Operations with the coldkey: quoted, confirmed, done by wallet-manager, and shown.

pub(crate) mod render;

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use common::call::wallet::operation::{
    ApproveOperation, ListOperations, Mode, Operation, OperationQuery, OperationState, OperationView, PerformOperation,
    Quote, QuoteOperation, RejectOperation, Verdict,
};
use common::call::wallet::{KeyPresence, WalletCall, WalletStatus, WalletStatusQuery};
use common::id::{OperationId, Ss58};
use daemon_kit::ipc::{self, Client};
use daemon_kit::{Home, Workers};
use serde_json::json;

use crate::cli::{CommonArgs, DecideArgs, OperationArgs, OperationsArgs};
use crate::confirm::{Consent, confirm};
use crate::output;

/// A transaction becomes final within a minute or so; finding out what became of one can take its whole life.
const LONGEST: Duration = Duration::from_secs(10 * 60);
/// A quote takes some questions to a node.
const QUOTE: Duration = Duration::from_secs(20);

/// A connection to wallet-manager as the operator.
pub(crate) struct Desk {
    /// wallet-manager.
    pub(crate) client: Client<WalletCall>,
    status: WalletStatus,
    /// The connection lives as long as its workers.
    _workers: Workers,
}

impl Desk {
    /// Connects.
    ///
    /// # Errors
    /// If wallet-manager does not answer.
    pub(crate) async fn open(common: &CommonArgs) -> anyhow::Result<Self> {
        let workers = Workers::new();
        let socket = Home::new(common.home.clone()).socket("wallet-admin");
        let client = ipc::connect::<WalletCall>(&socket, "wallet-manager", &workers).await?;
        let status = client.call(WalletStatusQuery {}, crate::status::PATIENCE).await?;
        Ok(Self { client, status, _workers: workers })
    }

    /// The hotkey that was named, or the wallet's own.
    ///
    /// # Errors
    /// If the wallet has none.
    pub(crate) fn hotkey(&self, named: Option<&Ss58>) -> anyhow::Result<Ss58> {
        let known = named.cloned().or_else(|| self.status.hotkey.clone());
        known.context("the wallet's hotkey is not known; name one with --hotkey")
    }

    /// What an operation would cost now.
    ///
    /// # Errors
    /// If it cannot be done as things are, or wallet-manager has no answer.
    pub(crate) async fn quote(&self, operation: Operation) -> anyhow::Result<Quote> {
        Ok(self.client.call(QuoteOperation { operation }, QUOTE).await?)
    }

    /// Quotes an operation, asks, has it done, and shows what became of it.
    ///
    /// # Errors
    /// If wallet-manager has no answer or the output cannot be written.
    pub(crate) async fn perform(
        &self,
        common: &CommonArgs,
        operation: Operation,
        args: &OperationArgs,
    ) -> anyhow::Result<ExitCode> {
        let quote = self.quote(operation.clone()).await?;
        let elsewhere = args.propose || self.status.coldkey_file == KeyPresence::Absent;
        output::note(&render::quote(&operation, &quote));
        if let Verdict::Refused(violation) = &quote.verdict
            && !elsewhere
        {
            if common.json {
                output::json(&json!({ "schema": 1, "quote": quote }))?;
            }
            output::note(&format!("refused: {}", output::printable(&violation.reason)));
            return Ok(ExitCode::FAILURE);
        }
        let effect = if elsewhere {
            "it is written down for another machine to sign".to_owned()
        } else {
            format!("up to {} leave the free balance", quote.worst_cost)
        };
        match confirm(&args.write, &effect)? {
            Consent::Given => {}
            Consent::DryRun => {
                if common.json {
                    output::json(&json!({ "schema": 1, "quote": quote }))?;
                }
                return Ok(ExitCode::SUCCESS);
            }
            Consent::Refused => return Ok(ExitCode::FAILURE),
        }
        let id = args.id.unwrap_or_else(new_id);
        let mode = if args.propose { Mode::Propose } else { Mode::Submit };
        output::note(&format!("operation {id}"));
        let call = PerformOperation { id, operation, agreed: quote.worst_cost, mode };
        self.tell(common, &self.client.call(call, LONGEST).await?)
    }

    fn tell(&self, common: &CommonArgs, view: &OperationView) -> anyhow::Result<ExitCode> {
        let code = code(&view.state);
        if common.json {
            output::json(&json!({ "schema": 1, "operation": view }))?;
        } else {
            output::text(&render::outcome(view))?;
        }
        Ok(code)
    }
}

/// `minerctl operations`
///
/// # Errors
/// If wallet-manager has no answer or the output cannot be written.
pub(crate) async fn list(common: &CommonArgs, args: &OperationsArgs) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(common).await?;
    if let Some(id) = args.id {
        let view = desk.client.call(OperationQuery { id }, crate::status::PATIENCE).await?;
        desk.tell(common, &view)?;
        return Ok(ExitCode::SUCCESS);
    }
    let listed = desk.client.call(ListOperations { limit: args.limit }, crate::status::PATIENCE).await?;
    if common.json {
        output::json(&json!({ "schema": 1, "operations": listed.operations }))?;
    } else {
        output::text(&output::table(&render::rows(&listed.operations)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `minerctl approve` and `reject`
///
/// # Errors
/// If wallet-manager has no answer or the output cannot be written.
pub(crate) async fn decide(common: &CommonArgs, args: &DecideArgs, approve: bool) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(common).await?;
    let id = args.id;
    let view = desk.client.call(OperationQuery { id }, crate::status::PATIENCE).await?;
    let waits = matches!(view.state, OperationState::AwaitingApproval)
        || (matches!(view.state, OperationState::Proposed(_)) && !approve);
    if !waits {
        bail!("operation {id} does not wait for that: it is {}", render::state(&view.state));
    }
    let what = render::operation(&view.operation);
    let effect = if approve {
        format!("it goes on: {what}; up to {} leave the free balance", view.worst_cost)
    } else {
        format!("it is forgotten: {what}")
    };
    match confirm(&args.write, &effect)? {
        Consent::Given => {}
        Consent::DryRun => return Ok(ExitCode::SUCCESS),
        Consent::Refused => return Ok(ExitCode::FAILURE),
    }
    let view = if approve {
        desk.client.call(ApproveOperation { id, code: None }, LONGEST).await?
    } else {
        desk.client.call(RejectOperation { id }, crate::status::PATIENCE).await?
    };
    if approve {
        return desk.tell(common, &view);
    }
    desk.tell(common, &view)?;
    Ok(ExitCode::SUCCESS)
}

/// Whether the command did what it should.
fn code(state: &OperationState) -> ExitCode {
    match state {
        OperationState::WouldBeDone
        | OperationState::AwaitingApproval
        | OperationState::Proposed(_)
        | OperationState::Prepared
        | OperationState::Sent(_)
        | OperationState::HandedOver { .. }
        | OperationState::Done(_) => ExitCode::SUCCESS,
        OperationState::Refused(_)
        | OperationState::Rejected
        | OperationState::Failed { .. }
        | OperationState::Interrupted
        | OperationState::Unknown { .. } => ExitCode::FAILURE,
    }
}

fn new_id() -> OperationId {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    OperationId::new(u64::try_from(since.as_millis()).unwrap_or_default(), rand::random())
}
