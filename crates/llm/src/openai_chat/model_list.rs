//! A reply to the question for the list of models, which is free.

use common::id::ModelName;
use common::outcome::VendorFailure;
use serde_json::Value;

use super::refusal;
use crate::call_error::{Billing, CallError, Cause};
use crate::exchange::Reply;

/// Reads the names of the models; what has no name is not one.
pub(crate) fn read(reply: &Reply) -> Result<Vec<ModelName>, CallError> {
    let malformed = |problem| CallError::new(VendorFailure::Malformed, Billing::Nothing, Cause::Protocol(problem));
    let list = serde_json::from_slice::<Value>(&reply.body).map_err(|_| malformed("is no JSON"))?;
    if refusal::is_error(&list) {
        return Err(refused(reply));
    }
    let models = list.get("data").and_then(Value::as_array).ok_or_else(|| malformed("has no list of models"))?;
    Ok(models.iter().filter_map(|model| model.get("id")?.as_str()).map(ModelName::from).collect())
}

/// Reads the error. Whatever the status, a list is not billed, and it is not a model that is missing where a list should be.
pub(crate) fn refused(reply: &Reply) -> CallError {
    let error = refusal::read(reply);
    let is_elsewhere = error.failure == VendorFailure::ModelNotFound;
    let failure = if is_elsewhere { VendorFailure::InvalidRequest } else { error.failure };
    CallError { failure, billing: Billing::Nothing, ..error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_read() {
        let body =
            r#"{"object": "list", "data": [{"id": "gpt-6-luna", "object": "model"}, {"id": "b"}, {"name": "c"}, 7]}"#;

        let models = read(&reply(200, body)).unwrap();

        assert_eq!(models, ["gpt-6-luna".into(), "b".into()]);
    }

    #[test]
    fn what_is_no_list_is_malformed_and_free() {
        for body in ["", "<html>", "null", "[]", "{}", r#"{"data": {}}"#] {
            let error = read(&reply(200, body)).unwrap_err();

            assert_eq!((error.failure, error.billing), (VendorFailure::Malformed, Billing::Nothing), "{body}");
        }
    }

    #[test]
    fn an_error_is_that_error_and_free() {
        let body = r#"{"error": {"code": "invalid_api_key"}}"#;

        let failures = [read(&reply(200, body)).unwrap_err(), refused(&reply(500, body))];

        for error in failures {
            assert_eq!((error.failure, error.billing), (VendorFailure::Auth, Billing::Nothing));
        }
    }

    #[test]
    fn a_list_that_is_not_there_is_no_missing_model() {
        assert_eq!(refused(&reply(404, "")).failure, VendorFailure::InvalidRequest);
    }

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, retry_after: None, body: body.into() }
    }
}
