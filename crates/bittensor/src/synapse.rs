//! The classic protocol of axon and dendrite, SDK 6 to 10: who calls, what is asked, how it is answered.
//!
//! Where the reference axon is unsafe this one is strict: a signature is required, the time window ignores what is not
//! signed, a nonce works once, and nothing is ever signed for the caller.

mod auth;
mod fields;
mod header;
mod refusal;
mod request;
mod response;
mod schema;

pub use auth::{authenticate, verify};
pub use request::Synapse;
pub use schema::{Schema, SchemaError};

pub(crate) use auth::claim;
pub(crate) use refusal::refusal;
