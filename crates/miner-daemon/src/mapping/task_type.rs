//! Tells the sort of work a request is.

use common::config::subnet::TaskTypeRule;
use common::id::TaskType;

use super::Fields;
use super::text::text_or_json;

/// The request's task type. A value that is not text is compared as JSON, such as `3` or `true`.
pub(super) fn apply(rule: &TaskTypeRule, fields: Fields<'_>) -> TaskType {
    match rule {
        TaskTypeRule::Fixed(task_type) => task_type.clone(),
        TaskTypeRule::Field { field, values, other } => {
            let named = fields(field).and_then(|value| values.get(&text_or_json(value)));
            named.unwrap_or(other).clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_field_names_the_task_type_and_the_rest_is_other() {
        let rule: TaskTypeRule = serde_json::from_value(json!({
            "field": { "field": "kind", "values": { "qa": "question", "3": "third" }, "other": "text" }
        }))
        .unwrap();

        for (request, expected) in [
            (json!({ "kind": "qa" }), "question"),
            (json!({ "kind": 3 }), "third"),
            (json!({ "kind": "QA" }), "text"),
            (json!({ "kind": null }), "text"),
            (json!({}), "text"),
        ] {
            let request: Value = request;
            assert_eq!(apply(&rule, &|name| request.get(name)).as_str(), expected, "{request}");
        }
    }
}
