//! Values as JSON again: for the response every digit, for our own code serde_json's values.

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Int, Value};

/// What is not finite becomes `null`, as in the reference's answers.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_unit(),
            Self::Bool(bool) => serializer.serialize_bool(*bool),
            Self::Int(int) => int.serialize(serializer),
            Self::Float(float) => serializer.serialize_f64(*float),
            Self::Str(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Dict(entries) => serializer.collect_map(entries),
        }
    }
}

impl Serialize for Int {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(small) = self.as_str().parse::<i64>() {
            return serializer.serialize_i64(small);
        }
        RawValue::from_string(self.as_str().to_owned()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::None,
            serde_json::Value::Bool(bool) => Self::Bool(bool),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(int), _, _) => Self::Int(int.into()),
                (None, Some(int), _) => Self::Int(int.into()),
                (None, None, Some(float)) => Self::Float(float),
                (None, None, None) => Self::None,
            },
            serde_json::Value::String(text) => Self::Str(text),
            serde_json::Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            serde_json::Value::Object(entries) => {
                Self::Dict(entries.into_iter().map(|(key, value)| (key, Self::from(value))).collect())
            }
        }
    }
}

impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Self {
        json.clone().into()
    }
}

/// An integer beyond 64 bits becomes the nearest float, and what is not finite becomes `null`.
impl From<&Value> for serde_json::Value {
    fn from(value: &Value) -> Self {
        match value {
            Value::None => Self::Null,
            Value::Bool(bool) => Self::Bool(*bool),
            Value::Int(int) => match (int.as_str().parse::<i64>(), int.as_str().parse::<u64>()) {
                (Ok(int), _) => int.into(),
                (Err(_), Ok(int)) => int.into(),
                (Err(_), Err(_)) => int.to_float().into(),
            },
            Value::Float(float) => Self::from(*float),
            Value::Str(text) => Self::String(text.clone()),
            Value::List(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Dict(entries) => {
                Self::Object(entries.iter().map(|(key, value)| (key.clone(), Self::from(value))).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {

    #[test]
    fn every_digit_is_written_again() {
        let json = r#"{"big":1000000000000000000000000000000,"u64":18446744073709551615,"i":-5,"f":1.0}"#;

        let value = crate::python::parse(json.as_bytes()).unwrap();

        assert_eq!(serde_json::to_string(&value).unwrap(), json);
    }

    #[test]
    fn what_is_not_finite_is_written_as_null() {
        let value = crate::python::parse(b"[NaN, Infinity]").unwrap();

        assert_eq!(serde_json::to_string(&value).unwrap(), "[null,null]");
        assert_eq!(serde_json::Value::from(&value), serde_json::json!([null, null]));
    }
}
