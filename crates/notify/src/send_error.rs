//! Why a message did not arrive, and whether it may yet.

use std::time::Duration;

/// A message did not arrive. The texts hold no address and no token.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SendError {
    /// It may arrive later.
    #[error("{reason}")]
    Later {
        /// What happened.
        reason: String,
        /// How long the channel wants to be left alone, if it says so.
        after: Option<Duration>,
    },
    /// It never will, unless the configuration is changed.
    #[error("{reason}")]
    Refused {
        /// What happened, and what to do.
        reason: String,
    },
    /// The channel cannot be used as it is configured.
    #[error("{reason}")]
    Unusable {
        /// What is wrong, and what to do.
        reason: String,
    },
}

impl SendError {
    pub(crate) fn later(reason: impl Into<String>) -> Self {
        Self::Later { reason: reason.into(), after: None }
    }
}
