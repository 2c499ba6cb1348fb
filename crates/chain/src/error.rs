//! What can go wrong with the chain: one kind per cause, each with what to do about it.

mod cause;
mod endpoint;
mod library;

use std::time::Duration;

pub use cause::{Cause, Refusal, Stage};
pub use endpoint::EndpointError;
pub(crate) use library::{Pooled, of_at_block, of_events, of_rpc, of_runtime_api, pooled};

use crate::head::{Account, BlockHash};
use crate::shapes::Difference;

/// A question to the chain was not answered, or a transaction did not do what it should.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ChainError {
    /// There is no node to ask right now; the driver keeps trying.
    #[error("no node of the chain is connected{}", .0.as_ref().map(|last| format!(": {last}")).unwrap_or_default())]
    NotConnected(Option<EndpointError>),
    /// The connection ended before the answer came.
    #[error("the connection to the node ended before it answered; the next node is being tried")]
    Disconnected,
    /// No answer came in time.
    #[error("the node did not answer {what} within {} s", .after.as_secs())]
    TimedOut {
        /// What was asked.
        what: &'static str,
        /// How long was waited.
        after: Duration,
    },
    /// The node wants fewer questions.
    #[error(
        "the node answers no more questions for now (too many requests); add a node of your own to chain.endpoints"
    )]
    RateLimited,
    /// The node forgot the state of an old block.
    #[error("the node no longer has the state of block {block}; an archive node in chain.endpoints would have it")]
    StatePruned {
        /// The block, by number or hash.
        block: String,
    },
    /// The node does not know the block.
    #[error("the node does not know block {block}")]
    UnknownBlock {
        /// The block, by number or hash.
        block: String,
    },
    /// The node refused the question itself.
    #[error("the node refused {what}: {message} (code {code})")]
    Node {
        /// What was asked.
        what: &'static str,
        /// JSON-RPC's code.
        code: i32,
        /// The node's words, shortened.
        message: String,
    },
    /// The answer cannot be what was asked for.
    #[error("the node's answer to {what} makes no sense ({problem}); if it stays so, use another node")]
    Malformed {
        /// What was asked.
        what: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The runtime was upgraded to one that this version does not know.
    #[error("{0}; calls that depend on it are paused: update this suite")]
    ShapeDiffers(Difference),
    /// The runtime has no such thing, which is normal for some of its versions.
    #[error("this chain's runtime (spec {spec_version}) has no {what}")]
    Unsupported {
        /// What is missing.
        what: &'static str,
        /// The runtime.
        spec_version: u32,
    },
    /// There is no such subnet.
    #[error("there is no subnet {0} on this chain; check netuid and chain.network")]
    UnknownSubnet(u16),
    /// The hotkey has no place on the subnet.
    #[error("the hotkey is not registered on subnet {netuid}; register it first")]
    NotRegistered {
        /// The subnet.
        netuid: u16,
        /// The hotkey.
        hotkey: Account,
    },
    /// The chain refused a transaction, in the pool or in a block.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The transaction can no longer be included: it expired. It may be made anew.
    #[error("the transaction was not included before it expired at block {expired_at}; nothing was done")]
    Expired {
        /// The first block in which it was invalid.
        expired_at: u64,
    },
    /// The account sent another transaction with the same number, and ours is nowhere to be found.
    #[error(
        "another transaction of this account took the place (nonce {nonce}) of this one; is the key in use elsewhere?"
    )]
    Superseded {
        /// The number of the transaction within its account.
        nonce: u64,
    },
    /// It is not known whether the transaction was or will be included. It must not be made anew before `until`.
    #[error("it is unknown whether transaction {hash} took effect; it may still do so until block {until}")]
    FateUnknown {
        /// The transaction's hash.
        hash: BlockHash,
        /// The number of the transaction within its account.
        nonce: u64,
        /// From this block on it can no longer be included.
        until: u64,
    },
    /// A call could not be put into bytes.
    #[error("the call {call} does not fit this chain's runtime ({problem}); update this suite")]
    Unencodable {
        /// The call.
        call: &'static str,
        /// The library's words.
        problem: String,
    },
}

impl ChainError {
    /// Whether the same question may be asked again later without changing anything. Of transactions it says so only if
    /// it is sure that nothing was done.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::NotConnected(_)
            | Self::Disconnected
            | Self::TimedOut { .. }
            | Self::RateLimited
            | Self::Expired { .. }
            // Another node may know it, or this one a little later.
            | Self::UnknownBlock { .. }
            | Self::Malformed { .. } => true,
            Self::Refused(refusal) => refusal.cause.is_passing(),
            Self::StatePruned { .. }
            | Self::Node { .. }
            | Self::ShapeDiffers(_)
            | Self::Unsupported { .. }
            | Self::UnknownSubnet(_)
            | Self::NotRegistered { .. }
            | Self::Superseded { .. }
            | Self::FateUnknown { .. }
            | Self::Unencodable { .. } => false,
        }
    }

    /// Whether it is about a block of which the node no longer has the state, or no longer anything.
    #[must_use]
    pub fn is_forgotten(&self) -> bool {
        matches!(self, Self::StatePruned { .. } | Self::UnknownBlock { .. })
    }

    /// Whether another node could answer better: the question is at fault in all other cases.
    #[must_use]
    pub(crate) fn is_of_the_node(&self) -> bool {
        match self {
            Self::NotConnected(_)
            | Self::Disconnected
            | Self::TimedOut { .. }
            | Self::RateLimited
            | Self::UnknownBlock { .. }
            | Self::Node { .. }
            | Self::Malformed { .. }
            | Self::StatePruned { .. } => true,
            Self::ShapeDiffers(_)
            | Self::Unsupported { .. }
            | Self::UnknownSubnet(_)
            | Self::NotRegistered { .. }
            | Self::Refused(_)
            | Self::Expired { .. }
            | Self::Superseded { .. }
            | Self::FateUnknown { .. }
            | Self::Unencodable { .. } => false,
        }
    }
}

/// Cuts a node's words: they go into logs.
pub(crate) fn shortened(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut short: String = text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nodes_words_are_cut_and_cleaned() {
        assert_eq!(shortened("plain"), "plain");

        let long = shortened(&"é\u{1b}[31m".repeat(1000));

        assert!(long.chars().count() <= 201);
        assert!(!long.contains('\u{1b}'));
    }

    #[test]
    fn what_may_have_been_done_is_never_retryable() {
        let unknown = ChainError::FateUnknown { hash: BlockHash([0; 32]), nonce: 1, until: 9 };

        assert!(!unknown.is_retryable());
        assert!(ChainError::Expired { expired_at: 9 }.is_retryable());
    }
}
