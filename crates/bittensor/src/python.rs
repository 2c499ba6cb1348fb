//! Values as Python has them: read from JSON, coerced as pydantic does, written as `str()` and `repr()` do.

use common::config::subnet::Field;
use common::python_type::PythonType;
use indexmap::IndexMap;

/// The pydantic models of a route, by name.
pub type Models = IndexMap<String, IndexMap<String, Field>>;

/// A Python value that JSON can carry.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`
    None,
    /// `bool`
    Bool(bool),
    /// `float`
    Float(f64),
    /// `str`
    Str(String),
    /// `list`
    List(Vec<Self>),
    /// `dict`, in insertion order.
    Dict(IndexMap<String, Self>),
}

/// The value does not fit the type.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a valid {expected}")]
pub struct Mismatch {
    expected: String,
}

impl From<&serde_json::Value> for Value {
    fn from(_json: &serde_json::Value) -> Self {
        Self::None
    }
}

/// Coerces a value to a type as pydantic 2 does in its lax mode.
///
/// # Errors
/// If pydantic would refuse it.
pub fn coerce(_python_type: &PythonType, _models: &Models, value: impl Into<Value>) -> Result<Value, Mismatch> {
    Ok(value.into())
}

/// Returns what Python's `str()` does.
#[must_use]
pub fn str(_value: &Value) -> String {
    String::new()
}

/// Returns what Python's `repr()` does.
#[must_use]
pub fn repr(_value: &Value) -> String {
    String::new()
}
