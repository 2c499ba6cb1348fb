//! What travels between the daemons and what is configured: pure data, no I/O, no clock.

pub mod alert;
pub mod amount;
pub mod call;
pub mod config;
pub mod decision;
pub mod epoch;
pub mod id;
pub mod ipc;
pub mod money;
pub mod outcome;
pub mod python_type;
pub mod record;
pub mod secret;
pub mod strategy;
pub mod task;
pub mod usage;
