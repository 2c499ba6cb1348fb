//! The intelligence layer: whether a task is tried, with which model, asked how, and with how many tokens.
//!
//! Pure: no clock, no randomness, no I/O. The same arguments always give the same decision, so a decision can be
//! explained long after it was made. What a validator says decides the class and the size of a task and is put before the
//! model as the user's words; it is never read as a template, an instruction or a setting.

mod allocate;
mod choose;
mod chooser;
pub mod class;
mod conditions;
mod conversation;
mod decision;
mod draws;
mod explain;
mod hash;
mod participation;
mod plan;
mod playbook;
mod policy;
mod prior;
mod respond;
mod sketch;
mod strategy;
mod templates;
mod vote;

pub use allocate::MIN_OUTPUT_TOKENS;
pub use class::{Classified, classify};
pub use conditions::Conditions;
pub use decision::{Decided, Decision, decide};
pub use draws::Draws;
pub use explain::explain;
pub use hash::mix;
pub use plan::{Calls, Plan};
pub use playbook::MessageBound;
pub use policy::{Policy, PolicyError, SubnetPolicy};
pub use prior::prior;
pub use sketch::Quantiles;
pub use strategy::{Strategy, StrategyError, check_strategies};
pub use templates::TemplateError;
pub use vote::vote;
