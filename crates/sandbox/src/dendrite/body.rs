//! The same facts twice, as the SDK sends them: in the headers and in the body.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Dendrite, HEADER_SIZE, OWN_IP, Query, TOTAL_SIZE, Target, VERSION, encoded, python};

/// Who asks whom, signed.
pub(super) struct Envelope<'a> {
    pub(super) dendrite: &'a Dendrite,
    pub(super) target: &'a Target,
    pub(super) nonce: u64,
    pub(super) signature: &'a str,
}

impl Envelope<'_> {
    pub(super) fn headers(&self, query: &Query, timeout: Duration, body_hash: &str) -> Vec<(String, String)> {
        let Self { dendrite, target, nonce, signature } = self;
        let named = |name: &str, value: &dyn ToString| (name.to_owned(), value.to_string());
        let mut headers = vec![
            named("name", &query.name()),
            named("timeout", &query.timeout_header(timeout)),
            named("bt_header_axon_ip", &target.address.ip()),
            named("bt_header_axon_port", &target.address.port()),
            named("bt_header_axon_hotkey", &target.hotkey),
            named("bt_header_dendrite_ip", &OWN_IP),
            named("bt_header_dendrite_version", &VERSION),
            named("bt_header_dendrite_nonce", nonce),
            named("bt_header_dendrite_uuid", &dendrite.uuid),
            named("bt_header_dendrite_hotkey", &dendrite.hotkey),
            named("bt_header_dendrite_signature", signature),
        ];
        let required = query.required().iter();
        headers.extend(required.map(|(field, empty)| (format!("bt_header_input_obj_{field}"), encoded(empty))));
        headers.push(named("header_size", &HEADER_SIZE));
        headers.push(named("total_size", &TOTAL_SIZE));
        headers.push(named("computed_body_hash", &body_hash));
        headers
    }

    pub(super) fn body(&self, query: &Query, timeout: Duration) -> Vec<u8> {
        let Self { dendrite, target, nonce, signature } = self;
        let mut body = object([
            ("name", json!(query.name())),
            ("timeout", query.timeout(timeout)),
            ("total_size", json!(TOTAL_SIZE)),
            ("header_size", json!(0)),
        ]);
        let sender = terminal([
            ("ip", json!(OWN_IP)),
            ("version", json!(VERSION)),
            ("nonce", json!(nonce)),
            ("uuid", json!(dendrite.uuid)),
            ("hotkey", json!(dendrite.hotkey)),
            ("signature", json!(signature)),
        ]);
        let receiver = terminal([
            ("ip", json!(target.address.ip())),
            ("port", json!(target.address.port())),
            ("hotkey", json!(target.hotkey)),
        ]);
        body.insert("dendrite".into(), Value::Object(sender));
        body.insert("axon".into(), Value::Object(receiver));
        body.insert("computed_body_hash".into(), json!(""));
        body.extend(query.fields());
        python::json(&body)
    }
}

/// Makes a `TerminalInfo`: ten fields in their order, of which some have values.
fn terminal<const N: usize>(known: [(&str, Value); N]) -> Map<String, Value> {
    let names = [
        "status_code",
        "status_message",
        "process_time",
        "ip",
        "port",
        "version",
        "nonce",
        "uuid",
        "hotkey",
        "signature",
    ];
    let mut terminal = object(names.map(|name| (name, Value::Null)));
    terminal.extend(object(known));
    terminal
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
