//! Makes text of the values that stand where text is expected.

use serde_json::Value;

/// Text as it is; anything else as JSON.
pub(super) fn text_or_json(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// A chat message's content: text, or the text parts of a list of parts, or else JSON.
pub(super) fn content(value: &Value) -> String {
    let parts: Vec<_> = value.as_array().into_iter().flatten().filter_map(|part| part.get("text")?.as_str()).collect();
    if parts.is_empty() { text_or_json(value) } else { parts.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_stays_text_and_the_rest_becomes_json() {
        for (value, expected) in [
            (json!("say \"hi\""), "say \"hi\""),
            (json!(2.5), "2.5"),
            (json!({ "b": 1, "a": ["x"] }), r#"{"b":1,"a":["x"]}"#),
        ] {
            assert_eq!(text_or_json(&value), expected);
        }
    }

    #[test]
    fn the_text_parts_of_a_content_are_joined() {
        let parts = json!([
            { "type": "text", "text": "What is" },
            { "type": "image_url", "image_url": { "url": "data:" } },
            { "type": "text", "text": "this?" }
        ]);

        let text = content(&parts);

        assert_eq!(text, "What is\nthis?");
    }

    #[test]
    fn a_content_without_text_parts_is_written_as_json() {
        let text = content(&json!([{ "type": "image_url" }]));

        assert_eq!(text, r#"[{"type":"image_url"}]"#);
    }
}
