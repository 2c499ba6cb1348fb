//! `minerctl register`, `stake`, `transfer`, `operations`, `approve`, `reject` and `earnings`: what moves money, and what came.

use clap::{Args, Subcommand};
use common::amount;
use common::call::wallet::operation::PriceBound;
use common::id::{Netuid, OperationId, Ss58};
use common::money::{AlphaRao, Rao};

use super::WriteArgs;

/// Flags of every operation with the coldkey.
#[derive(Args, Debug)]
pub(crate) struct OperationArgs {
    #[command(flatten)]
    pub(crate) write: WriteArgs,
    /// Only write it down for another machine to sign, even if the coldkey is here
    #[arg(long)]
    pub(crate) propose: bool,
    /// The operation's id: the same command with the same id is done once (a UUID)
    #[arg(long, value_name = "UUID")]
    pub(crate) id: Option<OperationId>,
}

/// Flags of `register`.
#[derive(Args, Debug)]
pub(crate) struct RegisterArgs {
    /// The subnet
    #[arg(long, value_parser = netuid)]
    pub(crate) netuid: Netuid,
    /// The most it may cost, in TAO: price, collateral and fee together
    #[arg(long, value_name = "TAO", value_parser = rao)]
    pub(crate) max_cost: Rao,
    /// Wait until it costs no more than that
    #[arg(long)]
    pub(crate) wait_for_cheaper: bool,
    /// For whom; the wallet's own hotkey if absent
    #[arg(long, value_name = "SS58")]
    pub(crate) hotkey: Option<Ss58>,
    #[command(flatten)]
    pub(crate) operation: OperationArgs,
}

/// Flags of what trades stake.
#[derive(Args, Clone, Copy, Debug)]
#[group(multiple = false)]
pub(crate) struct BoundArgs {
    /// How much worse than the price now it may be, in hundredths of a percent; wallet.policy.max_slippage_bp if absent
    #[arg(long, value_name = "BP")]
    slippage_bp: Option<u32>,
    /// The worst price, in TAO for 1 alpha
    #[arg(long, value_name = "TAO", value_parser = rao)]
    limit_price: Option<Rao>,
    /// At any price
    #[arg(long)]
    no_limit: bool,
}

impl BoundArgs {
    /// The bound they come to.
    pub(crate) fn bound(self) -> PriceBound {
        match self {
            Self { no_limit: true, .. } => PriceBound::None,
            Self { limit_price: Some(price), .. } => PriceBound::Price(price),
            Self { slippage_bp: Some(bp), .. } => PriceBound::SlippageBp(bp),
            Self { .. } => PriceBound::Policy,
        }
    }
}

/// What to do with stake.
#[derive(Debug, Subcommand)]
pub(crate) enum StakeCommand {
    /// Turn TAO into stake
    Add {
        /// How much TAO
        #[arg(value_parser = rao)]
        amount: Rao,
        /// The subnet
        #[arg(long, value_parser = netuid)]
        netuid: Netuid,
        /// With whom; the wallet's own hotkey if absent
        #[arg(long, value_name = "SS58")]
        hotkey: Option<Ss58>,
        #[command(flatten)]
        bound: BoundArgs,
        #[command(flatten)]
        operation: OperationArgs,
    },
    /// Turn stake into TAO
    Remove {
        /// How much alpha; all of it if absent
        #[arg(value_parser = alpha)]
        amount: Option<AlphaRao>,
        /// The subnet
        #[arg(long, value_parser = netuid)]
        netuid: Netuid,
        /// With whom; the wallet's own hotkey if absent
        #[arg(long, value_name = "SS58")]
        hotkey: Option<Ss58>,
        #[command(flatten)]
        bound: BoundArgs,
        #[command(flatten)]
        operation: OperationArgs,
    },
    /// Turn all stake with one hotkey, on every subnet and at any price, into TAO
    RemoveAll {
        /// With whom; the wallet's own hotkey if absent
        #[arg(long, value_name = "SS58")]
        hotkey: Option<Ss58>,
        /// Into stake on the root network instead
        #[arg(long)]
        to_root: bool,
        #[command(flatten)]
        operation: OperationArgs,
    },
    /// Move stake to another hotkey, and perhaps another subnet, at any price
    Move {
        /// How much alpha
        #[arg(value_parser = alpha)]
        amount: AlphaRao,
        /// From which subnet
        #[arg(long, value_parser = netuid)]
        from_netuid: Netuid,
        /// To which; the same if absent
        #[arg(long, value_parser = netuid)]
        to_netuid: Option<Netuid>,
        /// From whom; the wallet's own hotkey if absent
        #[arg(long, value_name = "SS58")]
        from: Option<Ss58>,
        /// To whom
        #[arg(long, value_name = "SS58")]
        to: Ss58,
        #[command(flatten)]
        operation: OperationArgs,
    },
    /// Move stake to another subnet
    Swap {
        /// How much alpha
        #[arg(value_parser = alpha)]
        amount: AlphaRao,
        /// From which subnet
        #[arg(long, value_parser = netuid)]
        from_netuid: Netuid,
        /// To which
        #[arg(long, value_parser = netuid)]
        to_netuid: Netuid,
        /// With whom; the wallet's own hotkey if absent
        #[arg(long, value_name = "SS58")]
        hotkey: Option<Ss58>,
        #[command(flatten)]
        bound: BoundArgs,
        #[command(flatten)]
        operation: OperationArgs,
    },
    /// Set what a hotkey keeps of its parents' stake: 65535 is all
    ChildkeyTake {
        /// How much
        take: u16,
        /// The subnet
        #[arg(long, value_parser = netuid)]
        netuid: Netuid,
        /// Whose; the wallet's own hotkey if absent
        #[arg(long, value_name = "SS58")]
        hotkey: Option<Ss58>,
        #[command(flatten)]
        operation: OperationArgs,
    },
    /// Take a place on the root network
    RegisterRoot {
        /// For whom; the wallet's own hotkey if absent
        #[arg(long, value_name = "SS58")]
        hotkey: Option<Ss58>,
        #[command(flatten)]
        operation: OperationArgs,
    },
    /// Take the yield of the root network, where the chain has it
    ClaimRoot {
        /// From which subnets
        #[arg(required = true, value_parser = netuid)]
        netuids: Vec<Netuid>,
        #[command(flatten)]
        operation: OperationArgs,
    },
}

/// Flags of `transfer`.
#[derive(Args, Debug)]
pub(crate) struct TransferArgs {
    /// How much TAO
    #[arg(value_parser = rao)]
    pub(crate) amount: Rao,
    /// To whom
    #[arg(long, value_name = "SS58")]
    pub(crate) to: Ss58,
    #[command(flatten)]
    pub(crate) operation: OperationArgs,
}

/// Flags of `operations`.
#[derive(Args, Debug)]
pub(crate) struct OperationsArgs {
    /// Only this one, with its proposal if it has one
    pub(crate) id: Option<OperationId>,
    /// At most so many, the newest
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: u32,
}

/// Flags of `approve` and `reject`.
#[derive(Args, Debug)]
pub(crate) struct DecideArgs {
    /// The operation, as `minerctl operations` shows it
    pub(crate) id: OperationId,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// Flags of `earnings`.
#[derive(Args, Debug)]
pub(crate) struct EarningsArgs {
    /// Print CSV, for a spreadsheet or the tax
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Only from this day on (UTC), such as 2026-01-01
    #[arg(long, value_name = "DAY")]
    pub(crate) since: Option<jiff::civil::Date>,
    /// Only before this day (UTC)
    #[arg(long, value_name = "DAY")]
    pub(crate) until: Option<jiff::civil::Date>,
}

fn netuid(text: &str) -> Result<Netuid, std::num::ParseIntError> {
    text.parse().map(Netuid)
}

fn rao(text: &str) -> Result<Rao, amount::AmountError> {
    amount::parse(text).map(Rao)
}

fn alpha(text: &str) -> Result<AlphaRao, amount::AmountError> {
    amount::parse(text).map(AlphaRao)
}
