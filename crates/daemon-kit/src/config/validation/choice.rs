//! Explains a value that fits none of several schemas by the one that was probably meant.

use jsonschema::ValidationError;
use serde_json::Value;

use super::Check;
use crate::config::error::Problem;
use crate::config::key_path::KeyPath;
use crate::config::nearest::{hint, nearest};

/// What a schema is one choice of.
enum Choice<'a> {
    /// A fixed word.
    Word(&'a str),
    /// An object with this one key.
    Tag(&'a str),
    /// Nothing, written `null`.
    Null,
    /// Anything else.
    Other,
}

impl Check<'_> {
    /// `context` has the errors of each choice, in order.
    pub(super) fn explain_choice(&mut self, error: &ValidationError<'_>, context: &[Vec<ValidationError<'static>>]) {
        let path = KeyPath::of_pointer(self.document, error.instance_path().as_str());
        let choices: Vec<Choice<'_>> = self.choices(error);
        let words: Vec<&str> = choices.iter().filter_map(Choice::word).collect();
        let tags: Vec<&str> = choices.iter().filter_map(Choice::tag).collect();
        let written = error.instance();
        let problem = if !words.is_empty() {
            one_of_the_words(&words, written)
        } else if !tags.is_empty() {
            let tagged = written.as_object().and_then(|object| Some((object.len(), object.keys().next()?)));
            match tagged.and_then(|(count, key)| (count == 1).then(|| tags.iter().position(|tag| tag == key))?) {
                Some(meant) => return self.explain_all(context, meant),
                None => one_of_the_tags(&tags, written),
            }
        } else {
            let mut others = choices.iter().enumerate().filter(|(_, choice)| matches!(choice, Choice::Other));
            match (others.next(), others.next()) {
                (Some((only, _)), None) => return self.explain_all(context, only),
                (Some(_) | None, Some(_) | None) => match self.described(error) {
                    Some(description) => format!("must be {description}"),
                    None => "fits none of the forms it can have".to_owned(),
                },
            }
        };
        self.add(path, Problem::Value(problem));
    }

    fn explain_all(&mut self, context: &[Vec<ValidationError<'static>>], meant: usize) {
        for error in context.get(meant).into_iter().flatten() {
            self.explain(error);
        }
    }

    fn choices<'b>(&'b self, error: &ValidationError<'_>) -> Vec<Choice<'b>> {
        let choices = self.schema.pointer(error.schema_path().as_str()).and_then(Value::as_array);
        choices.into_iter().flatten().map(Choice::of).collect()
    }
}

impl<'a> Choice<'a> {
    fn of(schema: &'a Value) -> Self {
        let word = schema.get("const").and_then(Value::as_str);
        let tag = schema.get("required").and_then(Value::as_array).and_then(|required| required.first());
        match (word, tag.and_then(Value::as_str), schema.get("type").and_then(Value::as_str)) {
            (Some(word), _, _) => Self::Word(word),
            (None, Some(tag), _) => Self::Tag(tag),
            (None, None, Some("null")) => Self::Null,
            (None, None, _) => Self::Other,
        }
    }

    fn word(&self) -> Option<&'a str> {
        match self {
            Self::Word(word) => Some(word),
            Self::Tag(_) | Self::Null | Self::Other => None,
        }
    }

    fn tag(&self) -> Option<&'a str> {
        match self {
            Self::Tag(tag) => Some(tag),
            Self::Word(_) | Self::Null | Self::Other => None,
        }
    }
}

fn one_of_the_words(words: &[&str], written: &Value) -> String {
    let hint = written.as_str().map_or_else(String::new, |written| hint(nearest(written, words.iter().copied())));
    match words {
        [only] => format!("must be {only:?}"),
        _ => format!("must be one of {}{hint}", words.join(", ")),
    }
}

fn one_of_the_tags(tags: &[&str], written: &Value) -> String {
    let known = tags.join(", ");
    let key = written.as_object().and_then(|object| if object.len() == 1 { object.keys().next() } else { None });
    let hint = key.map_or_else(String::new, |key| hint(nearest(key, tags.iter().copied())));
    format!("must be an object with exactly one of the keys {known}{hint}")
}
