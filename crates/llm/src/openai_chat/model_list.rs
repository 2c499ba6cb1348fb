//! A reply to the question for the list of models, which is free.

use serde_json::Value;

use super::refusal;
use crate::call_error::CallError;
use crate::exchange::Reply;
use crate::listed::{ListedModel, malformed, parse};
use crate::refusal::{is_error, of_list};

/// Reads the models; what has no name is not one.
pub(crate) fn read(reply: &Reply) -> Result<Vec<ListedModel>, CallError> {
    let list = parse(reply)?;
    if is_error(&list) {
        return Err(refused(reply));
    }
    let models = list.get("data").and_then(Value::as_array).ok_or_else(|| malformed("has no list of models"))?;
    Ok(models.iter().filter_map(|model| ListedModel::read(model, "id", "shutdown_date")).collect())
}

/// Reads the error.
pub(crate) fn refused(reply: &Reply) -> CallError {
    of_list(refusal::read(reply))
}

#[cfg(test)]
mod tests {
    use common::outcome::VendorFailure;

    use super::*;
    use crate::call_error::Billing;

    #[test]
    fn the_names_are_read() {
        let body = r#"{"object": "list", "data": [{"id": "gpt-6-luna", "object": "model", "shutdown_date": "2027-04-01"}, {"id": "b"}, {"name": "c"}, 7]}"#;

        let models = read(&reply(200, body)).unwrap();

        let read: Vec<_> = models.iter().map(|model| (model.name.as_str(), model.retires.as_deref())).collect();
        assert_eq!(read, [("gpt-6-luna", Some("2027-04-01")), ("b", None)]);
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
