//! The two tools of latinum-wallet-mcp under their own names, paying in TAO: an agent that is set up for it needs no change.

use common::call::wallet::WalletStatusQuery;
use common::call::wallet::balance::BalanceQuery;
use common::call::wallet::operation::{Mode, Operation, OperationState, OperationView};
use common::money::Rao;
use serde_json::{Value, json};

use super::Tools;
use super::answer::Failure;
use super::arguments::{Payment, address, operation_id};
use super::tools::new_id;

/// What is said of every amount.
const UNIT: &str = "rao; 1 TAO is 1000000000 rao";

impl Tools {
    /// Whose wallet it is, whether it can sign, and what it holds.
    pub(super) async fn wallet_info(&self) -> Result<Value, Failure> {
        let status = self.ask(WalletStatusQuery {}).await?;
        // Without a chain the addresses are of use all the same.
        let (balance, problem) = match self.ask(BalanceQuery {}).await {
            Ok(balance) => (
                Some(json!({ "free": balance.free, "reserved": balance.reserved, "stakeValue": balance.stake_value })),
                None,
            ),
            Err(failure) => (None, Some(failure.into_message())),
        };
        Ok(json!({
            "chain": "bittensor",
            "token": "TAO",
            "unit": UNIT,
            "address": status.coldkey,
            "hotkey": status.hotkey,
            "canSign": status.coldkey_status.state,
            "balance": balance,
            "problem": problem,
        }))
    }

    /// A signed transfer for the caller to send. Policy decides; what it hands out counts as spent.
    pub(super) async fn signed_transaction(&self, payment: Payment) -> Result<Value, Failure> {
        if let Some(mint) = payment.mint.as_deref().filter(|mint| !mint.is_empty() && !mint.eq_ignore_ascii_case("tao"))
        {
            return Err(Failure::invalid(format!("mint: {mint:?} is unknown: only TAO can be paid; leave mint out")));
        }
        if payment.amount_atomic == 0 {
            return Err(Failure::invalid("amountAtomic: it is zero: nothing would be paid"));
        }
        let to = address("targetWallet", &payment.target_wallet)?;
        let id = operation_id(payment.idempotency_key.as_deref(), new_id())?;
        let operation = Operation::Transfer { to, amount: Rao(payment.amount_atomic) };
        Ok(told(&self.perform(id, operation, Mode::HandOver).await?))
    }
}

/// An agent must not take a payment that waits or was refused for one that is made.
fn told(view: &OperationView) -> Value {
    let (status, signed, note) = match &view.state {
        OperationState::HandedOver { signed: Some(signed), transaction } => {
            let note = format!("send it with author_submitExtrinsic before block {}", transaction.expires_at);
            ("signed", Some(signed.as_str()), note)
        }
        OperationState::HandedOver { signed: None, .. } => {
            ("signed", None, "it was handed out before, and is not shown again".to_owned())
        }
        OperationState::AwaitingApproval => {
            ("awaiting_approval", None, format!("the operator decides: minerctl approve {}", view.id))
        }
        OperationState::Refused(violation) => ("refused", None, violation.reason.clone()),
        OperationState::Proposed(_) => {
            ("proposed", None, "the coldkey is not on this host: the operator signs the proposal elsewhere".to_owned())
        }
        OperationState::Failed { problem } => ("failed", None, problem.clone()),
        OperationState::Rejected => ("rejected", None, "the operator did not want it".to_owned()),
        OperationState::WouldBeDone
        | OperationState::Prepared
        | OperationState::Sent(_)
        | OperationState::Done(_)
        | OperationState::Interrupted
        | OperationState::Unknown { .. } => ("see_operation", None, "see operation.state".to_owned()),
    };
    json!({ "status": status, "signedTransaction": signed, "note": note, "operation": view })
}
