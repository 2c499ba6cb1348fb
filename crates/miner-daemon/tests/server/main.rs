//! miner-daemon over real sockets, between real validators' clients and stand-ins for the daemons beside it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod admission;
mod answers;
mod dendrite;
mod document;
mod fakes;
mod harness;
mod hostile;
mod peer;
mod refusals;
mod restart;
mod signed_http;
mod start;
mod streams;
mod validator;
