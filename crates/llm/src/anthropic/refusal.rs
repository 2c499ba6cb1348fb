//! A reply that says why there is no answer.

use std::time::Duration;

use common::outcome::VendorFailure;
use serde_json::Value;

use crate::call_error::{CallError, VendorCode};
use crate::exchange::Reply;
use crate::refusal;

/// Reads the error. The vendor's message is dropped: it can quote the prompt or the key.
pub(crate) fn read(reply: &Reply) -> CallError {
    let body = serde_json::from_slice::<Value>(&reply.body).unwrap_or(Value::Null);
    of(reply.status, &body, reply.retry_after)
}

/// Reads the error of a body.
pub(crate) fn of(status: u16, body: &Value, retry_after: Option<Duration>) -> CallError {
    let error = body.get("error").unwrap_or(&Value::Null);
    let kind = error.get("type").and_then(Value::as_str).and_then(VendorCode::read);
    let code = error.get("details").and_then(|details| details.get("error_code")?.as_str()).and_then(VendorCode::read);
    let named = [&code, &kind].into_iter().flatten().find_map(|word| by_code(word.as_str()));
    refusal::error(status, named, code.or(kind), retry_after)
}

/// What a type, or the code in its details, means.
fn by_code(code: &str) -> Option<VendorFailure> {
    match code {
        // These are sent as 429, but waiting does not help.
        "enforced_spend_limit_reached" | "contract_spend_limit_reached" | "billing_error" => {
            Some(VendorFailure::Billing)
        }
        "authentication_error" | "permission_error" => Some(VendorFailure::Auth),
        "not_found_error" => Some(VendorFailure::ModelNotFound),
        "request_too_large" => Some(VendorFailure::ContextTooLong),
        "rate_limit_error" | "ramp_limit_exceeded" => Some(VendorFailure::RateLimited),
        "overloaded_error" => Some(VendorFailure::Overloaded),
        "timeout_error" => Some(VendorFailure::Timeout),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::call_error::Billing;

    #[test]
    fn errors_are_mapped() {
        for (status, kind, failure, billing) in [
            (400, "invalid_request_error", VendorFailure::InvalidRequest, Billing::Nothing),
            (401, "authentication_error", VendorFailure::Auth, Billing::Nothing),
            (402, "billing_error", VendorFailure::Billing, Billing::Nothing),
            (403, "permission_error", VendorFailure::Auth, Billing::Nothing),
            (404, "not_found_error", VendorFailure::ModelNotFound, Billing::Nothing),
            (413, "request_too_large", VendorFailure::ContextTooLong, Billing::Nothing),
            (429, "rate_limit_error", VendorFailure::RateLimited, Billing::Nothing),
            (500, "api_error", VendorFailure::Server, Billing::Unknown),
            (504, "timeout_error", VendorFailure::Timeout, Billing::Unknown),
            (529, "overloaded_error", VendorFailure::Overloaded, Billing::Nothing),
        ] {
            let error = of(status, &json!({ "type": "error", "error": { "type": kind, "message": "…" } }), None);

            assert_eq!((error.failure, error.billing), (failure, billing), "{status} {kind}");
        }
    }

    #[test]
    fn a_spending_limit_is_no_rate_limit() {
        for (code, failure) in [
            ("enforced_spend_limit_reached", VendorFailure::Billing),
            ("contract_spend_limit_reached", VendorFailure::Billing),
            ("ramp_limit_exceeded", VendorFailure::RateLimited),
        ] {
            let body = json!({ "error": { "type": "rate_limit_error", "details": { "error_code": code } } });

            assert_eq!(of(429, &body, None).failure, failure, "{code}");
        }
    }

    #[test]
    fn an_error_in_the_stream_may_cost_anything() {
        let error = of(200, &json!({ "type": "error", "error": { "type": "overloaded_error" } }), None);

        assert_eq!((error.failure, error.billing), (VendorFailure::Overloaded, Billing::Unknown));
    }
}
