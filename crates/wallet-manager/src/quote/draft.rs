//! What an operation needs of the chain, before its fee is known.

use bittensor::ss58;
use chain::{Account, Block, Call, StakePosition};
use common::call::wallet::operation::{Operation, PriceBound, RegistrationCost, Rule, SwapQuote};
use common::config::wallet::WalletPolicy;
use common::id::{Netuid, Ss58};
use common::ipc::{Fault, FaultCode};
use common::money::{AlphaRao, Rao};

use super::NoQuote;
use super::price::{ALL_BP, ONE, Side, bought, limit, shortfall_bp, worth};
use crate::policy::violation;

/// The least that the chain lets an account hold, in rao.
const EXISTENTIAL_DEPOSIT: u64 = 500;

/// What an operation comes to without its fee. Amounts are rao.
pub(super) struct Draft {
    pub(super) call: Call,
    /// Who gets something by it.
    pub(super) destinations: Vec<Ss58>,
    pub(super) netuids: Vec<Netuid>,
    /// What leaves the free balance besides the fee.
    pub(super) cost: u64,
    /// The most that may leave it with the fee, where the operation says so.
    pub(super) ceiling: Option<u64>,
    /// What the stake that moves is worth.
    pub(super) value: u64,
    pub(super) prices: Vec<(Netuid, u64)>,
    pub(super) slippage_bp: u32,
    pub(super) registration: Option<RegistrationCost>,
    pub(super) swap: Option<SwapQuote>,
}

impl Draft {
    /// One that trades nothing.
    fn plain(call: Call, destination: &Ss58) -> Self {
        Self {
            call,
            destinations: vec![destination.clone()],
            netuids: Vec::new(),
            cost: 0,
            ceiling: None,
            value: 0,
            prices: Vec::new(),
            slippage_bp: 0,
            registration: None,
            swap: None,
        }
    }

    /// Reads what the operation needs.
    pub(super) async fn of(
        block: &Block,
        coldkey: &Account,
        policy: &WalletPolicy,
        operation: &Operation,
    ) -> Result<Self, NoQuote> {
        let scope = Scope { block, coldkey, policy_bp: policy.max_slippage_bp };
        match operation {
            Operation::Register { netuid, hotkey, max_cost } => scope.register(*netuid, hotkey, *max_cost).await,
            Operation::RootRegister { hotkey } => {
                let call = Call::RootRegister { hotkey: key(hotkey)? };
                Ok(Self { netuids: vec![Netuid(0)], ..Self::plain(call, hotkey) })
            }
            Operation::AddStake { hotkey, netuid, amount, bound } => {
                scope.add_stake(*netuid, hotkey, amount.0, *bound).await
            }
            Operation::RemoveStake { hotkey, netuid, amount, bound } => {
                scope.remove_stake(*netuid, hotkey, Some(*amount), *bound).await
            }
            Operation::RemoveAllStake { hotkey, netuid, bound } => {
                scope.remove_stake(*netuid, hotkey, None, *bound).await
            }
            Operation::UnstakeAll { hotkey } => scope.unstake_all(hotkey, true).await,
            Operation::UnstakeAllAlpha { hotkey } => scope.unstake_all(hotkey, false).await,
            Operation::MoveStake { from, to, from_netuid, to_netuid, amount } => {
                let call = Call::MoveStake {
                    origin_hotkey: key(from)?,
                    destination_hotkey: key(to)?,
                    origin_netuid: from_netuid.0,
                    destination_netuid: to_netuid.0,
                    alpha_amount: amount.0,
                };
                scope.cross(call, from, to, [*from_netuid, *to_netuid], amount.0, None).await
            }
            Operation::SwapStake { hotkey, from_netuid, to_netuid, amount, bound } => {
                if from_netuid == to_netuid {
                    return Err(invalid("the two subnets are the same"));
                }
                let call = Call::SwapStake {
                    hotkey: key(hotkey)?,
                    origin_netuid: from_netuid.0,
                    destination_netuid: to_netuid.0,
                    alpha_amount: amount.0,
                };
                scope.cross(call, hotkey, hotkey, [*from_netuid, *to_netuid], amount.0, Some(*bound)).await
            }
            Operation::Transfer { to, amount } => transfer(coldkey, to, amount.0),
            Operation::SetChildkeyTake { hotkey, netuid, take } => {
                scope.exists(*netuid).await?;
                let call = Call::SetChildkeyTake { hotkey: key(hotkey)?, netuid: netuid.0, take: *take };
                Ok(Self { netuids: vec![*netuid], ..Self::plain(call, hotkey) })
            }
            Operation::ClaimRoot { netuids } => {
                if netuids.is_empty() {
                    return Err(invalid("there must be at least one subnet"));
                }
                // The chain takes a set.
                let mut subnets: Vec<u16> = netuids.iter().map(|netuid| netuid.0).collect();
                subnets.sort_unstable();
                subnets.dedup();
                let call = Call::ClaimRoot { subnets };
                Ok(Self { netuids: netuids.clone(), ..Self::plain(call, &ss58::encode(coldkey)) })
            }
        }
    }
}

/// What every draft is made with.
struct Scope<'a> {
    block: &'a Block,
    coldkey: &'a Account,
    policy_bp: u32,
}

impl Scope<'_> {
    async fn exists(&self, netuid: Netuid) -> Result<(), NoQuote> {
        // The root network is there on every chain.
        if netuid.0 != 0 && !self.block.subnet_exists(netuid.0).await? {
            return Err(violation(Rule::Chain, format!("there is no subnet {netuid}")).into());
        }
        Ok(())
    }

    async fn price(&self, netuid: Netuid) -> Result<u64, NoQuote> {
        if netuid.0 == 0 { Ok(ONE) } else { Ok(self.block.alpha_price_rao(netuid.0).await?) }
    }

    async fn register(&self, netuid: Netuid, hotkey: &Ss58, max_cost: Rao) -> Result<Draft, NoQuote> {
        let account = key(hotkey)?;
        // Asked at once: a node may be far away.
        let here = [netuid.0];
        let (exists, uids, allowed, cost) = tokio::join!(
            self.exists(netuid),
            self.block.uids(&here, &account),
            self.block.registration_allowed(netuid.0),
            registration_cost(self.block, netuid.0)
        );
        exists?;
        let cost = cost?;
        if let Some(uid) = uids?.first().copied().flatten() {
            let reason = format!("the hotkey is registered on subnet {netuid} already, as uid {uid}");
            return Err(violation(Rule::Chain, reason).into());
        }
        if !allowed? {
            return Err(violation(Rule::Chain, format!("registration on subnet {netuid} is switched off")).into());
        }
        let call = if cost.limited_by_chain {
            Call::RegisterLimit { netuid: netuid.0, hotkey: account, limit_price: max_cost.0 }
        } else {
            Call::BurnedRegister { netuid: netuid.0, hotkey: account }
        };
        Ok(Draft {
            netuids: vec![netuid],
            cost: cost.price.0,
            ceiling: Some(max_cost.0),
            registration: Some(cost),
            ..Draft::plain(call, hotkey)
        })
    }

    async fn add_stake(&self, netuid: Netuid, hotkey: &Ss58, amount: u64, bound: PriceBound) -> Result<Draft, NoQuote> {
        let account = key(hotkey)?;
        not_zero(amount)?;
        self.exists(netuid).await?;
        let (price, exchange) = tokio::join!(self.price(netuid), self.block.buying(netuid.0, amount));
        let (price, exchange) = (price?, exchange?);
        let (limit_price, bound_bp) = limit(Side::Buying, price, bound, self.policy_bp);
        let slippage_bp = shortfall_bp(bought(amount, price), exchange.get);
        let call = match limit_price {
            Some(limit_price) => Call::AddStakeLimit {
                hotkey: account,
                netuid: netuid.0,
                amount_staked: amount,
                limit_price,
                allow_partial: false,
            },
            None => Call::AddStake { hotkey: account, netuid: netuid.0, amount_staked: amount },
        };
        Ok(Draft {
            netuids: vec![netuid],
            cost: amount,
            value: amount,
            prices: vec![(netuid, price)],
            slippage_bp: slippage_bp.max(bound_bp),
            swap: Some(swap(price, limit_price, amount, exchange.get, slippage_bp, exchange.exact)),
            ..Draft::plain(call, hotkey)
        })
    }

    async fn remove_stake(
        &self,
        netuid: Netuid,
        hotkey: &Ss58,
        amount: Option<AlphaRao>,
        bound: PriceBound,
    ) -> Result<Draft, NoQuote> {
        let account = key(hotkey)?;
        if let Some(amount) = amount {
            not_zero(amount.0)?;
        }
        self.exists(netuid).await?;
        let staked = self.block.stake(self.coldkey, &account, netuid.0).await?;
        let alpha = amount.map_or(staked, |amount| amount.0);
        enough(alpha, staked, netuid)?;
        let (price, exchange) = tokio::join!(self.price(netuid), self.block.selling(netuid.0, alpha));
        let (price, exchange) = (price?, exchange?);
        let (limit_price, bound_bp) = limit(Side::Selling, price, bound, self.policy_bp);
        let slippage_bp = shortfall_bp(worth(alpha, price), exchange.get);
        let call = match (amount, limit_price) {
            (None, limit_price) => Call::RemoveStakeFullLimit { hotkey: account, netuid: netuid.0, limit_price },
            (Some(_), Some(limit_price)) => Call::RemoveStakeLimit {
                hotkey: account,
                netuid: netuid.0,
                amount_unstaked: alpha,
                limit_price,
                allow_partial: false,
            },
            (Some(_), None) => Call::RemoveStake { hotkey: account, netuid: netuid.0, amount_unstaked: alpha },
        };
        Ok(Draft {
            netuids: vec![netuid],
            value: worth(alpha, price),
            prices: vec![(netuid, price)],
            slippage_bp: slippage_bp.max(bound_bp),
            swap: Some(swap(price, limit_price, alpha, exchange.get, slippage_bp, exchange.exact)),
            ..Draft::plain(call, hotkey)
        })
    }

    /// The chain sells each position at whatever price: policy judges what they would bring now.
    async fn unstake_all(&self, hotkey: &Ss58, to_tao: bool) -> Result<Draft, NoQuote> {
        let account = key(hotkey)?;
        let positions = self.block.stakes(self.coldkey).await?;
        let sold = |position: &&StakePosition| position.hotkey == account && (to_tao || position.netuid != 0);
        let call =
            if to_tao { Call::UnstakeAll { hotkey: account } } else { Call::UnstakeAllAlpha { hotkey: account } };
        let mut draft = Draft::plain(call, hotkey);
        let (mut get, mut exact) = (0_u64, true);
        for position in positions.iter().filter(sold) {
            let netuid = Netuid(position.netuid);
            let price = self.price(netuid).await?;
            let exchange = self.block.selling(netuid.0, position.stake).await?;
            draft.netuids.push(netuid);
            draft.prices.push((netuid, price));
            draft.value = draft.value.saturating_add(worth(position.stake, price));
            get = get.saturating_add(exchange.get);
            exact &= exchange.exact;
        }
        enough(1, draft.value, Netuid(0))?;
        draft.slippage_bp = shortfall_bp(draft.value, get);
        // As if all of it were one token worth 1 TAO.
        draft.swap = Some(swap(ONE, None, draft.value, get, draft.slippage_bp, exact));
        Ok(draft)
    }

    /// Stake that goes to another hotkey or subnet.
    async fn cross(
        &self,
        call: Call,
        from: &Ss58,
        to: &Ss58,
        [from_netuid, to_netuid]: [Netuid; 2],
        amount: u64,
        bound: Option<PriceBound>,
    ) -> Result<Draft, NoQuote> {
        let origin = key(from)?;
        not_zero(amount)?;
        self.exists(from_netuid).await?;
        self.exists(to_netuid).await?;
        enough(amount, self.block.stake(self.coldkey, &origin, from_netuid.0).await?, from_netuid)?;
        let sold_at = self.price(from_netuid).await?;
        let mut draft = Draft {
            netuids: vec![from_netuid, to_netuid],
            value: worth(amount, sold_at),
            prices: vec![(from_netuid, sold_at)],
            ..Draft::plain(call, to)
        };
        if from_netuid == to_netuid {
            return Ok(draft);
        }
        let bought_at = self.price(to_netuid).await?;
        let tao = self.block.selling(from_netuid.0, amount).await?;
        let alpha = self.block.buying(to_netuid.0, tao.get).await?;
        let ratio = bought(sold_at, bought_at);
        let slippage_bp = shortfall_bp(worth(amount, ratio), alpha.get);
        let (limit_price, bound_bp) = match bound {
            Some(bound) => limit(Side::Selling, ratio, bound, self.policy_bp),
            None => (None, 0),
        };
        if let (Some(limit_price), Call::SwapStake { hotkey, origin_netuid, destination_netuid, alpha_amount }) =
            (limit_price, &draft.call)
        {
            draft.call = Call::SwapStakeLimit {
                hotkey: *hotkey,
                origin_netuid: *origin_netuid,
                destination_netuid: *destination_netuid,
                alpha_amount: *alpha_amount,
                limit_price,
                allow_partial: false,
            };
        }
        draft.prices.push((to_netuid, bought_at));
        draft.slippage_bp = slippage_bp.max(bound_bp);
        draft.swap = Some(swap(ratio, limit_price, amount, alpha.get, slippage_bp, tao.exact && alpha.exact));
        Ok(draft)
    }
}

/// What a place on a subnet costs at a block.
///
/// # Errors
/// If there is no answer.
pub(crate) async fn registration_cost(block: &Block, netuid: u16) -> Result<RegistrationCost, chain::ChainError> {
    let (price, share) = tokio::join!(block.registration_price_rao(netuid), block.collateral_share(netuid));
    let (price, share) = (price?, share?);
    let collateral = u128::from(price) * u128::from(share) / u128::from(u16::MAX);
    let collateral = u64::try_from(collateral).unwrap_or(price);
    Ok(RegistrationCost {
        price: Rao(price),
        burn: Rao(price.saturating_sub(collateral)),
        collateral: Rao(collateral),
        limited_by_chain: block.runtime().capabilities.register_limit,
    })
}

fn transfer(coldkey: &Account, to: &Ss58, amount: u64) -> Result<Draft, NoQuote> {
    let dest = key(to)?;
    not_zero(amount)?;
    if amount < EXISTENTIAL_DEPOSIT {
        let least = Rao(EXISTENTIAL_DEPOSIT);
        return Err(violation(Rule::Amount, format!("an account holds at least {least}: send no less")).into());
    }
    if dest == *coldkey {
        return Err(invalid("the TAO would go to the account it comes from"));
    }
    let call = Call::TransferKeepAlive { dest, value: amount };
    Ok(Draft { cost: amount, value: amount, ..Draft::plain(call, to) })
}

fn swap(price: u64, limit_price: Option<u64>, give: u64, get: u64, slippage_bp: u32, exact: bool) -> SwapQuote {
    let slippage_bp = slippage_bp.min(ALL_BP);
    SwapQuote { price: Rao(price), limit_price: limit_price.map(Rao), give, get, slippage_bp, exact }
}

/// Its checksum and network were not looked at yet.
fn key(address: &Ss58) -> Result<Account, NoQuote> {
    ss58::decode(address.as_str()).map_err(|error| invalid(format!("{address}: {error}")))
}

fn not_zero(amount: u64) -> Result<(), NoQuote> {
    if amount == 0 { Err(violation(Rule::Amount, "the amount is zero").into()) } else { Ok(()) }
}

fn enough(amount: u64, staked: u64, netuid: Netuid) -> Result<(), NoQuote> {
    if staked == 0 {
        return Err(violation(Rule::Balance, "there is no such stake").into());
    }
    if amount > staked {
        let (amount, staked) = (AlphaRao(amount), AlphaRao(staked));
        return Err(
            violation(Rule::Balance, format!("only {staked} of subnet {netuid} are staked, not {amount}")).into()
        );
    }
    Ok(())
}

fn invalid(problem: impl Into<String>) -> NoQuote {
    NoQuote::Fault(Fault::new(FaultCode::Invalid, problem))
}
