//! A model as its vendor lists it.

use common::id::ModelName;
use common::outcome::VendorFailure;
use serde_json::Value;

use crate::call_error::{Billing, CallError, Cause};
use crate::exchange::Reply;

/// The longest text that is taken for a day.
const MAX_DAY_BYTES: usize = 40;

/// A model as its vendor lists it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListedModel {
    /// Its name.
    pub name: ModelName,
    /// When the vendor retires it, in the vendor's words, if it says so.
    pub retires: Option<String>,
}

impl ListedModel {
    /// Reads a model of which `name` and `retires` are the keys; what has no name is none.
    pub(crate) fn read(model: &Value, name: &str, retires: &str) -> Option<Self> {
        let name = model.get(name)?.as_str()?;
        let retires = model.get(retires).and_then(Value::as_str).filter(|day| is_day(day)).map(str::to_owned);
        Some(Self { name: name.into(), retires })
    }
}

/// Whether a vendor's text is short and harmless enough to be shown as a day.
fn is_day(text: &str) -> bool {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-:.+".contains(&byte);
    !text.is_empty() && text.len() <= MAX_DAY_BYTES && text.bytes().all(harmless)
}

/// Reads the JSON of a list.
pub(crate) fn parse(reply: &Reply) -> Result<Value, CallError> {
    serde_json::from_slice(&reply.body).map_err(|_| malformed("is no JSON"))
}

/// The reply is no list; nobody bills it.
pub(crate) fn malformed(problem: &'static str) -> CallError {
    CallError::new(VendorFailure::Malformed, Billing::Nothing, Cause::Protocol(problem))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_retirement_is_a_short_harmless_text() {
        for (retires, read) in [
            (json!("2027-04-01"), Some("2027-04-01")),
            (json!("2027-04-01T00:00:00Z"), Some("2027-04-01T00:00:00Z")),
            (json!(null), None),
            (json!(7), None),
            (json!("\u{1b}[31m"), None),
            (json!("x".repeat(41)), None),
        ] {
            let model = ListedModel::read(&json!({ "id": "m", "day": retires }), "id", "day").unwrap();

            assert_eq!(model.retires.as_deref(), read, "{retires}");
        }
    }
}
