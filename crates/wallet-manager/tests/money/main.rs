//! Operations with the coldkey, by the real process over its real sockets: always on the embedded chain; with `SUBTENSOR_CHAIN`
//! also on the real runtime.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod automatic;
mod chains;
mod crashes;
mod desk;
mod faults;
mod mcp;
mod real;
mod rights;
mod steps;
