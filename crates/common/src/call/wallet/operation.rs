//! What can be done with the wallet, what it would cost, and what became of it.

use serde::{Deserialize, Serialize};

use crate::config::wallet::OperationKind;
use crate::id::{Netuid, OperationId, Ss58};
use crate::money::{AlphaRao, Rao};
use crate::secret::Secret;

/// Something that can be done on the chain with the coldkey. Stake is in the subnet's own token, and never moved at a price
/// outside its bound.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Operation {
    /// Buys a place on a subnet.
    Register {
        /// The subnet.
        netuid: Netuid,
        /// For whom.
        hotkey: Ss58,
        /// The most it may cost: price, collateral and fee together.
        max_cost: Rao,
    },
    /// Takes a place on the root network, which goes by stake.
    RootRegister {
        /// For whom.
        hotkey: Ss58,
    },
    /// Turns TAO into stake.
    AddStake {
        /// With whom.
        hotkey: Ss58,
        /// The subnet.
        netuid: Netuid,
        /// How much TAO.
        amount: Rao,
        /// At which price.
        bound: PriceBound,
    },
    /// Turns stake into TAO.
    RemoveStake {
        /// With whom.
        hotkey: Ss58,
        /// The subnet.
        netuid: Netuid,
        /// How much alpha.
        amount: AlphaRao,
        /// At which price.
        bound: PriceBound,
    },
    /// Turns all stake with one hotkey on one subnet into TAO.
    RemoveAllStake {
        /// With whom.
        hotkey: Ss58,
        /// The subnet.
        netuid: Netuid,
        /// At which price.
        bound: PriceBound,
    },
    /// Turns all stake with one hotkey, on every subnet, into TAO. The chain knows no price bound for it.
    UnstakeAll {
        /// With whom.
        hotkey: Ss58,
    },
    /// Turns all stake with one hotkey into stake on the root network. The chain knows no price bound for it.
    UnstakeAllAlpha {
        /// With whom.
        hotkey: Ss58,
    },
    /// Moves stake to another hotkey, and perhaps another subnet. The chain knows no price bound for it.
    MoveStake {
        /// From whom.
        from: Ss58,
        /// To whom.
        to: Ss58,
        /// From which subnet.
        from_netuid: Netuid,
        /// To which.
        to_netuid: Netuid,
        /// How much alpha of the first.
        amount: AlphaRao,
    },
    /// Moves stake with one hotkey to another subnet.
    SwapStake {
        /// With whom.
        hotkey: Ss58,
        /// From which subnet.
        from_netuid: Netuid,
        /// To which.
        to_netuid: Netuid,
        /// How much alpha of the first.
        amount: AlphaRao,
        /// At which ratio of the prices.
        bound: PriceBound,
    },
    /// Gives TAO away.
    Transfer {
        /// To whom.
        to: Ss58,
        /// How much.
        amount: Rao,
    },
    /// Sets what a hotkey keeps of its parents' stake.
    SetChildkeyTake {
        /// Whose.
        hotkey: Ss58,
        /// The subnet.
        netuid: Netuid,
        /// How much: 65535 is all.
        take: u16,
    },
    /// Takes the yield of the root network.
    ClaimRoot {
        /// From which subnets.
        netuids: Vec<Netuid>,
    },
}

impl Operation {
    /// Returns what sort of operation it is.
    #[must_use]
    pub fn kind(&self) -> OperationKind {
        match self {
            Self::Register { .. } => OperationKind::Register,
            Self::RootRegister { .. } => OperationKind::RootRegister,
            Self::AddStake { .. } => OperationKind::AddStake,
            Self::RemoveStake { .. } | Self::RemoveAllStake { .. } => OperationKind::RemoveStake,
            Self::UnstakeAll { .. } | Self::UnstakeAllAlpha { .. } => OperationKind::UnstakeAll,
            Self::MoveStake { .. } => OperationKind::MoveStake,
            Self::SwapStake { .. } => OperationKind::SwapStake,
            Self::Transfer { .. } => OperationKind::Transfer,
            Self::SetChildkeyTake { .. } => OperationKind::SetChildkeyTake,
            Self::ClaimRoot { .. } => OperationKind::ClaimRoot,
        }
    }
}

/// At which price stake may be bought or sold. The whole amount is done, or nothing.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceBound {
    /// At most `wallet.policy.max_slippage_bp` worse than the price when it is sent.
    #[default]
    Policy,
    /// At most so many hundredths of a percent worse than the price when it is sent.
    SlippageBp(u32),
    /// At this price or a better one: rao for 1 alpha; of a swap, for 1 alpha of the first subnet in alpha-rao of the second.
    Price(Rao),
    /// At any price.
    None,
}

/// Asks what an operation would cost now, and whether policy allows it. Nothing is done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct QuoteOperation {
    /// The operation.
    pub operation: Operation,
}

/// What an operation would cost, as of one block.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// The block it was read at.
    pub block: u64,
    /// Who pays.
    pub coldkey: Ss58,
    /// The chain's call that would be made.
    pub call: String,
    /// The transaction's fee.
    pub fee: Rao,
    /// The most that can leave the free balance, fee included. What is agreed to when an operation is performed.
    pub worst_cost: Rao,
    /// What policy counts: the TAO that moves, or what the stake that moves is worth.
    pub value: Rao,
    /// The free balance.
    pub free: Rao,
    /// What a registration would cost.
    pub registration: Option<RegistrationCost>,
    /// What buying or selling stake would bring.
    pub swap: Option<SwapQuote>,
    /// What policy says.
    pub verdict: Verdict,
}

/// What a registration costs, part by part.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationCost {
    /// The price of a place: burn and collateral together.
    pub price: Rao,
    /// What is gone.
    pub burn: Rao,
    /// What is locked as stake, and comes free by earning; 0 where the runtime knows no collateral.
    pub collateral: Rao,
    /// Whether the chain itself refuses a higher price than agreed; else the price is compared in the block it is sent after.
    pub limited_by_chain: bool,
}

/// What buying or selling stake would bring.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SwapQuote {
    /// The price now: rao for 1 alpha; of a swap between subnets, alpha-rao of the second for 1 alpha of the first.
    pub price: Rao,
    /// The price at which the chain would refuse; none if it has no bound.
    pub limit_price: Option<Rao>,
    /// What is given: rao or alpha-rao.
    pub give: u64,
    /// What comes: alpha-rao or rao.
    pub get: u64,
    /// How much worse than the price now that is, fee of the pool included, in hundredths of a percent.
    pub slippage_bp: u32,
    /// Whether the chain's own simulation said so; else it is an estimate from the pool's reserves.
    pub exact: bool,
}

/// What policy says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may be done.
    Allowed,
    /// It may be done once the operator approves: its value is above this.
    NeedsApproval {
        /// `wallet.policy.approve_above`
        above: Rao,
    },
    /// It is not done.
    Refused(Violation),
}

/// Why an operation is not done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// The reason in words, with the numbers.
    pub reason: String,
}

/// The rules an operation can break. Those of `wallet.policy` have its keys' names.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The operation is none of the allowed ones.
    Operations,
    /// The account is none of the allowed ones.
    Destinations,
    /// The subnet is none of the allowed ones.
    Netuids,
    /// Its value is too high for one operation.
    MaxPerOperation,
    /// With it, the last 24 hours would be too expensive.
    MaxPerDay,
    /// With it, everything ever done would be too expensive.
    MaxTotal,
    /// Too little would be left.
    MinBalance,
    /// The price is outside its range.
    Prices,
    /// The price would be too far from what it is now, or there is no bound.
    MaxSlippageBp,
    /// The last operation of its kind is too near.
    CooldownS,
    /// The amount is zero, or not one that the chain takes.
    Amount,
    /// There is not enough.
    Balance,
    /// It costs more than the caller agreed to.
    Agreed,
    /// An earlier operation is still under way, or its fate is unknown.
    Unresolved,
    /// The coldkey must be unlocked first.
    Locked,
    /// The chain's runtime has no such call, or another one than is known.
    Runtime,
    /// The chain would refuse it as things are.
    Chain,
}

/// Does an operation, if policy allows it and it costs no more than agreed. The id is the idempotency key: sent again, it gets
/// the state of the one operation that has it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PerformOperation {
    /// Chosen by the caller.
    pub id: OperationId,
    /// The operation.
    pub operation: Operation,
    /// The `worst_cost` that the caller has seen and agreed to.
    pub agreed: Rao,
    /// What becomes of it.
    pub mode: Mode,
}

/// What becomes of an operation.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It is sent to the chain.
    Submit,
    /// It is quoted and judged as if it were to be sent, and nothing is kept.
    DryRun,
    /// It is only written down as a proposal, even if the coldkey could sign it.
    Propose,
    /// It is signed and handed to the caller, who sends it; it counts as spent. Only transfers.
    HandOver,
}

/// Asks what became of an operation.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OperationQuery {
    /// Which.
    pub id: OperationId,
}

/// Asks for the newest operations.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ListOperations {
    /// At most so many, up to 200.
    pub limit: u32,
}

/// The newest operations, newest first.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Operations {
    /// The operations.
    pub operations: Vec<OperationView>,
}

/// Lets an operation that waits for approval go on. It is quoted and judged anew.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ApproveOperation {
    /// Which.
    pub id: OperationId,
    /// The code that was relayed from the operator's phone; absent if the operator calls himself.
    pub code: Option<Secret>,
}

/// Forgets an operation that waits for approval, or a proposal.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RejectOperation {
    /// Which.
    pub id: OperationId,
}

/// An operation and what became of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OperationView {
    /// Its id.
    pub id: OperationId,
    /// What was wanted.
    pub operation: Operation,
    /// Who wanted it.
    pub origin: Origin,
    /// When it was wanted, in milliseconds since 1970.
    pub wanted_unix_ms: u64,
    /// When its state changed last, in milliseconds since 1970.
    pub changed_unix_ms: u64,
    /// The most it can cost, as of its last quote.
    pub worst_cost: Rao,
    /// What became of it.
    pub state: OperationState,
}

/// Who wanted an operation.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The operator, over the admin socket.
    Operator,
    /// miner-daemon.
    Miner,
    /// A rule of the configuration.
    Automatic,
}

/// What became of an operation.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// Nothing was done, as asked; it would have been.
    WouldBeDone,
    /// Nothing was done, and nothing is kept: the same id may be used again.
    Refused(Violation),
    /// It waits for `minerctl approve`.
    AwaitingApproval,
    /// It is to be signed elsewhere.
    Proposed(Box<Proposal>),
    /// The operator did not want it.
    Rejected,
    /// It is written down, and is being signed.
    Prepared,
    /// It is signed and on its way.
    Sent(Transaction),
    /// It is signed and was handed to the caller; nobody here sends it.
    HandedOver {
        /// The transaction.
        transaction: Transaction,
        /// Its bytes in hex; only in the reply to the call that made it.
        signed: Option<String>,
    },
    /// It is done.
    Done(Receipt),
    /// It was not done; the chain may have kept the fee.
    Failed {
        /// Why.
        problem: String,
    },
    /// wallet-manager ended before it was signed: nothing was sent, and the same id may be used again.
    Interrupted,
    /// It is not known whether it was done.
    Unknown {
        /// The transaction.
        transaction: Transaction,
        /// How to find out.
        check: String,
    },
}

/// What tells a transaction from all others.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Transaction {
    /// Its hash.
    pub hash: String,
    /// Its number within its account.
    pub nonce: u64,
    /// The first block in which it can no longer be included.
    pub expires_at: u64,
}

/// What an operation did, as the chain's own events say.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The block.
    pub block: u64,
    /// The block's hash.
    pub block_hash: String,
    /// The transaction's hash.
    pub transaction: String,
    /// The fee that was paid.
    pub fee: Rao,
    /// The TAO that left the free balance besides.
    pub tao_out: Rao,
    /// The TAO that came.
    pub tao_in: Rao,
    /// The stake that went.
    pub alpha_out: AlphaRao,
    /// The stake that came.
    pub alpha_in: AlphaRao,
    /// The place that was taken.
    pub uid: Option<u16>,
}

/// An operation for another machine to sign.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// The command that does it with btcli 11; none if btcli cannot do exactly this.
    pub btcli: Option<String>,
    /// The call, SCALE-encoded, in hex.
    pub call: String,
    /// What must be signed, in the form that Substrate's signers take. It is good until `expires_at` only.
    pub payload: UnsignedPayload,
}

/// A transaction without its signature, field by field; numbers in hex as Substrate's signers have them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct UnsignedPayload {
    /// Who is to sign.
    pub address: Ss58,
    /// The block its life begins with.
    pub block_hash: String,
    /// That block's number.
    pub block_number: String,
    /// Its life, SCALE-encoded.
    pub era: String,
    /// The first block of the chain.
    pub genesis_hash: String,
    /// The call, SCALE-encoded.
    pub method: String,
    /// The transaction's number within its account.
    pub nonce: String,
    /// The runtime's version.
    pub spec_version: String,
    /// What is paid for being quick.
    pub tip: String,
    /// The version of the form of transactions.
    pub transaction_version: String,
    /// The names of what is signed beside the call.
    pub signed_extensions: Vec<String>,
    /// The version of the transaction itself.
    pub version: u8,
    /// The very bytes to sign.
    pub signer_payload: String,
}
