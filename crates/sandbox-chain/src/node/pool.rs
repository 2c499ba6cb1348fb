//! Transactions that wait for a block, and those who watch them.

use codec::{Decode, Encode};
use sp_core::H256;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};
use tokio::sync::mpsc;

/// How many transactions may wait.
pub(super) const CAPACITY: usize = 2048;

/// What becomes of a transaction, as `author_submitAndWatchExtrinsic` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Status {
    /// An earlier one of the account is missing.
    Future,
    /// It waits for a block.
    Ready,
    /// It is in a block.
    InBlock(H256),
    /// The block it was in is no longer of the best chain.
    Retracted(H256),
    /// Its block is final.
    Finalized(H256),
    /// It cannot be in a block any more.
    Invalid,
}

/// A transaction that waits, or whose block is not final yet.
#[derive(Clone, Debug)]
pub(super) struct Pooled {
    /// As it came.
    pub(super) bytes: Vec<u8>,
    /// Its hash.
    pub(super) hash: H256,
    /// What it makes possible.
    pub(super) provides: Vec<Vec<u8>>,
    /// Who watches it.
    pub(super) watchers: Vec<mpsc::Sender<Status>>,
}

impl Pooled {
    /// Tells those who watch. Who does not read does not hear.
    pub(super) fn tell(&self, status: Status) {
        for watcher in &self.watchers {
            let _ = watcher.try_send(status);
        }
    }
}

/// Why a transaction is refused, as JSON-RPC says it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// It cannot be in a block; the text is the node's.
    #[error("invalid transaction: {0}")]
    Invalid(String),
    /// What it is cannot be judged.
    #[error("unknown validity: {0}")]
    Unknown(String),
    /// It is no transaction.
    #[error("not a transaction")]
    Malformed,
    /// It waits already.
    #[error("transaction {0:?} was already imported")]
    AlreadyImported(H256),
    /// Another one of the account with the same nonce waits.
    #[error("another transaction waits with the same nonce")]
    TooLowPriority,
    /// Too many wait.
    #[error("the pool is full")]
    Full,
}

impl From<TransactionValidityError> for SubmitError {
    fn from(error: TransactionValidityError) -> Self {
        match error {
            TransactionValidityError::Invalid(InvalidTransaction::Custom(number)) => {
                Self::Invalid(format!("Custom error: {number}"))
            }
            TransactionValidityError::Invalid(error) => Self::Invalid(<&str>::from(error).to_owned()),
            TransactionValidityError::Unknown(error) => Self::Unknown(<&str>::from(error).to_owned()),
        }
    }
}

/// The tag that a transaction with this nonce provides.
pub(super) fn tag(account: &[u8; 32], nonce: u32) -> Vec<u8> {
    (account, nonce).encode()
}

/// The transaction's own bytes if they are one: a vector of bytes, without anything after it.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    Vec::<u8>::decode(&mut rest).is_ok() && rest.is_empty()
}
