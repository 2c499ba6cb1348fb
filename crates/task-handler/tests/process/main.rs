//! The `task-handler` process over its real socket, with an independent vendor server behind it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod answers;
mod budget;
mod crowd;
mod endings;
mod explain;
mod failures;
mod home;
mod injection;
mod instant;
mod kills;
mod llmock;
mod quotas;
mod strategies;
mod streams;
mod usage;
mod vendors;
