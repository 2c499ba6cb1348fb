//! Turns the library's errors into ours. The only place that reads a node's words, where it gives nothing else to go by.

use subxt::error::{BackendError, EventsError, ExtrinsicError, OnlineClientAtBlockError, RpcError, RuntimeApiError};
use subxt::ext::jsonrpsee::core::client::Error as Transport;
use subxt::rpcs::{Error as RpcClientError, UserError};

use super::cause::{Cause, Refusal, Stage};
use super::{ChainError, shortened};

/// A transaction could not be handed to a node.
pub(crate) enum Pooled {
    /// The pool refused it for good.
    Refused(Refusal),
    /// The pool has it already.
    AlreadyThere,
    /// It may or may not have arrived.
    Unknown(ChainError),
}

/// The block of a read, for messages.
pub(crate) fn of_rpc(error: &RpcClientError, what: &'static str, block: &dyn ToString) -> ChainError {
    match error {
        RpcClientError::User(user) => of_user(user, what, block),
        RpcClientError::Client(source) => match source.downcast_ref::<Transport>() {
            Some(transport) => of_transport(transport, what),
            None => ChainError::Malformed { what, problem: shortened(&source.to_string()) },
        },
        RpcClientError::DisconnectedWillReconnect(_) => ChainError::Disconnected,
        RpcClientError::Serialization(_)
        | RpcClientError::Deserialization(_)
        | RpcClientError::Decode(_)
        | RpcClientError::InsecureUrl(_) => malformed(what, error),
        _ => malformed(what, error),
    }
}

fn of_user(user: &UserError, what: &'static str, block: &dyn ToString) -> ChainError {
    // A node has one code for all that goes wrong with its client, so the words must tell.
    let pruned = ["State already discarded", "state already discarded", "State discarded"];
    let unknown =
        ["UnknownBlock", "unknown Block", "Unknown block", "Header was not found", "Expect block", "block not found"];
    let said = |words: &[&str]| words.iter().any(|word| user.message.contains(word));
    if said(&pruned) {
        ChainError::StatePruned { block: block.to_string() }
    } else if said(&unknown) {
        ChainError::UnknownBlock { block: block.to_string() }
    } else if user.code == 429 || user.message.contains("Too many") || user.message.contains("rate limit") {
        ChainError::RateLimited
    } else {
        ChainError::Node { what, code: user.code, message: shortened(&user.message) }
    }
}

fn of_transport(transport: &Transport, what: &'static str) -> ChainError {
    match transport {
        Transport::Transport(_) | Transport::RestartNeeded(_) | Transport::ServiceDisconnect => {
            ChainError::Disconnected
        }
        Transport::RequestTimeout => ChainError::TimedOut { what, after: crate::connection::REQUEST },
        Transport::Call(_)
        | Transport::ParseError(_)
        | Transport::InvalidSubscriptionId
        | Transport::InvalidRequestId(_)
        | Transport::Custom(_)
        | Transport::HttpNotImplemented
        | Transport::EmptyBatchRequest(_)
        | Transport::RegisterMethod(_) => malformed(what, transport),
    }
}

fn malformed(what: &'static str, error: &dyn std::fmt::Display) -> ChainError {
    ChainError::Malformed { what, problem: shortened(&error.to_string()) }
}

pub(crate) fn of_backend(error: &BackendError, what: &'static str, block: &dyn ToString) -> ChainError {
    match error {
        BackendError::Rpc(RpcError::ClientError(error)) => of_rpc(error, what, block),
        BackendError::Rpc(RpcError::LimitReached) => ChainError::RateLimited,
        BackendError::Rpc(RpcError::SubscriptionDropped) => ChainError::Disconnected,
        BackendError::Rpc(_) | BackendError::Other(_) => malformed(what, error),
        _ => malformed(what, error),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that grows; what is not known makes no sense here")]
pub(crate) fn of_at_block(error: &OnlineClientAtBlockError, what: &'static str, block: &dyn ToString) -> ChainError {
    match error {
        OnlineClientAtBlockError::CannotGetCurrentBlock { reason }
        | OnlineClientAtBlockError::CannotGetBlockHash { reason, .. }
        | OnlineClientAtBlockError::CannotGetBlockHeader { reason, .. }
        | OnlineClientAtBlockError::CannotGetSpecVersion { reason, .. } => of_backend(reason, what, block),
        OnlineClientAtBlockError::BlockNotFound { .. } | OnlineClientAtBlockError::BlockHeaderNotFound { .. } => {
            ChainError::UnknownBlock { block: block.to_string() }
        }
        _ => malformed(what, error),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that grows; what is not known makes no sense here")]
pub(crate) fn of_runtime_api(error: &RuntimeApiError, what: &'static str, block: &dyn ToString) -> ChainError {
    match error {
        RuntimeApiError::CannotCallApi(reason) => of_backend(reason, what, block),
        _ => malformed(what, error),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that grows; what is not known makes no sense here")]
pub(crate) fn of_events(error: &EventsError, block: &dyn ToString) -> ChainError {
    match error {
        EventsError::CannotFetchEventBytes(reason) => of_backend(reason, "the events of a block", block),
        _ => malformed("the events of a block", error),
    }
}

/// What became of handing a transaction to the node.
#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that grows; what is not known makes no sense here")]
pub(crate) fn pooled(error: &ExtrinsicError) -> Pooled {
    let what = "author_submitAndWatchExtrinsic";
    match error {
        ExtrinsicError::ErrorSubmittingTransaction(BackendError::Rpc(RpcError::ClientError(RpcClientError::User(
            user,
        )))) => match Cause::of_pool(user.code, &user.message, user.data.as_ref().map(|data| data.get())) {
            Some(Cause::AlreadyInPool) => Pooled::AlreadyThere,
            Some(cause) => Pooled::Refused(Refusal {
                stage: Stage::Pool,
                cause,
                name: shortened(user.data.as_ref().map_or(user.message.as_str(), |data| data.get().trim_matches('"'))),
            }),
            None => Pooled::Unknown(of_user(user, what, &"of the transaction")),
        },
        ExtrinsicError::ErrorSubmittingTransaction(reason) => {
            Pooled::Unknown(of_backend(reason, what, &"of the transaction"))
        }
        _ => Pooled::Unknown(malformed(what, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nodes_words_about_old_blocks_are_understood() {
        let of = |code, message: &str| {
            let user = UserError { code, message: message.to_owned(), data: None };
            of_user(&user, "a read", &7)
        };

        for pruned in [
            "Client error: Api called for an unknown Block: State already discarded for 0x12",
            "Client error: UnknownBlock: State already discarded for BlockId::Hash(0x12)",
            "State already discarded for 0x12",
        ] {
            assert!(matches!(of(4003, pruned), ChainError::StatePruned { .. }), "{pruned}");
        }
        for unknown in [
            "Client error: UnknownBlock: Header was not found in the database: 0x12",
            "Client error: Api called for an unknown Block: Header was not found in the database: 0x12",
        ] {
            assert!(matches!(of(4003, unknown), ChainError::UnknownBlock { .. }), "{unknown}");
        }
        assert!(matches!(of(-32601, "Method not found"), ChainError::Node { code: -32601, .. }));
        assert!(matches!(of(429, "slow down"), ChainError::RateLimited));
    }
}
