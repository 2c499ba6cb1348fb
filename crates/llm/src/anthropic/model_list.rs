//! A reply to the question for the list of models, which is free.

use serde_json::Value;

use super::refusal;
use crate::call_error::CallError;
use crate::exchange::Reply;
use crate::listed::{ListedModel, malformed, parse};
use crate::refusal::{is_error, of_list};

/// Reads the models; those that the vendor has retired are none.
pub(crate) fn read(reply: &Reply) -> Result<Vec<ListedModel>, CallError> {
    let list = parse(reply)?;
    if is_error(&list) {
        return Err(refused(reply));
    }
    let models = list.get("data").and_then(Value::as_array).ok_or_else(|| malformed("has no list of models"))?;
    let retired = |model: &&Value| model.get("lifecycle").and_then(Value::as_str) == Some("retired");
    Ok(models.iter().filter(|m| !retired(m)).filter_map(|m| ListedModel::read(m, "id", "retires_at")).collect())
}

/// Reads the error.
pub(crate) fn refused(reply: &Reply) -> CallError {
    of_list(refusal::read(reply))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retired_models_are_left_out_and_retirements_kept() {
        let body = r#"{"data": [
            {"type": "model", "id": "claude-haiku-5-5", "lifecycle": "active", "retires_at": null},
            {"type": "model", "id": "claude-old", "lifecycle": "deprecated", "retires_at": "2027-01-05T00:00:00Z"},
            {"type": "model", "id": "claude-gone", "lifecycle": "retired"}], "has_more": false}"#;

        let models = read(&Reply { status: 200, retry_after: None, body: body.into() }).unwrap();

        let read: Vec<_> = models.iter().map(|model| (model.name.as_str(), model.retires.as_deref())).collect();
        assert_eq!(read, [("claude-haiku-5-5", None), ("claude-old", Some("2027-01-05T00:00:00Z"))]);
    }
}
