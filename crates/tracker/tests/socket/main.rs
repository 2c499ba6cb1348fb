//! tracker over its real socket.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alerts;
mod running;
mod service;
