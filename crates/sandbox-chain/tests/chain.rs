//! Real clients drive the chain over its sockets: subxt, and PyPI's `bittensor` 11.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "chain/calls.rs"]
mod calls;
#[path = "chain/epochs.rs"]
mod epochs;
#[path = "chain/faults.rs"]
mod faults;
#[path = "chain/harness.rs"]
mod harness;
#[path = "chain/metadata.rs"]
mod metadata;
#[path = "chain/restart.rs"]
mod restart;
#[path = "chain/sdk.rs"]
mod sdk;
