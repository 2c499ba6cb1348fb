//! task-handler: decides about tasks, keeps the budget, calls vendors, formats answers.
//!
//! The parts are public so that tests can put them together; the process is [`run`].

pub mod answer;
mod attempts;
pub mod breaker;
pub mod catalogue;
mod chain;
pub mod check;
pub mod flights;
pub mod keys;
pub mod ledger;
pub mod models;
pub mod pipeline;
pub mod remedy;
mod run;
pub mod service;
pub mod vendor_checks;
pub mod vendors;

pub use run::run;
