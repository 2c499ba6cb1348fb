//! A reply that says why there is no answer.

use std::time::Duration;

use common::outcome::VendorFailure;
use serde_json::Value;

use crate::call_error::{CallError, VendorCode};
use crate::exchange::Reply;
use crate::refusal;
use crate::retry_after::{LONGEST, seconds};

/// Reads the error. The vendor's message is dropped: it can quote the prompt or the key.
pub(crate) fn read(reply: &Reply) -> CallError {
    let body = serde_json::from_slice::<Value>(&reply.body).unwrap_or(Value::Null);
    of(reply.status, &body, reply.retry_after)
}

/// Reads the error of a body, which may be a list of one.
pub(crate) fn of(status: u16, body: &Value, retry_after: Option<Duration>) -> CallError {
    let body = body.get(0).unwrap_or(body);
    let error = body.get("error").unwrap_or(&Value::Null);
    let word = error.get("status").and_then(Value::as_str).and_then(VendorCode::read);
    let details = error.get("details").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let reason = details.iter().find_map(|detail| detail.get("reason")?.as_str()).and_then(VendorCode::read);
    let is_daily = is_daily(details);
    let named = if is_daily {
        Some(VendorFailure::RateLimited)
    } else {
        // An error in a stream has its status in the body only.
        let code = error.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
        let named = [&reason, &word].into_iter().flatten().find_map(|word| by_code(word.as_str()));
        named.or_else(|| code.filter(|_| status == 200).map(refusal::by_status))
    };
    // There is no header for it.
    let wait = || details.iter().find_map(|detail| seconds(detail.get("retryDelay")?.as_str()?.strip_suffix('s')?));
    // A day's quota does not come back within the delay that is named all the same.
    let wait = if is_daily { Some(LONGEST) } else { retry_after.or_else(wait) };
    refusal::error(status, named, reason.or(word), wait)
}

/// Whether the quota that is used up is one of a day; it is one of this model, so others may still have theirs.
fn is_daily(details: &[Value]) -> bool {
    let violations = details.iter().filter_map(|detail| detail.get("violations")?.as_array()).flatten();
    let mut quotas = violations.filter_map(|violation| violation.get("quotaId")?.as_str());
    quotas.any(|quota| quota.contains("PerDay"))
}

/// What a status, or the reason in its details, means.
fn by_code(code: &str) -> Option<VendorFailure> {
    match code {
        "API_KEY_INVALID" | "UNAUTHENTICATED" | "PERMISSION_DENIED" => Some(VendorFailure::Auth),
        "NOT_FOUND" => Some(VendorFailure::ModelNotFound),
        "UNAVAILABLE" => Some(VendorFailure::Overloaded),
        "DEADLINE_EXCEEDED" => Some(VendorFailure::Timeout),
        "INTERNAL" => Some(VendorFailure::Server),
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
        for (status, word, failure, billing) in [
            (400, "INVALID_ARGUMENT", VendorFailure::InvalidRequest, Billing::Nothing),
            (400, "FAILED_PRECONDITION", VendorFailure::InvalidRequest, Billing::Nothing),
            (403, "PERMISSION_DENIED", VendorFailure::Auth, Billing::Nothing),
            (404, "NOT_FOUND", VendorFailure::ModelNotFound, Billing::Nothing),
            (429, "RESOURCE_EXHAUSTED", VendorFailure::RateLimited, Billing::Nothing),
            (500, "INTERNAL", VendorFailure::Server, Billing::Unknown),
            (503, "UNAVAILABLE", VendorFailure::Overloaded, Billing::Nothing),
            (504, "DEADLINE_EXCEEDED", VendorFailure::Timeout, Billing::Unknown),
        ] {
            let error = of(status, &json!({ "error": { "code": status, "message": "…", "status": word } }), None);

            assert_eq!((error.failure, error.billing), (failure, billing), "{status} {word}");
        }
    }

    #[test]
    fn a_bad_key_is_known_by_its_reason() {
        let details = json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID" }]);
        let body = json!({ "error": { "code": 400, "status": "INVALID_ARGUMENT", "details": details } });

        assert_eq!(of(400, &body, None).failure, VendorFailure::Auth);
    }

    #[test]
    fn the_wait_stands_in_the_details_with_a_fraction() {
        let error = of(429, &exhausted("GenerateRequestsPerMinutePerProjectPerModel"), None);

        assert_eq!(error.failure, VendorFailure::RateLimited);
        assert_eq!(error.retry_after, Some(Duration::from_nanos(45_837_906_927)));
    }

    #[test]
    fn a_quota_of_a_day_is_not_back_in_seconds() {
        let body = exhausted("GenerateRequestsPerDayPerProjectPerModel-FreeTier");

        for body in [json!([body]), body] {
            let error = of(429, &body, None);
            assert_eq!((error.failure, error.retry_after), (VendorFailure::RateLimited, Some(LONGEST)));
        }
    }

    fn exhausted(quota: &str) -> Value {
        json!({ "error": { "code": 429, "status": "RESOURCE_EXHAUSTED", "details": [
            { "@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{ "quotaId": quota }] },
            { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "45.837906927s" },
        ] } })
    }
}
