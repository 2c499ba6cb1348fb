//! Operations in words. Pure.

use common::call::wallet::operation::{Operation, OperationState, OperationView, Proposal, Quote, Receipt};
use common::money::{AlphaRao, Rao, billionths};

use crate::output::printable;

/// What an operation is.
pub(crate) fn operation(operation: &Operation) -> String {
    match operation {
        Operation::Register { netuid, hotkey, max_cost } => {
            format!("register {hotkey} on subnet {netuid} for at most {max_cost}")
        }
        Operation::RootRegister { hotkey } => format!("register {hotkey} on the root network"),
        Operation::AddStake { hotkey, netuid, amount, .. } => {
            format!("stake {amount} with {hotkey} on subnet {netuid}")
        }
        Operation::RemoveStake { hotkey, netuid, amount, .. } => {
            format!("unstake {amount} with {hotkey} on subnet {netuid}")
        }
        Operation::RemoveAllStake { hotkey, netuid, .. } => {
            format!("unstake everything with {hotkey} on subnet {netuid}")
        }
        Operation::UnstakeAll { hotkey } => format!("unstake everything with {hotkey} on every subnet"),
        Operation::UnstakeAllAlpha { hotkey } => {
            format!("turn everything with {hotkey} into stake on the root network")
        }
        Operation::MoveStake { from, to, from_netuid, to_netuid, amount } => {
            format!("move {amount} from {from} on subnet {from_netuid} to {to} on subnet {to_netuid}")
        }
        Operation::SwapStake { hotkey, from_netuid, to_netuid, amount, .. } => {
            format!("move {amount} with {hotkey} from subnet {from_netuid} to subnet {to_netuid}")
        }
        Operation::Transfer { to, amount } => format!("send {amount} to {to}"),
        Operation::SetChildkeyTake { hotkey, netuid, take } => {
            format!("let {hotkey} keep {take}/65535 of its parents' stake on subnet {netuid}")
        }
        Operation::ClaimRoot { netuids } => {
            let list: Vec<String> = netuids.iter().map(ToString::to_string).collect();
            format!("take the root network's yield of subnets {}", list.join(", "))
        }
    }
}

/// What an operation would cost, in lines.
pub(crate) fn quote(wanted: &Operation, quote: &Quote) -> String {
    let mut lines = vec![operation(wanted), format!("  call     {} at block {}", printable(&quote.call), quote.block)];
    if let Some(cost) = quote.registration {
        let bound = if cost.limited_by_chain { "the chain refuses more" } else { "compared right before it is sent" };
        lines.push(format!(
            "  price    {}: {} burned, {} locked as collateral; {bound}",
            cost.price, cost.burn, cost.collateral
        ));
    }
    if let Some(swap) = quote.swap {
        let limit = swap.limit_price.map_or("no limit".to_owned(), |limit| format!("limit {}", billionths(limit.0)));
        let source = if swap.exact { "as the chain simulates it" } else { "estimated from the pool" };
        lines.push(format!(
            "  trade    {} for {}; price {}, {limit}; {} % worse than the price, {source}",
            billionths(swap.give),
            billionths(swap.get),
            billionths(swap.price.0),
            hundredths(swap.slippage_bp)
        ));
    }
    lines.push(format!("  fee      {}", quote.fee));
    lines.push(format!("  at most  {} of {} free", quote.worst_cost, quote.free));
    lines.join("\n")
}

fn hundredths(number: u32) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

/// A state in a word or two.
pub(crate) fn state(state: &OperationState) -> &'static str {
    match state {
        OperationState::WouldBeDone => "not asked to be done",
        OperationState::Refused(_) => "refused",
        OperationState::AwaitingApproval => "waiting for approval",
        OperationState::Proposed(_) => "proposed",
        OperationState::Rejected => "rejected",
        OperationState::Prepared => "being signed",
        OperationState::Sent(_) => "on its way",
        OperationState::HandedOver { .. } => "handed over",
        OperationState::Done(_) => "done",
        OperationState::Failed { .. } => "failed",
        OperationState::Interrupted => "interrupted",
        OperationState::Unknown { .. } => "unknown",
    }
}

/// What became of an operation.
pub(crate) fn outcome(view: &OperationView) -> String {
    let more = match &view.state {
        OperationState::Refused(violation) => format!("  {}\n", printable(&violation.reason)),
        OperationState::AwaitingApproval => format!("  go on with: minerctl approve {}\n", view.id),
        OperationState::Proposed(proposal) => proposed(proposal),
        OperationState::Sent(transaction) => {
            format!("  transaction {}; see: minerctl operations {}\n", printable(&transaction.hash), view.id)
        }
        OperationState::HandedOver { transaction, .. } => format!("  transaction {}\n", printable(&transaction.hash)),
        OperationState::Done(receipt) => done(receipt),
        OperationState::Failed { problem } => format!("  {}\n", printable(problem)),
        OperationState::Unknown { check, .. } => format!("  {}\n", printable(check)),
        OperationState::Interrupted => "  nothing was sent; the same id may be used again\n".to_owned(),
        OperationState::WouldBeDone | OperationState::Rejected | OperationState::Prepared => String::new(),
    };
    format!("{}: {}\n{more}", operation(&view.operation), state(&view.state))
}

fn proposed(proposal: &Proposal) -> String {
    let command = proposal.btcli.as_deref().unwrap_or("btcli cannot do this");
    format!("  {}\n  call {}\n  everything to sign it: --json\n", printable(command), printable(&proposal.call))
}

fn done(receipt: &Receipt) -> String {
    let mut lines = vec![format!("  block {}, transaction {}", receipt.block, printable(&receipt.transaction))];
    if let Some(uid) = receipt.uid {
        lines.push(format!("  uid {uid}"));
    }
    for (rao, way) in [(receipt.tao_out, "out"), (receipt.tao_in, "in")] {
        if rao != Rao(0) {
            lines.push(format!("  {rao} {way}"));
        }
    }
    for (alpha, way) in [(receipt.alpha_out, "out"), (receipt.alpha_in, "in")] {
        if alpha != AlphaRao(0) {
            lines.push(format!("  {alpha} {way}"));
        }
    }
    lines.push(format!("  fee {}\n", receipt.fee));
    lines.join("\n")
}

/// Operations as rows of a table.
pub(crate) fn rows(views: &[OperationView]) -> Vec<Vec<String>> {
    let heading = ["WANTED", "STATE", "WHAT", "AT MOST", "ID"].map(str::to_owned).to_vec();
    let row = |view: &OperationView| {
        let wanted = i64::try_from(view.wanted_unix_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        let wanted = wanted.map_or_else(|| "?".to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string());
        vec![
            wanted,
            state(&view.state).to_owned(),
            operation(&view.operation),
            view.worst_cost.to_string(),
            view.id.to_string(),
        ]
    };
    std::iter::once(heading).chain(views.iter().map(row)).collect()
}
