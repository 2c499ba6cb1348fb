//! Values as Python has them: read from JSON, coerced as pydantic does, written as `str()` and `repr()` do.
//!
//! A body hash is over such texts, so every character of them counts.

mod coerce;
mod encode;
mod int;
mod json;
mod lax;
mod repr;
mod unicode;

use common::config::subnet::Field;
use indexmap::IndexMap;

pub(crate) use coerce::model;
pub use coerce::{Mismatch, coerce};
pub use int::Int;
pub use json::{JsonError, parse};
pub use unicode::Unicode;

/// The pydantic models of a route, by name.
pub type Models = IndexMap<String, IndexMap<String, Field>>;

/// A Python value that JSON can carry.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`
    None,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(Int),
    /// `float`
    Float(f64),
    /// `str`
    Str(String),
    /// `list`
    List(Vec<Self>),
    /// `dict`, in insertion order.
    Dict(IndexMap<String, Self>),
}

impl Value {
    /// Returns the name of the value's Python type.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::List(_) => "list",
            Self::Dict(_) => "dict",
        }
    }
}

/// Returns what `str()` does in the Python that most validators run.
#[must_use]
pub fn str(value: &Value) -> String {
    Unicode::default().str(value)
}

/// Returns what `repr()` does in the Python that most validators run.
#[must_use]
pub fn repr(value: &Value) -> String {
    Unicode::default().repr(value)
}
