//! Compares what the suite knows of the runtime with what the runtime says of itself. Pure over the metadata.

mod describe;
pub(crate) mod known;

use std::fmt;

use subxt::Metadata;

/// What depends on a shape.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Purpose {
    /// Looking at the chain.
    Reading,
    /// Publishing where the miner is.
    Serving,
    /// Registering, staking and the like: everything that moves money.
    Money,
}

/// A part of the runtime.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Item {
    /// A call.
    Call {
        /// Its pallet.
        pallet: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// A storage entry.
    Entry {
        /// Its pallet.
        pallet: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// A runtime API's method.
    Api {
        /// Its trait.
        pallet: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// An error of a pallet.
    Error {
        /// Its pallet.
        pallet: &'static str,
        /// Its name.
        name: &'static str,
    },
    /// What is signed beside the call.
    Extension {
        /// Its name.
        name: String,
    },
}

/// A part of the runtime that is not as the suite knows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// Which part.
    pub item: Item,
    /// What depends on it.
    pub purpose: Purpose,
    /// What is different, in words.
    pub problem: String,
}

/// How far a runtime is as the suite knows it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Compatibility {
    /// What is different. Empty is good.
    pub differences: Vec<Difference>,
    /// Calls that every real runtime has and this one has not; they cannot be made, all others can.
    pub missing: Vec<Item>,
}

impl Compatibility {
    /// The first difference that forbids something.
    #[must_use]
    pub fn forbids(&self, purpose: Purpose) -> Option<&Difference> {
        self.differences.iter().find(|difference| difference.purpose == purpose)
    }

    /// The difference of one call, or of what every transaction has. A call that has one is not made.
    #[must_use]
    pub fn of_call(&self, name: &str) -> Option<&Difference> {
        self.differences.iter().find(|difference| match &difference.item {
            Item::Call { name: different, .. } => *different == name,
            Item::Extension { .. } => true,
            Item::Entry { .. } | Item::Api { .. } | Item::Error { .. } => false,
        })
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { pallet, name } => write!(f, "call {pallet}.{name}"),
            Self::Entry { pallet, name } => write!(f, "storage {pallet}.{name}"),
            Self::Api { pallet, name } => write!(f, "runtime API {pallet}.{name}"),
            Self::Error { pallet, name } => write!(f, "error {pallet}.{name}"),
            Self::Extension { name } => write!(f, "transaction extension {name}"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the chain's runtime has another {}: {}", self.item, self.problem)
    }
}

/// Compares everything the suite uses.
#[must_use]
pub(crate) fn check(metadata: &Metadata) -> Compatibility {
    let calls = known::CALLS.iter().filter_map(|call| call.differs(metadata));
    let entries = known::ENTRIES.iter().filter_map(|entry| entry.differs(metadata));
    let apis = known::APIS.iter().filter_map(|api| api.differs(metadata));
    let errors = known::ERRORS.iter().filter_map(|names| known::error_differs(names, metadata));
    let extensions = known::extensions_differ(metadata);
    let missing = known::CALLS.iter().filter_map(|call| call.lacks(metadata)).collect();
    let differences = calls.chain(entries).chain(apis).chain(errors).chain(extensions).collect();
    Compatibility { differences, missing }
}

#[cfg(test)]
mod tests;
