//! Makes a model's text into the form that the subnet profile asks for. Pure.

use common::config::subnet::AnswerForm;
use serde_json::Value;

/// The text cannot be made into the form.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FormatError {
    /// There is nothing but white space.
    #[error("the answer is blank")]
    Blank,
    /// Neither the text nor its only code block is JSON.
    #[error("the answer is no JSON")]
    NotJson,
    /// Neither the text nor its only code block is an integer.
    #[error("the answer is no integer")]
    NotInteger,
}

/// Makes `text` into `form`.
///
/// # Errors
/// The text is not of that form.
pub fn format(form: AnswerForm, text: &str) -> Result<Value, FormatError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(FormatError::Blank);
    }
    let mut candidates = std::iter::once(text).chain(only_code_block(text));
    match form {
        AnswerForm::Text => Ok(Value::String(text.to_owned())),
        AnswerForm::Json => candidates.find_map(|text| serde_json::from_str(text).ok()).ok_or(FormatError::NotJson),
        AnswerForm::Integer => {
            let integer = candidates.find_map(|text| text.trim().parse::<i64>().ok());
            integer.map(Value::from).ok_or(FormatError::NotInteger)
        }
    }
}

/// Returns what stands between the text's fences, if there are exactly two of them.
fn only_code_block(text: &str) -> Option<&str> {
    const FENCE: &str = "```";
    let (_, after_opening) = text.split_once(FENCE)?;
    let (block, after_closing) = after_opening.split_once(FENCE)?;
    if after_closing.contains(FENCE) {
        return None;
    }
    // The rest of the opening line names the language.
    let (_, content) = block.split_once('\n')?;
    Some(content)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_loses_only_the_white_space_around_it() {
        assert_eq!(format(AnswerForm::Text, " \n a  b\nc \n"), Ok(json!("a  b\nc")));
        assert_eq!(format(AnswerForm::Text, " \n\t"), Err(FormatError::Blank));
    }

    #[test]
    fn json_is_the_text_or_its_only_code_block() {
        let cases = [
            (r#" {"a": [1, null]} "#, json!({"a": [1, null]})),
            ("Here you are:\n```json\n{\"a\": 1}\n```\nDone.", json!({"a": 1})),
            ("```\n[1, 2]\n```", json!([1, 2])),
            ("\"plain\"", json!("plain")),
        ];

        for (text, value) in cases {
            assert_eq!(format(AnswerForm::Json, text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_or_not_clearly_one_is_a_failure() {
        let cases = [
            "{a: 1}",
            "The answer is {\"a\": 1}",
            "```json\n1\n```\n```json\n2\n```",
            "```json\n{\"a\": 1}",
            "```json {\"a\": 1}```",
            "NaN",
        ];

        for text in cases {
            assert_eq!(format(AnswerForm::Json, text), Err(FormatError::NotJson), "{text}");
        }
    }

    #[test]
    fn json_nested_beyond_reason_is_a_failure() {
        let text = "[".repeat(100_000);

        assert_eq!(format(AnswerForm::Json, &text), Err(FormatError::NotJson));
    }

    #[test]
    fn an_integer_stands_alone() {
        assert_eq!(format(AnswerForm::Integer, " -42\n"), Ok(json!(-42)));
        assert_eq!(format(AnswerForm::Integer, "It is:\n```\n7\n```"), Ok(json!(7)));
        for text in ["42 apples", "4.0", "1e3", "four", "99999999999999999999"] {
            assert_eq!(format(AnswerForm::Integer, text), Err(FormatError::NotInteger), "{text}");
        }
    }
}
