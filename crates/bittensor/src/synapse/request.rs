//! A request's body: read into the route's fields, checked against the signed hash, and filled with the answer.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use common::record::RefusalReason;
use indexmap::IndexMap;
use sha3::{Digest, Sha3_256};

use super::fields::terminal_fields;
use super::schema::Compiled;
use super::{Schema, response};
use crate::protocol::{Refused, Response, SetError, Signed};
use crate::python::{self, JsonError, Unicode, Value};

/// A verified request and, field by field, its answer.
#[derive(Clone)]
pub struct Synapse {
    pub(super) schema: Schema,
    pub(super) fields: IndexMap<String, Slot>,
    /// The version in which the signed hash was right.
    pub(super) unicode: Unicode,
}

/// A field's value, and the same for our own code once it was asked for.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) value: Value,
    json: OnceLock<serde_json::Value>,
}

impl From<Value> for Slot {
    fn from(value: Value) -> Self {
        Self { value, json: OnceLock::new() }
    }
}

/// Prompts and answers are not for logs.
impl fmt::Debug for Synapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Synapse").field("fields", &self.schema.0.own).finish_non_exhaustive()
    }
}

impl Synapse {
    /// Reads a body and checks it against the schema and the signed hash.
    ///
    /// The fields come out as pydantic would have them: coerced, with defaults filled in, unknown ones dropped.
    ///
    /// # Errors
    /// A refusal, if it is no JSON, does not fit, or has another hash.
    pub fn parse(schema: &Schema, signed: &Signed, body: &[u8]) -> Result<Self, Refused> {
        let refused =
            |reason, status, message| Refused { reason, status, message, claimed: Some(signed.caller.clone()) };
        let bad = |message| refused(RefusalReason::BadBody, 422, message);

        let json = python::parse(body).map_err(|error: JsonError| bad(format!("Body cannot be read: {error}")))?;
        let Value::Dict(entries) = json else {
            return Err(bad("Body is not a JSON object".to_owned()));
        };
        let Compiled { fields, models, .. } = &*schema.0;
        let values = python::model(fields, models, entries)
            .map_err(|error| bad(format!("Body does not fit the synapse: {error}")))?;
        let fields = values.into_iter().map(|(name, value)| (name, Slot::from(value))).collect();
        let mut synapse = Self { schema: schema.clone(), fields, unicode: Unicode::default() };

        let fits = |unicode: &Unicode| Some(synapse.body_hash(*unicode)) == signed.body_hash;
        synapse.unicode = Unicode::ALL.into_iter().find(fits).ok_or_else(|| {
            refused(
                RefusalReason::BodyHash,
                401,
                "Not Verified with error: Body does not have the signed hash".to_owned(),
            )
        })?;
        synapse.fill_terminals();
        Ok(synapse)
    }

    /// Returns a field of the route's own. An integer beyond 64 bits comes as the nearest float.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&serde_json::Value> {
        let slot = self.schema.0.own.contains(name).then(|| self.fields.get(name)).flatten()?;
        Some(slot.json.get_or_init(|| (&slot.value).into()))
    }

    /// Sets a field of the route's own.
    ///
    /// # Errors
    /// If there is no such field, or the value does not fit its type.
    pub fn set(&mut self, name: &str, value: serde_json::Value) -> Result<(), SetError> {
        let python_type =
            self.schema.field_type(name).ok_or_else(|| SetError::UnknownField { field: name.to_owned() })?;
        let value = python::coerce(python_type, &self.schema.0.models, value)
            .map_err(|source| SetError::Mismatch { field: name.to_owned(), source })?;
        self.fields.insert(name.to_owned(), value.into());
        Ok(())
    }

    /// Makes the response that carries the answer.
    #[must_use]
    pub fn into_response(mut self, process_time: Duration) -> Response {
        self.set_status(200, "Success", process_time);
        response::answer(&self)
    }

    /// Makes the response that says that there is no answer, and why.
    #[must_use]
    pub fn into_refusal(mut self, status: u16, message: &str, process_time: Duration) -> Response {
        self.set_status(status, message, process_time);
        response::refusal(&self, status, message)
    }

    /// Makes the head of a response whose body follows in pieces.
    #[must_use]
    pub fn into_stream_head(mut self, process_time: Duration) -> Response {
        self.set_status(200, "Success", process_time);
        response::stream_head(&self)
    }

    /// The hash of the route's hash fields, each by its `str()`.
    pub(super) fn body_hash(&self, unicode: Unicode) -> [u8; 32] {
        let mut all = Sha3_256::new();
        for name in &self.schema.0.hash_fields {
            let text = self.fields.get(name).map(|slot| unicode.str(&slot.value)).unwrap_or_default();
            all.update(hex::encode(Sha3_256::digest(text)));
        }
        all.finalize().into()
    }

    /// A dendrite cannot read an answer in which one of these is null.
    fn fill_terminals(&mut self) {
        for name in ["dendrite", "axon"] {
            if let Some(slot) = self.fields.get_mut(name).filter(|slot| slot.value == Value::None) {
                let blank = terminal_fields().into_keys().map(|name| (name, Value::None)).collect();
                *slot = Value::Dict(blank).into();
            }
        }
    }

    fn set_status(&mut self, status: u16, message: &str, process_time: Duration) {
        if let Some(Slot { value: Value::Dict(axon), .. }) = self.fields.get_mut("axon") {
            axon.insert("status_code".to_owned(), Value::Int(u64::from(status).into()));
            axon.insert("status_message".to_owned(), Value::Str(message.to_owned()));
            axon.insert("process_time".to_owned(), Value::Float(process_time.as_secs_f64()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value as Json, json};

    use super::*;

    fn hash(texts: &[&str]) -> [u8; 32] {
        let hashes: String = texts.iter().map(|text| hex::encode(Sha3_256::digest(text))).collect();
        Sha3_256::digest(hashes).into()
    }

    fn parse(route: Json, body: &str, body_hash: [u8; 32]) -> Result<Synapse, Refused> {
        let schema = Schema::compile(&"Ask".into(), &serde_json::from_value(route).unwrap()).unwrap();
        let signed = Signed {
            protocol: common::config::subnet::Protocol::Synapse,
            caller: crate::ss58::encode(&[1; 32]),
            nonce_ns: 1,
            uuid: "client".to_owned(),
            timeout: None,
            body_hash: Some(body_hash),
        };
        Synapse::parse(&schema, &signed, body.as_bytes())
    }

    fn route() -> Json {
        json!({
            "fields": {
                "messages": {"type": "List[str]"},
                "temperature": {"type": "float", "default": 0},
                "timeout": {"type": "int", "default": 64},
                "answer": {"type": "Optional[str]", "default": null}
            },
            "action": {"decline": {}}
        })
    }

    fn body_of(response: &Response) -> Json {
        serde_json::from_slice(&response.body).unwrap()
    }

    #[test]
    fn fields_are_coerced_filled_in_and_rid_of_strangers() {
        let body = r#"{"temperature": "0.50", "stranger": 1, "messages": ["hi"], "timeout": 12}"#;

        let synapse = parse(route(), body, hash(&[])).unwrap();

        assert_eq!(synapse.field("messages"), Some(&json!(["hi"])));
        assert_eq!(synapse.field("temperature"), Some(&json!(0.5)));
        assert_eq!(synapse.field("timeout"), Some(&json!(12)));
        assert_eq!(synapse.field("answer"), Some(&Json::Null));
        assert_eq!(synapse.field("stranger"), None);
        assert_eq!(synapse.field("name"), None);
    }

    #[test]
    fn a_field_can_be_set_to_what_its_type_allows() {
        let mut synapse = parse(route(), r#"{"messages": []}"#, hash(&[])).unwrap();

        assert_eq!(synapse.set("answer", json!("42")), Ok(()));
        assert!(matches!(synapse.set("answer", json!(42)), Err(SetError::Mismatch { .. })));
        assert!(matches!(synapse.set("anwser", json!("42")), Err(SetError::UnknownField { .. })));
        assert!(matches!(synapse.set("axon", json!({})), Err(SetError::UnknownField { .. })));
        assert_eq!(synapse.field("answer"), Some(&json!("42")));
    }

    #[test]
    fn an_answer_has_both_terminals_even_if_the_request_has_none() {
        for body in [r#"{"messages": []}"#, r#"{"messages": [], "axon": null, "dendrite": null}"#] {
            let synapse = parse(route(), body, hash(&[])).unwrap();

            let response = synapse.into_response(Duration::from_millis(250));

            let body = body_of(&response);
            assert_eq!(body["axon"]["status_code"], 200);
            assert_eq!(body["axon"]["process_time"], 0.25);
            assert_eq!(body["dendrite"]["hotkey"], Json::Null);
            assert_eq!(body["name"], "Ask");
            assert_eq!(response.headers["timeout"], "64");
            assert_eq!(response.headers["bt_header_input_obj_messages"], "W10=");
        }
    }

    #[test]
    fn hostile_text_cannot_reach_beyond_its_header() {
        let body =
            json!({"messages": [], "axon": {"ip": "1\r\nset-cookie: a", "hotkey": "é".repeat(9000)}}).to_string();

        let response = parse(route(), &body, hash(&[])).unwrap().into_response(Duration::ZERO);

        assert_eq!(response.headers["bt_header_axon_ip"], "1??set-cookie: a");
        assert_eq!(response.headers["bt_header_axon_hotkey"].len(), 512);
        assert!(!response.headers.contains_key("set-cookie"));
    }

    #[test]
    fn the_hash_may_be_of_any_pythons_unicode() {
        let mut route = route();
        route["hash_fields"] = json!(["messages"]);
        let body = "{\"messages\": [\"\u{1fae8}\"]}";

        for text in ["['\\U0001fae8']", "['\u{1fae8}']"] {
            let response = parse(route.clone(), body, hash(&[text])).unwrap().into_response(Duration::ZERO);

            assert_eq!(response.headers["computed_body_hash"], hex::encode(hash(&[text])).as_str());
        }
        assert_eq!(parse(route, body, hash(&["['\\\\U0001fae8']"])).unwrap_err().reason, RefusalReason::BodyHash);
    }

    #[test]
    fn a_number_that_is_not_finite_is_refused_where_a_float_is_declared() {
        let mut route = route();
        let typed = parse(route.clone(), r#"{"messages": [], "temperature": NaN}"#, hash(&[]));
        route["fields"]["temperature"]["type"] = json!("Any");
        let any = parse(route, r#"{"messages": [], "temperature": NaN}"#, hash(&[])).unwrap();

        assert_eq!(typed.unwrap_err().reason, RefusalReason::BadBody);
        assert_eq!(body_of(&any.into_response(Duration::ZERO))["temperature"], Json::Null);
    }

    #[test]
    fn what_does_not_fit_is_told_without_its_value() {
        let refused = parse(route(), r#"{"messages": ["a", {"secret": 1}]}"#, hash(&[])).unwrap_err();

        assert_eq!(refused.status, 422);
        assert_eq!(refused.message, "Body does not fit the synapse: at messages[1], a valid str is expected, not dict");
        for body in ["", "[]", "null", "{", "{}", "\u{feff}{}"] {
            assert_eq!(parse(route(), body, hash(&[])).unwrap_err().reason, RefusalReason::BadBody, "{body}");
        }
    }

    #[test]
    fn a_synapse_shows_no_text() {
        let synapse = parse(route(), r#"{"messages": ["secret"]}"#, hash(&[])).unwrap();

        assert!(!format!("{synapse:?}{:?}", synapse.clone().into_response(Duration::ZERO)).contains("secret"));
    }
}
