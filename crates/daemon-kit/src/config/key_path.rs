//! Key paths as operators read them, such as `limits[0].scope` or `prices["gpt-4.1"].input_usd`.

use std::fmt::Write;

use serde_json::Value;
use serde_path_to_error::{Path, Segment};

/// A key path that grows towards the leaf.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct KeyPath(String);

impl KeyPath {
    /// Follows a JSON pointer. The document tells list places from keys that are numbers.
    pub(super) fn of_pointer(document: &Value, pointer: &str) -> Self {
        let mut path = Self::default();
        let mut value = Some(document);
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let index = token.parse::<usize>().ok().filter(|_| value.is_some_and(Value::is_array));
            path = match index {
                Some(index) => path.index(index),
                None => path.key(&token),
            };
            value = value.and_then(|value| match index {
                Some(index) => value.get(index),
                None => value.get(&token),
            });
        }
        path
    }

    /// Takes over the path of a failed deserialization.
    pub(super) fn of_segments(segments: &Path) -> Self {
        segments.iter().fold(Self::default(), |path, segment| match segment {
            Segment::Seq { index } => path.index(*index),
            Segment::Map { key } => path.key(key),
            Segment::Enum { variant } => path.key(variant),
            Segment::Unknown => path,
        })
    }

    pub(super) fn key(mut self, key: &str) -> Self {
        let plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        if plain {
            if !self.0.is_empty() {
                self.0.push('.');
            }
            self.0.push_str(key);
        } else {
            // Writing to a string cannot fail. Escaped: a key can hold anything.
            let _written = write!(self.0, "[{key:?}]");
        }
        self
    }

    pub(super) fn index(mut self, index: usize) -> Self {
        let _written = write!(self.0, "[{index}]");
        self
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn list_places_and_number_keys_are_told_apart() {
        let document = json!({"limits": [{"name": 1}], "subnets": {"1": {"routes": {}}}});

        let paths = ["/limits/0/name", "/subnets/1/routes", ""].map(|pointer| KeyPath::of_pointer(&document, pointer));

        assert_eq!(paths.map(KeyPath::into_string), ["limits[0].name", "subnets.1.routes", ""]);
    }

    #[test]
    fn keys_with_other_characters_are_quoted() {
        let document = json!({"prices": {"a/b.c": {"x": 1}}});

        let path = KeyPath::of_pointer(&document, "/prices/a~1b.c/x");

        assert_eq!(path.into_string(), r#"prices["a/b.c"].x"#);
    }
}
