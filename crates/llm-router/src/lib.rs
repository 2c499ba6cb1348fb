//! The intelligence layer: whether a task is tried, with which model, asked how, and with how many tokens.
//!
//! Pure: no clock, no randomness, no I/O. The same arguments always give the same decision, so a decision can be
//! explained long after it was made.

mod conditions;
mod decision;
mod participation;
mod size;
mod strategy;

pub use conditions::{Conditions, ModelCondition, ModelReadiness};
pub use decision::{Decision, Plan, decide};
pub use size::MIN_OUTPUT_TOKENS;
pub use strategy::{Strategy, UnknownStrategy, check_strategies};
