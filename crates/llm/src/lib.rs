//! The vendor clients: one request in, one completion out, and nothing that could be billed leaves without a permit.
//!
//! A billable call needs a [`Permit`]; only the [`Issuer`] makes permits, and [`Clients::new`] hands out exactly one. The
//! budget ledger takes it, so a call that was not reserved cannot be written. One permit is one HTTP request: there are no
//! retries and no redirects below the caller.

mod call_error;
mod clients;
mod completion;
mod endpoint;
mod exchange;
mod input_bound;
pub mod models;
mod openai_chat;
mod permit;
mod retry_after;
mod tls;

pub use call_error::{Billing, CallError, Cause, VendorCode};
pub use clients::{Clients, ClientsError};
pub use completion::Completion;
pub use endpoint::{EndpointError, check_address};
pub use input_bound::input_token_bound;
pub use permit::{Issuer, Permit, PermitMismatch, WorstCase};
