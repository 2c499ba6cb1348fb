//! What the protocols' errors have in common: what a status means, and what it may cost.

use std::time::Duration;

use common::outcome::VendorFailure;
use serde_json::Value;

use crate::call_error::{Billing, CallError, Cause, VendorCode};

/// Whether the JSON is an error's description.
pub(crate) fn is_error(body: &Value) -> bool {
    body.get("error").is_some_and(|error| !error.is_null())
}

/// Makes an error of what the vendor's words mean, else of the status. `code` is the word that is shown.
pub(crate) fn error(
    status: u16,
    named: Option<VendorFailure>,
    code: Option<VendorCode>,
    retry_after: Option<Duration>,
) -> CallError {
    let failure = named.unwrap_or_else(|| by_status(status));
    CallError { retry_after, ..CallError::new(failure, billing(status, named), Cause::Status { status, code }) }
}

/// The error of a reply to the question for the list of models. Whatever the status, a list is not billed, and it is not a
/// model that is missing where a list should be.
pub(crate) fn of_list(error: CallError) -> CallError {
    let is_elsewhere = error.failure == VendorFailure::ModelNotFound;
    let failure = if is_elsewhere { VendorFailure::InvalidRequest } else { error.failure };
    CallError { failure, billing: Billing::Nothing, ..error }
}

/// What a status means.
pub(crate) fn by_status(status: u16) -> VendorFailure {
    match status {
        401 | 403 | 407 => VendorFailure::Auth,
        402 => VendorFailure::Billing,
        404 => VendorFailure::ModelNotFound,
        408 | 504 => VendorFailure::Timeout,
        413 => VendorFailure::ContextTooLong,
        429 => VendorFailure::RateLimited,
        503 | 529 => VendorFailure::Overloaded,
        // A conflict at the vendor's side, which the vendors' own clients try again; or an error in place of an answer.
        200..300 | 409 | 500.. => VendorFailure::Server,
        _ => VendorFailure::InvalidRequest,
    }
}

/// A refusal costs nothing. But 5xx, and a gateway's 408, can come after the model has worked: they may cost anything,
/// unless the vendor itself says that it did not take the request. So does what is no refusal at all.
fn billing(status: u16, named: Option<VendorFailure>) -> Billing {
    let not_taken =
        matches!(named, Some(VendorFailure::Overloaded | VendorFailure::RateLimited | VendorFailure::Billing));
    match status {
        408 => Billing::Unknown,
        300..500 => Billing::Nothing,
        503 | 529 if not_taken => Billing::Nothing,
        _ => Billing::Unknown,
    }
}
