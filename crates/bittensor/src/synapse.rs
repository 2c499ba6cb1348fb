//! The classic protocol of axon and dendrite, SDK 6 to 10: who calls, what is asked, how it is answered.
//!
//! A request goes through [`verify`] (headers only), [`Verified::spend`] and [`Synapse::parse`]; what fails on the way
//! is a [`Refused`]. Where the reference axon is unsafe this one is strict: a signature is required, the time window
//! ignores what is not signed, a nonce works once, and nothing is ever signed for the caller.

mod auth;
mod fields;
mod header;
mod nonce;
mod refused;
mod request;
mod response;
mod schema;

pub use auth::{FUTURE_ALLOWANCE, MAX_AGE, Signed, Verified, authenticate, verify};
pub use nonce::{NonceBound, NonceWindow};
pub use refused::Refused;
pub use request::{SetError, Synapse};
pub use response::Response;
pub use schema::{Schema, SchemaError};
