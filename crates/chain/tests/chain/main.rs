//! One suite, two chains: always the embedded one; with `SUBTENSOR_CHAIN` also the real runtime.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::expect_used, reason = "a test fails by panicking")]
#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::panic, reason = "a test fails by panicking")]

mod embedded;
mod faults;
mod ground;
mod hostile;
mod real;
mod sending;
mod steps;
