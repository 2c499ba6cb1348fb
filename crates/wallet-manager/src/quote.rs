//! What an operation would cost and bring, read from the chain at one block.

mod draft;
pub(crate) mod price;

use bittensor::ss58;
use chain::{Account, Call, ChainError, Client, Unsigned};
use common::call::wallet::operation::{Operation, Quote, Rule, Verdict, Violation};
use common::config::wallet::WalletPolicy;
use common::ipc::{Fault, FaultCode};
use common::money::Rao;

use crate::policy::{Request, violation};
use draft::Draft;
pub(crate) use draft::registration_cost;

/// An operation at the prices of a block, ready to be signed.
#[derive(Debug)]
pub(crate) struct Quoted {
    /// The transaction without its signature.
    pub(crate) unsigned: Unsigned,
    /// What policy judges.
    pub(crate) request: Request,
    /// What the caller is told; the verdict is still open.
    pub(crate) quote: Quote,
}

/// There is no quote.
#[derive(Debug)]
pub(crate) enum NoQuote {
    /// The operation cannot be done as things are.
    Refused(Violation),
    /// The call makes no sense, or the chain does not answer.
    Fault(Fault),
}

/// Reads what an operation of a coldkey would cost now.
///
/// # Errors
/// If it cannot be done as things are, makes no sense, or the chain does not answer.
pub(crate) async fn quote(
    client: &Client,
    coldkey: &Account,
    policy: &WalletPolicy,
    operation: &Operation,
) -> Result<Quoted, NoQuote> {
    let block = client.at_best()?;
    let draft = Draft::of(&block, coldkey, policy, operation).await?;
    let unsigned = client.prepare(&draft.call, coldkey).await?;
    let (fee, balance) = tokio::join!(unsigned.fee_rao(), block.balance(coldkey));
    let (fee, free) = (fee?, balance?.free);
    let sums = Sums::of(&draft, fee)?;
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "only this one has a bound on the chain that is not the caller's"
    )]
    let unsigned = match draft.call {
        // The caller's bound is on all of it, the chain's on the price.
        Call::RegisterLimit { netuid, hotkey, .. } => {
            unsigned.instead(Call::RegisterLimit { netuid, hotkey, limit_price: sums.worst_cost.saturating_sub(fee) })
        }
        _ => unsigned,
    };
    let call = unsigned.call().name().to_owned();
    let quote = Quote {
        block: block.number(),
        coldkey: ss58::encode(coldkey),
        call,
        fee: Rao(fee),
        worst_cost: Rao(sums.worst_cost),
        value: Rao(sums.value),
        free: Rao(free),
        registration: draft.registration,
        swap: draft.swap,
        verdict: Verdict::Allowed,
    };
    let request = Request {
        kind: operation.kind(),
        destinations: draft.destinations,
        netuids: draft.netuids,
        value: sums.value,
        worst_cost: sums.worst_cost,
        free,
        prices: draft.prices,
        slippage_bp: draft.slippage_bp,
    };
    Ok(Quoted { unsigned, request, quote })
}

/// What an operation comes to, in rao.
struct Sums {
    worst_cost: u64,
    value: u64,
}

impl Sums {
    fn of(draft: &Draft, fee: u64) -> Result<Self, Violation> {
        let now = draft.cost.saturating_add(fee);
        let Some(ceiling) = draft.ceiling else {
            return Ok(Self { worst_cost: now, value: draft.value.max(draft.cost) });
        };
        if now > ceiling {
            let (now, ceiling) = (Rao(now), Rao(ceiling));
            let reason = format!("it costs {now} now, fee included, more than the {ceiling} it may cost");
            return Err(violation(Rule::Agreed, reason));
        }
        // Up to the bound that the chain is told, the price may still rise. Without one, it is compared right before sending.
        let limited = draft.registration.is_some_and(|cost| cost.limited_by_chain);
        let worst_cost = if limited { ceiling } else { now };
        Ok(Self { worst_cost, value: worst_cost })
    }
}

impl From<Violation> for NoQuote {
    fn from(violation: Violation) -> Self {
        Self::Refused(violation)
    }
}

impl From<ChainError> for NoQuote {
    fn from(error: ChainError) -> Self {
        match &error {
            ChainError::Unsupported { .. } | ChainError::ShapeDiffers(_) | ChainError::Unencodable { .. } => {
                Self::Refused(violation(Rule::Runtime, error.to_string()))
            }
            ChainError::UnknownSubnet(_) | ChainError::NotRegistered { .. } | ChainError::Refused(_) => {
                Self::Refused(violation(Rule::Chain, error.to_string()))
            }
            ChainError::NotConnected(_)
            | ChainError::Disconnected
            | ChainError::TimedOut { .. }
            | ChainError::RateLimited
            | ChainError::StatePruned { .. }
            | ChainError::UnknownBlock { .. }
            | ChainError::Node { .. }
            | ChainError::Malformed { .. }
            | ChainError::Expired { .. }
            | ChainError::Superseded { .. }
            | ChainError::FateUnknown { .. } => {
                Self::Fault(Fault::new(FaultCode::Unavailable, format!("nothing was done: {error}")))
            }
        }
    }
}
