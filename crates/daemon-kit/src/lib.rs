//! What every daemon needs around its own work: sockets, storage, outbox, configuration, logs, workers, start and stop.

pub mod beat;
pub mod config;
pub mod ipc;
pub mod outbox;

mod daemon;
mod hardening;
mod home;
mod instance;
mod logs;
mod problems;
mod readiness;
mod store;
mod workers;

pub use daemon::{Daemon, main};
pub use home::{Home, HomeError};
pub use problems::Problems;
pub use store::{Durability, Store, StoreError};
pub use workers::{Workers, WorkersError};
