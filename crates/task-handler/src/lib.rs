//! task-handler: decides about tasks, keeps the budget, calls vendors, formats answers.
//!
//! The parts are public so that tests can put them together; the process is [`run`].

pub mod answer;
mod attempts;
pub mod breaker;
mod call;
pub mod catalogue;
mod chain;
pub mod check;
pub mod decision_log;
pub mod flights;
pub mod headroom;
mod health;
pub mod intelligence;
pub mod keys;
pub mod ledger;
pub mod measures;
pub mod models;
mod pieces;
pub mod pipeline;
pub mod remedy;
mod run;
pub mod service;
pub mod strategy_source;
pub mod usage_file;
pub mod vendor_checks;
pub mod vendors;

pub use run::run;
