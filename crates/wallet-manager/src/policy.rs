//! Whether an operation may be done. Pure: what was spent, what is there and what time it is come in as arguments.

use common::call::wallet::operation::{Rule, Verdict, Violation};
use common::config::wallet::{OperationKind, WalletPolicy};
use common::id::{Netuid, Ss58};
use common::money::Rao;

use crate::journal::Spent;

/// All slippage there can be: a policy that allows it bounds no price.
const ALL_BP: u32 = 10_000;

/// What an operation comes to, for the policy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    /// What sort of operation it is.
    pub(crate) kind: OperationKind,
    /// Who gets something by it.
    pub(crate) destinations: Vec<Ss58>,
    /// The subnets it is about.
    pub(crate) netuids: Vec<Netuid>,
    /// What moves, in rao.
    pub(crate) value: u64,
    /// The most that can leave the free balance, in rao.
    pub(crate) worst_cost: u64,
    /// The free balance, in rao.
    pub(crate) free: u64,
    /// The prices at which stake would be bought or sold, in rao for 1 alpha.
    pub(crate) prices: Vec<(Netuid, u64)>,
    /// How much worse than the price now it could become; all, if there is no bound.
    pub(crate) slippage_bp: u32,
}

/// Judges. `own` are the accounts of the wallet itself.
#[must_use]
pub(crate) fn judge(policy: &WalletPolicy, own: &[Ss58], request: &Request, spent: Spent, now_ms: u64) -> Verdict {
    let rules = [
        operations(policy, request),
        destinations(policy, own, request),
        netuids(policy, request),
        balance(request),
        limit(Rule::MaxPerOperation, "max_per_operation", request.value, policy.max_per_operation.0, "this operation"),
        limit(
            Rule::MaxPerDay,
            "max_per_day",
            spent.day.saturating_add(request.value),
            policy.max_per_day.0,
            "the last 24 hours with this operation",
        ),
        limit(
            Rule::MaxTotal,
            "max_total",
            spent.total.saturating_add(request.value),
            policy.max_total.0,
            "everything done so far with this operation",
        ),
        min_balance(policy, request),
        prices(policy, request),
        slippage(policy, request),
        cooldown(policy, request, spent, now_ms),
    ];
    if let Some(violation) = rules.into_iter().flatten().next() {
        return Verdict::Refused(violation);
    }
    if request.value > policy.approve_above.0.0 {
        Verdict::NeedsApproval { above: policy.approve_above.0 }
    } else {
        Verdict::Allowed
    }
}

/// Whether a relayed one-time code is enough to approve it.
#[must_use]
pub(crate) fn code_approves(policy: &WalletPolicy, value: Rao) -> bool {
    policy.code_approves_up_to.is_some_and(|limit| value <= limit.0)
}

pub(crate) fn violation(rule: Rule, reason: impl Into<String>) -> Violation {
    Violation { rule, reason: reason.into() }
}

fn operations(policy: &WalletPolicy, request: &Request) -> Option<Violation> {
    (!policy.operations.contains(&request.kind))
        .then(|| violation(Rule::Operations, "wallet.policy.operations does not list this operation"))
}

fn destinations(policy: &WalletPolicy, own: &[Ss58], request: &Request) -> Option<Violation> {
    let stranger =
        request.destinations.iter().find(|account| !own.contains(account) && !policy.destinations.contains(account))?;
    Some(violation(Rule::Destinations, format!("wallet.policy.destinations does not list {stranger}")))
}

fn netuids(policy: &WalletPolicy, request: &Request) -> Option<Violation> {
    let other = request.netuids.iter().find(|netuid| !policy.netuids.contains(netuid))?;
    Some(violation(Rule::Netuids, format!("wallet.policy.netuids does not list subnet {other}")))
}

fn balance(request: &Request) -> Option<Violation> {
    (request.worst_cost > request.free).then(|| {
        let (cost, free) = (Rao(request.worst_cost), Rao(request.free));
        violation(Rule::Balance, format!("it can cost {cost}, but only {free} are free"))
    })
}

fn limit(rule: Rule, key: &str, sum: u64, limit: Rao, what: &str) -> Option<Violation> {
    (sum > limit.0)
        .then(|| violation(rule, format!("{what} would move {}, more than wallet.policy.{key}, {limit}", Rao(sum))))
}

fn min_balance(policy: &WalletPolicy, request: &Request) -> Option<Violation> {
    let left = request.free.saturating_sub(request.worst_cost);
    let least = policy.min_balance.0;
    // What takes nothing but its fee may be done with little: it may be what brings something.
    (request.worst_cost > 0 && left < least.0 && !is_income(request.kind)).then(|| {
        let left = Rao(left);
        violation(Rule::MinBalance, format!("{left} could be left, less than wallet.policy.min_balance, {least}"))
    })
}

/// Whether an operation brings TAO, and takes nothing but its fee.
fn is_income(kind: OperationKind) -> bool {
    match kind {
        OperationKind::RemoveStake | OperationKind::UnstakeAll | OperationKind::ClaimRoot => true,
        OperationKind::Register
        | OperationKind::RootRegister
        | OperationKind::AddStake
        | OperationKind::MoveStake
        | OperationKind::SwapStake
        | OperationKind::Transfer
        | OperationKind::SetChildkeyTake => false,
    }
}

fn prices(policy: &WalletPolicy, request: &Request) -> Option<Violation> {
    request.prices.iter().find_map(|(netuid, price)| {
        let range = policy.prices.get(netuid)?;
        let price = Rao(*price);
        if let Some(min) = range.min.filter(|min| price < min.0) {
            let min = min.0;
            return Some(violation(
                Rule::Prices,
                format!("1 alpha of subnet {netuid} costs {price}, less than wallet.policy.prices.{netuid}.min, {min}"),
            ));
        }
        let max = range.max.filter(|max| price > max.0)?.0;
        Some(violation(
            Rule::Prices,
            format!("1 alpha of subnet {netuid} costs {price}, more than wallet.policy.prices.{netuid}.max, {max}"),
        ))
    })
}

fn slippage(policy: &WalletPolicy, request: &Request) -> Option<Violation> {
    let most = policy.max_slippage_bp;
    (request.slippage_bp > most).then(|| {
        let reason = if request.slippage_bp >= ALL_BP {
            format!("it has no price bound, and wallet.policy.max_slippage_bp is {most}")
        } else {
            let found = request.slippage_bp;
            format!("it could be {found} hundredths of a percent worse than the price now, more than wallet.policy.max_slippage_bp, {most}")
        };
        violation(Rule::MaxSlippageBp, reason)
    })
}

fn cooldown(policy: &WalletPolicy, request: &Request, spent: Spent, now_ms: u64) -> Option<Violation> {
    let last = spent.last_of_kind_ms?;
    let again = last.saturating_add(policy.cooldown_s.saturating_mul(1000));
    (now_ms < again).then(|| {
        let seconds = (again - now_ms).div_ceil(1000);
        let kind = request.kind;
        violation(
            Rule::CooldownS,
            format!("the last operation of this kind ({kind:?}) was too recently: wait {seconds} s"),
        )
    })
}

#[cfg(test)]
mod tests;
