//! The vendor clients over real sockets: against `llmock`, an independent fake of the vendors, and against scripted servers
//! for what it lacks.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod bad_replies;
mod caller;
mod dialects;
mod llmock;
mod llmock_process;
mod models;
mod quirks;
mod scripted;
mod scripted_server;
