//! The four configuration files, one module each.
//!
//! Every file refuses unknown keys. `daemon-kit` checks a file against its JSON Schema first, so that all errors come at
//! once, and then reads it into these types.

pub mod alerts;
pub mod answering;
pub mod budget;
pub mod chain;
pub mod credential;
pub mod miner;
pub mod subnet;
pub mod template;
pub mod wallet;
