//! Epochs: when they are, and what each did for a hotkey.

mod commits;
mod facts;
mod schedule;

pub use commits::{Commit, PendingCommit};
pub use facts::{EpochFacts, RowWeight};
pub use schedule::{Missed, by_tempo};
