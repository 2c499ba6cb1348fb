//! A reply to the question for the list of models, which is free.

use serde_json::Value;

use super::refusal;
use crate::call_error::CallError;
use crate::exchange::Reply;
use crate::listed::{ListedModel, malformed, parse};
use crate::refusal::{is_error, of_list};

/// Reads the models; the vendor puts `models/` before each name.
pub(crate) fn read(reply: &Reply) -> Result<Vec<ListedModel>, CallError> {
    let list = parse(reply)?;
    if is_error(&list) {
        return Err(refused(reply));
    }
    let models = list.get("models").and_then(Value::as_array).ok_or_else(|| malformed("has no list of models"))?;
    let bare = |model: ListedModel| {
        let name = model.name.as_str().strip_prefix("models/").map(Into::into).unwrap_or(model.name.clone());
        ListedModel { name, ..model }
    };
    Ok(models.iter().filter_map(|model| ListedModel::read(model, "name", "shutdownTime").map(bare)).collect())
}

/// Reads the error.
pub(crate) fn refused(reply: &Reply) -> CallError {
    of_list(refusal::read(reply))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_stands_before_each() {
        let body = r#"{"models": [{"name": "models/gemini-4-argon", "inputTokenLimit": 1048576}, {"name": "b"}]}"#;

        let models = read(&Reply { status: 200, retry_after: None, body: body.into() }).unwrap();

        assert_eq!(models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>(), ["gemini-4-argon", "b"]);
    }
}
