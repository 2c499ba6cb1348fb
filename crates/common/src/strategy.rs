//! The strategy that tasks are answered by: which ways of answering there are, and how often each is chosen for whom.
//!
//! A [`Revision`] is immutable and complete: with it, the profile and the conditions of a moment a decision can be made again
//! long after it was made.

mod arm;
mod check;
mod class;
mod revision;

pub use arm::Arm;
pub use check::RevisionError;
pub use class::TaskClass;
pub use revision::{
    ArmShare, CallerFacts, EpochClock, FORMAT, MAX_ARMS, MAX_CANARY_SHARE, Revision, ShareTable, SubnetStrategy,
};
