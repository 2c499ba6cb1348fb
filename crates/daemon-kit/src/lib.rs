//! What every daemon needs around its own work: sockets, storage, outbox, configuration, logs, workers, start and stop.

pub mod beat;
pub mod config;
pub mod ipc;
pub mod logs;
pub mod outbox;

mod credential;
mod daemon;
mod hardening;
mod home;
mod instance;
mod problems;
mod readiness;
mod store;
mod supervised;
mod workers;

pub use credential::{read_secret, systemd_credential};
pub use daemon::{Daemon, main};
pub use hardening::harden;
pub use home::{Home, HomeError};
pub use instance::{Instance, InstanceError};
pub use problems::Problems;
pub use store::{Durability, Losses, Store, StoreError};
pub use supervised::{SUPERVISOR_PID, SupervisedError, follow_supervisor};
pub use workers::{Workers, WorkersError};
