//! What holds for every decision.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod budget;
mod choice;
mod explain;
mod gates;
mod injection;
mod plans;
mod setting;
