//! Coerces values to types as pydantic 2 does in its lax mode on Python objects.
//!
//! One difference: a `float` that is not finite is refused, because the reference axon fails on it when it answers.

use std::fmt::Write as _;

use common::config::subnet::Field;
use common::python_type::PythonType;
use indexmap::IndexMap;

use super::{Int, Models, Value, lax};

/// A value does not fit its type. Tells where and what was expected, but never the value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}a valid {expected} is expected, not {found}", at(path))]
pub struct Mismatch {
    /// The way to the value from the one that was coerced, such as `[0].content`; empty for that one itself.
    pub path: String,
    /// The Python type.
    pub expected: String,
    /// What is there instead.
    pub found: &'static str,
}

fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("at {}, ", path.trim_start_matches('.')) }
}

impl Mismatch {
    fn new(expected: &PythonType, found: &'static str) -> Self {
        Self { path: String::new(), expected: expected.to_string(), found }
    }

    fn inside(mut self, step: impl FnOnce(&mut String)) -> Self {
        let mut path = String::new();
        step(&mut path);
        self.path.insert_str(0, &path);
        self
    }
}

/// Coerces a value to a type.
///
/// # Errors
/// If pydantic would refuse it, or it is a `float` that is not finite.
pub fn coerce(python_type: &PythonType, models: &Models, value: impl Into<Value>) -> Result<Value, Mismatch> {
    coerce_value(python_type, models, value.into())
}

fn coerce_value(python_type: &PythonType, models: &Models, value: Value) -> Result<Value, Mismatch> {
    let found = value.type_name();
    let fitting = match python_type {
        PythonType::Any => Some(value),
        PythonType::Optional(_) if value == Value::None => Some(Value::None),
        PythonType::Optional(inner) => return coerce_value(inner, models, value),
        PythonType::Str => matches!(value, Value::Str(_)).then_some(value),
        PythonType::Int => int(&value).map(Value::Int),
        PythonType::Float => float(&value).filter(|float| float.is_finite()).map(Value::Float),
        PythonType::Bool => bool(&value).map(Value::Bool),
        PythonType::List(inner) => match value {
            Value::List(items) => return list(inner, models, items),
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) | Value::Dict(_) => None,
        },
        PythonType::Dict(inner) => match value {
            Value::Dict(entries) => return dict(inner, models, entries),
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) | Value::List(_) => None,
        },
        PythonType::Model(name) => match (models.get(&**name), value) {
            (Some(fields), Value::Dict(entries)) => return model(fields, models, entries).map(Value::Dict),
            _ => None,
        },
    };
    fitting.ok_or_else(|| Mismatch::new(python_type, found))
}

fn int(value: &Value) -> Option<Int> {
    match value {
        Value::Int(int) => Some(int.clone()),
        Value::Bool(bool) => Some(Int::from(i64::from(*bool))),
        Value::Float(float) => lax::whole(*float),
        Value::Str(text) => lax::int(text),
        Value::None | Value::List(_) | Value::Dict(_) => None,
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(float) => Some(*float),
        Value::Int(int) => int.to_float(),
        Value::Bool(bool) => Some(f64::from(u8::from(*bool))),
        Value::Str(text) => lax::float(text),
        Value::None | Value::List(_) | Value::Dict(_) => None,
    }
}

fn bool(value: &Value) -> Option<bool> {
    let of_int = |int: &Int| match int.as_str() {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    };
    match value {
        Value::Bool(bool) => Some(*bool),
        Value::Int(int) => of_int(int),
        Value::Float(float) => lax::whole(*float).as_ref().and_then(of_int),
        Value::Str(text) => lax::bool(text),
        Value::None | Value::List(_) | Value::Dict(_) => None,
    }
}

fn list(inner: &PythonType, models: &Models, items: Vec<Value>) -> Result<Value, Mismatch> {
    let coerced = items.into_iter().enumerate().map(|(index, item)| {
        coerce_value(inner, models, item).map_err(|error| {
            error.inside(|path| {
                let _ = write!(path, "[{index}]");
            })
        })
    });
    coerced.collect::<Result<_, _>>().map(Value::List)
}

fn dict(inner: &PythonType, models: &Models, entries: IndexMap<String, Value>) -> Result<Value, Mismatch> {
    let coerced = entries.into_iter().map(|(key, value)| match coerce_value(inner, models, value) {
        Ok(value) => Ok((key, value)),
        // The key is the caller's text: it stays out of messages.
        Err(error) => Err(error.inside(|path| path.push_str("[..]"))),
    });
    coerced.collect::<Result<_, _>>().map(Value::Dict)
}

/// Fields come in the model's order, a default is taken as it is, and unknown keys are dropped.
pub(crate) fn model(
    fields: &IndexMap<String, Field>,
    models: &Models,
    mut entries: IndexMap<String, Value>,
) -> Result<IndexMap<String, Value>, Mismatch> {
    let coerced = fields.iter().map(|(name, field)| {
        let value = match (entries.swap_remove(name), &field.default) {
            (Some(value), _) => coerce_value(&field.python_type, models, value),
            (None, Some(default)) => Ok(Value::from(default)),
            (None, None) => Err(Mismatch::new(&field.python_type, "missing")),
        };
        match value {
            Ok(value) => Ok((name.clone(), value)),
            Err(error) => Err(error.inside(|path| {
                path.push('.');
                path.push_str(name);
            })),
        }
    });
    coerced.collect()
}
