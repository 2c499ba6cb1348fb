//! The steps of an operation, as they stand in the journal, and what they come to. Pure.

use bittensor::ss58;
use chain::{BlockHash, Signed};
use common::call::wallet::operation::{
    Mode, Operation, OperationState, OperationView, Origin, Proposal, Receipt, Transaction,
};
use common::id::{OperationId, Ss58};
use common::money::Rao;
use serde::{Deserialize, Serialize};

/// One step.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(crate) enum Step {
    /// It was asked for. Without a further step it waits for approval.
    Wanted(Wanted),
    /// The operator lets it go on.
    Approved {
        /// Whether by a one-time code that was relayed.
        by_code: bool,
    },
    /// The operator does not want it.
    Rejected,
    /// It is to be signed elsewhere.
    Proposed(Box<Proposal>),
    /// It is about to be signed. From here on its value counts as spent.
    Prepared {
        /// The most it can cost, as of the quote it is signed by.
        worst_cost: Rao,
        /// What policy counts.
        value: Rao,
        /// The number of its transaction.
        nonce: u64,
        /// The first block in which the transaction is invalid.
        dies: u64,
    },
    /// It is signed, and from here on may be on its way.
    Signed(SignedStep),
    /// The process ended between the last two: it was not sent.
    Interrupted,
    /// It is done.
    Done(Receipt),
    /// It was not done.
    Failed {
        /// Why.
        problem: String,
    },
    /// Nobody knows.
    Unknown {
        /// How to find out.
        check: String,
    },
}

/// What was asked for.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    pub(crate) operation: Operation,
    pub(crate) origin: Origin,
    pub(crate) mode: Mode,
    pub(crate) agreed: Rao,
    pub(crate) worst_cost: Rao,
    pub(crate) value: Rao,
}

/// A signed transaction, in text.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignedStep {
    account: Ss58,
    hash: String,
    bytes: String,
    nonce: u64,
    born: u64,
    dies: u64,
}

impl SignedStep {
    pub(crate) fn of(signed: &Signed) -> Self {
        Self {
            account: ss58::encode(&signed.account),
            hash: signed.hash.to_string(),
            bytes: hex::encode(&signed.bytes),
            nonce: signed.nonce,
            born: signed.born,
            dies: signed.dies,
        }
    }

    /// Nothing if the text is damaged.
    pub(crate) fn signed(&self) -> Option<Signed> {
        Some(Signed {
            bytes: hex::decode(&self.bytes).ok()?,
            hash: self.hash.parse::<BlockHash>().ok()?,
            account: ss58::decode(self.account.as_str()).ok()?,
            nonce: self.nonce,
            born: self.born,
            dies: self.dies,
        })
    }

    /// The bytes in hex.
    pub(crate) fn bytes(&self) -> String {
        format!("0x{}", self.bytes)
    }

    pub(crate) fn transaction(&self) -> Transaction {
        Transaction { hash: self.hash.clone(), nonce: self.nonce, expires_at: self.dies }
    }
}

/// Where an operation stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Phase {
    Waiting,
    Approved,
    Rejected,
    Proposed(Box<Proposal>),
    Prepared,
    Signed(SignedStep),
    Interrupted,
    Done(Receipt),
    Failed(String),
    Unknown(SignedStep, String),
}

/// An operation as its steps tell it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) id: OperationId,
    pub(crate) wanted: Wanted,
    pub(crate) wanted_ms: u64,
    pub(crate) changed_ms: u64,
    /// When it was last about to be signed.
    pub(crate) prepared_ms: Option<u64>,
    pub(crate) phase: Phase,
}

/// A step that cannot follow the ones before it: the journal was written by something else.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a step of operation {0} cannot follow the ones before it")]
pub(crate) struct OutOfOrder(pub(crate) OperationId);

impl Record {
    /// What the first step makes.
    pub(crate) fn begin(id: OperationId, unix_ms: u64, step: Step) -> Result<Self, OutOfOrder> {
        let Step::Wanted(wanted) = step else { return Err(OutOfOrder(id)) };
        let (wanted_ms, changed_ms) = (unix_ms, unix_ms);
        Ok(Self { id, wanted, wanted_ms, changed_ms, prepared_ms: None, phase: Phase::Waiting })
    }

    /// What a further step makes of it.
    pub(crate) fn then(mut self, unix_ms: u64, step: Step) -> Result<Self, OutOfOrder> {
        let phase = match (self.phase, step) {
            (Phase::Waiting, Step::Approved { .. }) => Phase::Approved,
            (Phase::Waiting | Phase::Proposed(_), Step::Rejected) => Phase::Rejected,
            (Phase::Waiting | Phase::Approved, Step::Proposed(proposal)) => Phase::Proposed(proposal),
            (Phase::Waiting | Phase::Approved | Phase::Interrupted, Step::Prepared { worst_cost, value, .. }) => {
                (self.wanted.worst_cost, self.wanted.value) = (worst_cost, value);
                self.prepared_ms = Some(unix_ms);
                Phase::Prepared
            }
            (Phase::Prepared, Step::Signed(signed)) => Phase::Signed(signed),
            (Phase::Prepared, Step::Interrupted) => Phase::Interrupted,
            (Phase::Prepared | Phase::Signed(_) | Phase::Unknown(..), Step::Failed { problem }) => {
                Phase::Failed(problem)
            }
            (Phase::Signed(_) | Phase::Unknown(..), Step::Done(receipt)) => Phase::Done(receipt),
            (Phase::Signed(signed) | Phase::Unknown(signed, _), Step::Unknown { check }) => {
                Phase::Unknown(signed, check)
            }
            _ => return Err(OutOfOrder(self.id)),
        };
        self.phase = phase;
        self.changed_ms = unix_ms;
        Ok(self)
    }

    /// Whether its value counts as spent: unless it is certain that it was not and will not be.
    pub(crate) fn is_spent(&self) -> bool {
        match &self.phase {
            Phase::Prepared | Phase::Signed(_) | Phase::Done(_) | Phase::Unknown(..) => true,
            Phase::Waiting
            | Phase::Approved
            | Phase::Rejected
            | Phase::Proposed(_)
            | Phase::Interrupted
            | Phase::Failed(_) => false,
        }
    }

    /// What it moved, or may have moved: of a registration that is done, what it really cost.
    pub(crate) fn moved(&self) -> Rao {
        match (&self.phase, &self.wanted.operation) {
            (Phase::Done(receipt), Operation::Register { .. }) => {
                Rao(receipt.tao_out.0.saturating_add(receipt.fee.0).min(self.wanted.value.0))
            }
            _ => self.wanted.value,
        }
    }

    /// Whether it may still take effect at a height of the finalized chain, so that nothing else should be sent.
    pub(crate) fn is_pending(&self, finalized: u64) -> bool {
        match &self.phase {
            Phase::Prepared | Phase::Signed(_) => true,
            Phase::Unknown(signed, _) => finalized < signed.dies,
            Phase::Waiting
            | Phase::Approved
            | Phase::Rejected
            | Phase::Proposed(_)
            | Phase::Interrupted
            | Phase::Done(_)
            | Phase::Failed(_) => false,
        }
    }

    /// Whether nothing more happens by itself.
    pub(crate) fn is_settled(&self) -> bool {
        match &self.phase {
            Phase::Approved | Phase::Prepared => false,
            Phase::Signed(_) => self.wanted.mode == Mode::HandOver,
            Phase::Waiting
            | Phase::Rejected
            | Phase::Proposed(_)
            | Phase::Interrupted
            | Phase::Done(_)
            | Phase::Failed(_)
            | Phase::Unknown(..) => true,
        }
    }

    pub(crate) fn view(&self) -> OperationView {
        OperationView {
            id: self.id,
            operation: self.wanted.operation.clone(),
            origin: self.wanted.origin,
            wanted_unix_ms: self.wanted_ms,
            changed_unix_ms: self.changed_ms,
            worst_cost: self.wanted.worst_cost,
            state: self.state(),
        }
    }

    fn state(&self) -> OperationState {
        match &self.phase {
            Phase::Waiting | Phase::Approved => OperationState::AwaitingApproval,
            Phase::Rejected => OperationState::Rejected,
            Phase::Proposed(proposal) => OperationState::Proposed(proposal.clone()),
            Phase::Prepared => OperationState::Prepared,
            Phase::Signed(signed) if self.wanted.mode == Mode::HandOver => {
                OperationState::HandedOver { transaction: signed.transaction(), signed: None }
            }
            Phase::Signed(signed) => OperationState::Sent(signed.transaction()),
            Phase::Interrupted => OperationState::Interrupted,
            Phase::Done(receipt) => OperationState::Done(receipt.clone()),
            Phase::Failed(problem) => OperationState::Failed { problem: problem.clone() },
            Phase::Unknown(signed, check) => {
                OperationState::Unknown { transaction: signed.transaction(), check: check.clone() }
            }
        }
    }
}

#[cfg(test)]
mod tests;
