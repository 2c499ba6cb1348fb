//! Python annotations that a body hash can be computed over; any other is a configuration error.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The type of a synapse field, as pydantic understands it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum PythonType {
    /// `str`
    Str,
    /// `int`
    Int,
    /// `float`
    Float,
    /// `bool`
    Bool,
    /// `Any`
    Any,
    /// `Optional[T]`
    Optional(Box<Self>),
    /// `List[T]`
    List(Box<Self>),
    /// `Dict[str, T]`
    Dict(Box<Self>),
    /// A model of the route's `models`, by name.
    Model(Box<str>),
}

/// The text is not one of the annotations above.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{0:?} is not a type whose body hash is known: str, int, float, bool, Any, Optional[T], List[T], Dict[str, T] or \
     the name of a model under models"
)]
pub struct PythonTypeError(String);

impl FromStr for PythonType {
    type Err = PythonTypeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text.trim(), 0).ok_or_else(|| PythonTypeError(text.to_owned()))
    }
}

/// Deeper annotations are nonsense, and recursion must end.
const MAX_DEPTH: usize = 8;

fn parse(text: &str, depth: usize) -> Option<PythonType> {
    if depth > MAX_DEPTH {
        return None;
    }
    let inner = |prefix: [&str; 2]| {
        prefix.iter().find_map(|name| text.strip_prefix(name)?.trim_start().strip_prefix('[')?.strip_suffix(']'))
    };
    let boxed = |text: &str| parse(text.trim(), depth + 1).map(Box::new);
    if let Some(inner) = inner(["Optional", "typing.Optional"]) {
        return boxed(inner).map(PythonType::Optional);
    }
    if let Some(inner) = inner(["List", "list"]) {
        return boxed(inner).map(PythonType::List);
    }
    if let Some(inner) = inner(["Dict", "dict"]) {
        let (key, value) = inner.split_once(',')?;
        return (key.trim() == "str").then(|| boxed(value).map(PythonType::Dict)).flatten();
    }
    match text {
        "str" => Some(PythonType::Str),
        "int" => Some(PythonType::Int),
        "float" => Some(PythonType::Float),
        "bool" => Some(PythonType::Bool),
        "Any" => Some(PythonType::Any),
        // A bare generic is not a model: its content would be hashed by a guess.
        "list" | "dict" | "tuple" | "set" | "bytes" | "object" | "complex" | "List" | "Dict" | "Tuple" | "Set"
        | "Union" | "Literal" | "Optional" => None,
        name => is_identifier(name).then(|| PythonType::Model(name.into())),
    }
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl TryFrom<String> for PythonType {
    type Error = PythonTypeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PythonType> for String {
    fn from(python_type: PythonType) -> Self {
        python_type.to_string()
    }
}

impl fmt::Display for PythonType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Str => f.write_str("str"),
            Self::Int => f.write_str("int"),
            Self::Float => f.write_str("float"),
            Self::Bool => f.write_str("bool"),
            Self::Any => f.write_str("Any"),
            Self::Optional(inner) => write!(f, "Optional[{inner}]"),
            Self::List(inner) => write!(f, "List[{inner}]"),
            Self::Dict(inner) => write!(f, "Dict[str, {inner}]"),
            Self::Model(name) => f.write_str(name),
        }
    }
}

impl JsonSchema for PythonType {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PythonType".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "format": "python-type",
            "description": "str, int, float, bool, Any, Optional[T], List[T], Dict[str, T] or the name of a model"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_read_and_written() {
        for text in ["str", "List[Dict[str, str]]", "Optional[List[float]]", "List[Message]"] {
            assert_eq!(text.parse::<PythonType>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn unknown_annotations_are_refused() {
        let deep = format!("{}str{}", "List[".repeat(20), "]".repeat(20));
        for text in [
            "",
            "bytes",
            "Tuple[int, str]",
            "Set[int]",
            "Union[int, str]",
            "Dict[int, str]",
            "List",
            "List[",
            "List[]",
            "Literal['a']",
            "a b",
            &deep,
        ] {
            assert!(text.parse::<PythonType>().is_err(), "{text}");
        }
    }
}
