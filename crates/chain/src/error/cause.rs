//! Why the chain refused a transaction, wherever it did: the same rule is checked in the pool by one runtime and in the
//! block by another.

use std::fmt;

/// A transaction that the chain did not want.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the chain refused the transaction {stage} ({name}): {cause}")]
pub struct Refusal {
    /// Where.
    pub stage: Stage,
    /// Why.
    pub cause: Cause,
    /// The chain's own name for it.
    pub name: String,
}

/// Where a transaction was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// Before it came into a block: nothing was done and nothing paid.
    Pool,
    /// In a block: nothing was done, but a fee may have been paid.
    Block,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pool => "at once",
            Self::Block => "in a block",
        })
    }
}

/// Why a transaction was refused, and what to do.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum Cause {
    /// A transaction of the account with this or a later number was included meanwhile.
    #[error("its number (nonce) is used up; the key is in use elsewhere, or it was included already")]
    Outdated,
    /// Its predecessor is missing.
    #[error("a transaction of this account with a lower number (nonce) is missing; wait, or look for one that hangs")]
    FutureNonce,
    /// Signature, chain or runtime version do not fit.
    #[error("its signature does not fit the chain; after a runtime upgrade it is signed anew")]
    BadSignature,
    /// It was signed for blocks long gone.
    #[error("it has expired; is the node in sync?")]
    TooOld,
    /// The account cannot pay the fee.
    #[error("the account cannot pay the fee; top up its free balance")]
    CannotPay,
    /// The runtime does not let this call in.
    #[error("the chain does not accept this call now")]
    CallNotAccepted,
    /// The block or the pool is full.
    #[error("the chain is full; try again")]
    Full,
    /// The pool has it already.
    #[error("it is in the pool already")]
    AlreadyInPool,
    /// The pool does not want to see it again for a while.
    #[error("the node has banned this very transaction for a while; wait some minutes")]
    Banned,
    /// There is one with the same number that pays more.
    #[error("another transaction with the same number (nonce) is preferred")]
    PriorityTooLow,
    /// The coldkey is being replaced.
    #[error("the coldkey is about to be swapped, or its swap is disputed; nothing moves until that is settled")]
    ColdkeySwap,
    /// Below the chain's smallest amount.
    #[error("the amount is below the chain's minimum")]
    AmountTooLow,
    /// More than the account has free.
    #[error("the coldkey's free balance is too low")]
    BalanceTooLow,
    /// There is no such subnet.
    #[error("there is no such subnet; check netuid and chain.network")]
    UnknownSubnet,
    /// Nobody has registered the hotkey anywhere.
    #[error("the chain does not know the hotkey; it must be registered first")]
    UnknownHotkey,
    /// More than is staked.
    #[error("there is less stake than that")]
    StakeTooLow,
    /// Part of the stake cannot be used.
    #[error("the stake is locked")]
    StakeLocked,
    /// Too often.
    #[error("too soon after the last one; the chain limits how often this is done")]
    TooSoon,
    /// The pool of the subnet is too small.
    #[error("the subnet's pool is too small for the amount")]
    NoLiquidity,
    /// The price moved away.
    #[error("the price is beyond the limit given")]
    PriceLimit,
    /// The price does not even allow to begin.
    #[error("nothing can be exchanged within the price limit given")]
    NothingAtThatPrice,
    /// The owner does not allow it.
    #[error("transfers of this subnet's stake are switched off")]
    TransfersOff,
    /// The subnet's token cannot be traded yet.
    #[error("the subnet's token cannot be traded yet")]
    SubtokenOff,
    /// The hotkey has no place on the subnet.
    #[error("the hotkey is not registered on this subnet; register it first")]
    NotRegistered,
    /// It has one already.
    #[error("the hotkey is registered on this subnet already")]
    AlreadyRegistered,
    /// The subnet takes nobody in.
    #[error("registration on this subnet is switched off")]
    RegistrationOff,
    /// The block or interval is full.
    #[error("too many registrations just now; try again in the next interval")]
    RegistrationFull,
    /// All places are protected.
    #[error("no place on the subnet can be given away just now")]
    NoPlace,
    /// The address cannot be one.
    #[error("the chain does not accept this IP address; set chain.axon.address to a public one")]
    BadAddress,
    /// The port cannot be one.
    #[error("the chain does not accept this port")]
    BadPort,
    /// The key does not own the hotkey.
    #[error("this coldkey does not own the hotkey")]
    NotTheOwner,
    /// Below the smallest take.
    #[error("the take is below the chain's minimum")]
    TakeTooLow,
    /// Above the largest take.
    #[error("the take is above the chain's maximum")]
    TakeTooHigh,
    /// Only validators may.
    #[error("the hotkey has no validator permit")]
    NoPermit,
    /// Weights are secret first on this subnet, or never.
    #[error("this subnet wants weights the other way (commit and reveal, or plain)")]
    CommitReveal,
    /// The revelation does not fit.
    #[error("the revelation is too early, too late or of something else")]
    BadReveal,
    /// Weights that cannot be.
    #[error("the weights are not acceptable")]
    BadWeights,
    /// The chain says no more than that.
    #[error("the chain does not accept these arguments")]
    BadRequest,
    /// A cause that this version does not know.
    #[error("for a reason this version does not know; see the chain's name for it")]
    Other,
}

impl Cause {
    /// Whether waiting helps: the same transaction may be made anew later.
    #[must_use]
    pub fn is_passing(self) -> bool {
        match self {
            Self::FutureNonce
            | Self::TooOld
            | Self::BadSignature
            | Self::Full
            | Self::Banned
            | Self::PriorityTooLow
            | Self::TooSoon
            | Self::RegistrationFull
            | Self::NoPlace => true,
            // It may have been included already.
            Self::Outdated | Self::AlreadyInPool => false,
            Self::CannotPay
            | Self::CallNotAccepted
            | Self::ColdkeySwap
            | Self::AmountTooLow
            | Self::BalanceTooLow
            | Self::UnknownSubnet
            | Self::UnknownHotkey
            | Self::StakeTooLow
            | Self::StakeLocked
            | Self::NoLiquidity
            | Self::PriceLimit
            | Self::NothingAtThatPrice
            | Self::TransfersOff
            | Self::SubtokenOff
            | Self::NotRegistered
            | Self::AlreadyRegistered
            | Self::RegistrationOff
            | Self::BadAddress
            | Self::BadPort
            | Self::NotTheOwner
            | Self::TakeTooLow
            | Self::TakeTooHigh
            | Self::NoPermit
            | Self::CommitReveal
            | Self::BadReveal
            | Self::BadWeights
            | Self::BadRequest
            | Self::Other => false,
        }
    }

    /// Reads the pool's answer. `None` if it is no answer of the pool about the transaction.
    pub(crate) fn of_pool(code: i32, message: &str, data: Option<&str>) -> Option<Self> {
        let data = data.unwrap_or_default().trim_matches('"');
        match code {
            1010 => Some(Self::of_invalid(if data.is_empty() { message } else { data })),
            // The node could not tell.
            1011 => Some(Self::Other),
            1012 => Some(Self::Banned),
            1013 => Some(Self::AlreadyInPool),
            1014 => Some(Self::PriorityTooLow),
            1016 => Some(Self::Full),
            1001 | 1002 | 1015 | 1017..=1020 => Some(Self::BadRequest),
            _ => None,
        }
    }

    /// The pool sends Substrate's fixed texts, and numbers for what the runtime adds.
    fn of_invalid(text: &str) -> Self {
        if let Some(number) = text.strip_prefix("Custom error: ") {
            return number.trim().parse().map_or(Self::Other, Self::of_custom);
        }
        match text {
            "Transaction is outdated" => Self::Outdated,
            "Transaction will be valid in the future" => Self::FutureNonce,
            "Transaction has a bad signature" | "Invalid signing address" => Self::BadSignature,
            "Transaction has an ancient birth block" | "Transaction birth block is ancient" => Self::TooOld,
            "Inability to pay some fees (e.g. account balance too low)"
            | "Inability to pay some fees , e.g. account balance too low" => Self::CannotPay,
            "Transaction call is not expected" => Self::CallNotAccepted,
            "Transaction would exhaust the block limits" | "Transaction would exhausts the block limits" => Self::Full,
            _ => Self::Other,
        }
    }

    /// The runtime's numbers.
    fn of_custom(number: u8) -> Self {
        match number {
            0 | 21 => Self::ColdkeySwap,
            1 => Self::AmountTooLow,
            2 => Self::BalanceTooLow,
            3 => Self::UnknownSubnet,
            4 => Self::UnknownHotkey,
            5 => Self::StakeTooLow,
            6 | 12 | 20 => Self::TooSoon,
            7 => Self::NoLiquidity,
            8 => Self::PriceLimit,
            9 => Self::TransfersOff,
            10 | 19 => Self::NotRegistered,
            11 => Self::BadAddress,
            13 => Self::BadPort,
            14 => Self::NothingAtThatPrice,
            15..=17 => Self::BadReveal,
            18 => Self::BadWeights,
            25 => Self::NotTheOwner,
            26 => Self::TakeTooLow,
            27 => Self::TakeTooHigh,
            22..=24 | 255 => Self::BadRequest,
            _ => Self::Other,
        }
    }

    /// Reads the name of an error of a pallet.
    pub(crate) fn of_dispatch(pallet: &str, name: &str) -> Self {
        match (pallet, name) {
            ("SubtensorModule", name) => Self::of_subtensor(name),
            ("Balances", "InsufficientBalance") => Self::BalanceTooLow,
            ("Swap", "InsufficientLiquidity" | "ReservesTooLow") => Self::NoLiquidity,
            ("Swap", "PriceLimitExceeded") => Self::PriceLimit,
            ("Swap", "InsufficientBalance") => Self::BalanceTooLow,
            _ => Self::Other,
        }
    }

    fn of_subtensor(name: &str) -> Self {
        match name {
            // The names before and after the renaming.
            "SubNetworkDoesNotExist" | "SubnetNotExists" | "MechanismDoesNotExist" | "RootNetworkDoesNotExist" => {
                Self::UnknownSubnet
            }
            "HotKeyNotRegisteredInSubNet" | "HotKeyNotRegisteredInNetwork" => Self::NotRegistered,
            "HotKeyAlreadyRegisteredInSubNet" => Self::AlreadyRegistered,
            "HotKeyAccountNotExists" => Self::UnknownHotkey,
            "NonAssociatedColdKey" | "BeneficiaryDoesNotOwnHotkey" => Self::NotTheOwner,
            "NotEnoughBalanceToStake"
            | "InsufficientBalance"
            | "BalanceWithdrawalError"
            | "ZeroBalanceAfterWithdrawn" => Self::BalanceTooLow,
            "NotEnoughStakeToWithdraw" | "NotEnoughStake" | "NotEnoughStakeToSetWeights" | "StakeTooLowForRoot" => {
                Self::StakeTooLow
            }
            "StakeUnavailable" | "CannotUnstakeLock" | "InsufficientStakeForLock" => Self::StakeLocked,
            "AmountTooLow" => Self::AmountTooLow,
            "InsufficientLiquidity" => Self::NoLiquidity,
            "SlippageTooHigh" | "RegistrationPriceLimitExceeded" => Self::PriceLimit,
            "ZeroMaxStakeAmount" => Self::NothingAtThatPrice,
            "TransferDisallowed" => Self::TransfersOff,
            "SubtokenDisabled" => Self::SubtokenOff,
            "SubNetRegistrationDisabled" => Self::RegistrationOff,
            "TooManyRegistrationsThisBlock" | "TooManyRegistrationsThisInterval" => Self::RegistrationFull,
            "NoNeuronIdAvailable" => Self::NoPlace,
            "InvalidIpAddress" | "InvalidIpType" => Self::BadAddress,
            "InvalidPort" => Self::BadPort,
            "DelegateTakeTooLow" => Self::TakeTooLow,
            "DelegateTakeTooHigh" | "InvalidChildkeyTake" => Self::TakeTooHigh,
            "NeuronNoValidatorPermit" => Self::NoPermit,
            "CommitRevealEnabled" | "CommitRevealDisabled" => Self::CommitReveal,
            "RevealTooEarly"
            | "ExpiredWeightCommit"
            | "NoWeightsCommitFound"
            | "InvalidRevealCommitHashNotMatch"
            | "InvalidRevealRound" => Self::BadReveal,
            "UidVecContainInvalidOne"
            | "WeightVecLengthIsLow"
            | "WeightVecNotEqualSize"
            | "MaxWeightExceeded"
            | "DuplicateUids"
            | "InputLengthsUnequal"
            | "IncorrectWeightVersionKey"
            | "UidsLengthExceedUidsInSubNet" => Self::BadWeights,
            "ServingRateLimitExceeded"
            | "SettingWeightsTooFast"
            | "CommittingWeightsTooFast"
            | "TxRateLimitExceeded"
            | "NetworkTxRateLimitExceeded"
            | "DelegateTxRateLimitExceeded"
            | "TxChildkeyTakeRateLimitExceeded"
            | "HotKeySetTxRateLimitExceeded"
            | "HotKeySwapOnSubnetIntervalNotPassed"
            | "StakingRateLimitExceeded"
            | "StakingOperationRateLimitExceeded"
            | "TooManyUnrevealedCommits" => Self::TooSoon,
            "ColdkeySwapAnnounced" | "ColdkeySwapDisputed" | "ColdkeyIsInArbitration" | "SwapAlreadyScheduled" => {
                Self::ColdkeySwap
            }
            "CallDisabled" | "Deprecated" | "DisabledTemporarily" | "FaucetDisabled" => Self::CallNotAccepted,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pools_numbers_are_told_apart() {
        let of = |data| Cause::of_pool(1010, "Invalid Transaction", Some(data));

        assert_eq!(of("\"Custom error: 11\""), Some(Cause::BadAddress));
        assert_eq!(of("\"Custom error: 12\""), Some(Cause::TooSoon));
        assert_eq!(of("\"Custom error: 10\""), Some(Cause::NotRegistered));
        assert_eq!(of("\"Custom error: 255\""), Some(Cause::BadRequest));
        assert_eq!(of("\"Custom error: 99\""), Some(Cause::Other));
        assert_eq!(of("\"Custom error: 4711\""), Some(Cause::Other));
        assert_eq!(of("\"Transaction is outdated\""), Some(Cause::Outdated));
        assert_eq!(of("\"Transaction has a bad signature\""), Some(Cause::BadSignature));
        assert_eq!(Cause::of_pool(1010, "Transaction is outdated", None), Some(Cause::Outdated));
        assert_eq!(Cause::of_pool(1013, "", None), Some(Cause::AlreadyInPool));
        assert_eq!(Cause::of_pool(-32601, "Method not found", None), None);
    }

    #[test]
    fn a_rule_has_one_cause_wherever_it_is_checked() {
        for (number, name) in [
            (3, "SubnetNotExists"),
            (3, "SubNetworkDoesNotExist"),
            (5, "NotEnoughStakeToWithdraw"),
            (10, "HotKeyNotRegisteredInNetwork"),
            (11, "InvalidIpAddress"),
            (12, "ServingRateLimitExceeded"),
            (25, "NonAssociatedColdKey"),
        ] {
            assert_eq!(Cause::of_custom(number), Cause::of_dispatch("SubtensorModule", name), "{name}");
        }
    }
}
