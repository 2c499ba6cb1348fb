//! The vendor clients: one request in, one completion out, and nothing that could be billed leaves without a permit.
//!
//! A billable call needs a [`Permit`]; only the [`Issuer`] makes permits, and [`Clients::new`] hands out exactly one. The
//! budget ledger takes it, so a call that was not reserved cannot be written. One permit is one HTTP request: there are no
//! retries and no redirects below the caller.

mod answer;
mod anthropic;
mod call_error;
mod clients;
mod completion;
mod conversation;
mod endpoint;
mod exchange;
mod gemini;
mod input_bound;
mod listed;
pub mod models;
mod openai_chat;
mod over_cap;
mod permit;
mod question;
mod rate_limit;
mod refusal;
mod retry_after;
mod sse;
mod streaming;
mod tls;
mod usage;

pub use call_error::{Billing, CallError, Cause, VendorCode};
pub use clients::{Clients, ClientsError};
pub use completion::Completion;
pub use endpoint::{EndpointError, check_vendor};
pub use input_bound::input_token_bound;
pub use listed::ListedModel;
pub use permit::{Issuer, Permit, PermitMismatch, WorstCase};
pub use question::Question;
pub use rate_limit::RateLimits;
