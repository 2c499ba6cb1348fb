//! A reply that says why there is no answer, in OpenAI's words and those of compatible servers.

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
    // Some servers put the error's fields at the top.
    let error = body.get("error").filter(|error| error.is_object()).unwrap_or(body);
    let word = |name: &str| error.get(name).and_then(Value::as_str).and_then(VendorCode::read);
    let (code, kind) = (word("code"), word("type"));
    let named = [&code, &kind].into_iter().flatten().find_map(|word| by_code(word.as_str()));
    refusal::error(status, named, code.or(kind), retry_after)
}

/// What a vendor's code or type means, where it says more than the status.
fn by_code(code: &str) -> Option<VendorFailure> {
    match code {
        "insufficient_quota" | "credit_balance_exhausted" | "billing_hard_limit_reached" | "billing_not_active" => {
            Some(VendorFailure::Billing)
        }
        "rate_limit_exceeded" | "slow_down" => Some(VendorFailure::RateLimited),
        "server_is_overloaded" | "overloaded" | "overloaded_error" => Some(VendorFailure::Overloaded),
        "invalid_api_key" => Some(VendorFailure::Auth),
        "model_not_found" => Some(VendorFailure::ModelNotFound),
        "context_length_exceeded" | "exceed_context_size_error" | "request_too_large" => {
            Some(VendorFailure::ContextTooLong)
        }
        "content_filter" | "content_policy_violation" => Some(VendorFailure::Filtered),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::call_error::{Billing, Cause};

    #[test]
    fn openai_errors_are_mapped() {
        let cases = [
            (401, "invalid_request_error", "invalid_api_key", VendorFailure::Auth),
            (403, "invalid_request_error", "unsupported_country_region_territory", VendorFailure::Auth),
            (404, "invalid_request_error", "model_not_found", VendorFailure::ModelNotFound),
            (400, "invalid_request_error", "context_length_exceeded", VendorFailure::ContextTooLong),
            (400, "invalid_request_error", "unsupported_parameter", VendorFailure::InvalidRequest),
            (400, "invalid_request_error", "content_policy_violation", VendorFailure::Filtered),
            (429, "requests", "rate_limit_exceeded", VendorFailure::RateLimited),
            (429, "tokens", "slow_down", VendorFailure::RateLimited),
            (429, "insufficient_quota", "insufficient_quota", VendorFailure::Billing),
            (429, "billing_error", "credit_balance_exhausted", VendorFailure::Billing),
            (503, "server_error", "server_is_overloaded", VendorFailure::Overloaded),
        ];

        for (status, kind, code, failure) in cases {
            let error = read(&openai(status, kind, Some(code)));

            assert_eq!((error.failure, error.billing), (failure, Billing::Nothing), "{status} {code}");
        }
    }

    #[test]
    fn a_type_speaks_where_there_is_no_code() {
        assert_eq!(read(&openai(429, "insufficient_quota", None)).failure, VendorFailure::Billing);
    }

    #[test]
    fn a_status_alone_is_enough() {
        let cases = [
            (301, VendorFailure::InvalidRequest, Billing::Nothing),
            (400, VendorFailure::InvalidRequest, Billing::Nothing),
            (402, VendorFailure::Billing, Billing::Nothing),
            (404, VendorFailure::ModelNotFound, Billing::Nothing),
            (408, VendorFailure::Timeout, Billing::Unknown),
            (409, VendorFailure::Server, Billing::Nothing),
            (413, VendorFailure::ContextTooLong, Billing::Nothing),
            (422, VendorFailure::InvalidRequest, Billing::Nothing),
            (429, VendorFailure::RateLimited, Billing::Nothing),
            (500, VendorFailure::Server, Billing::Unknown),
            (502, VendorFailure::Server, Billing::Unknown),
            (503, VendorFailure::Overloaded, Billing::Unknown),
            (504, VendorFailure::Timeout, Billing::Unknown),
            (529, VendorFailure::Overloaded, Billing::Unknown),
        ];

        for (status, failure, billing) in cases {
            let error = read(&Reply { status, retry_after: None, body: b"<html>sorry</html>".to_vec() });

            assert_eq!((error.failure, error.billing), (failure, billing), "{status}");
        }
    }

    #[test]
    fn errors_of_compatible_servers_are_read() {
        let cases = [
            (
                400,
                json!({ "error": { "code": 400, "type": "exceed_context_size_error" } }),
                VendorFailure::ContextTooLong,
            ),
            (
                404,
                json!({ "error": { "message": "model 'x' not found", "type": "api_error" } }),
                VendorFailure::ModelNotFound,
            ),
            (400, json!({ "object": "error", "code": "context_length_exceeded" }), VendorFailure::ContextTooLong),
            (500, json!({ "error": "boom" }), VendorFailure::Server),
        ];

        for (status, body, failure) in cases {
            let error = read(&Reply { status, retry_after: None, body: body.to_string().into_bytes() });

            assert_eq!(error.failure, failure, "{body}");
        }
    }

    #[test]
    fn the_wait_is_passed_on() {
        let wait = Some(Duration::from_millis(1500));

        let error = read(&Reply { retry_after: wait, ..openai(429, "tokens", Some("rate_limit_exceeded")) });

        assert_eq!(error.retry_after, wait);
    }

    #[test]
    fn what_the_vendor_says_is_not_repeated() {
        let body =
            json!({ "error": { "message": "Incorrect key sk-secret", "type": "bad\nsk-secret", "code": "sk secret" } });

        let error = read(&Reply { status: 401, retry_after: None, body: body.to_string().into_bytes() });

        assert_eq!(error.cause, Cause::Status { status: 401, code: None });
        assert!(!format!("{error} {error:?}").contains("secret"));
    }

    fn openai(status: u16, kind: &str, code: Option<&str>) -> Reply {
        let body = json!({ "error": { "message": "…", "type": kind, "param": null, "code": code } });
        Reply { status, retry_after: None, body: body.to_string().into_bytes() }
    }
}
