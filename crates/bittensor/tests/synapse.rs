//! The classic protocol against what real dendrites of four SDKs sent and what the reference axon answered.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bittensor::protocol::{NonceWindow, Refused, Response};
use bittensor::synapse::{Schema, Synapse, authenticate};
use common::config::subnet::Route;
use common::id::{RouteName, Ss58};
use common::record::RefusalReason;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

/// What miner-daemon does with a request, in short.
struct Axon {
    schemas: BTreeMap<RouteName, Schema>,
    own: Ss58,
    allowed: Option<Vec<String>>,
    now_ns: u64,
    nonces: NonceWindow,
}

impl Axon {
    fn new(case: &Value) -> Self {
        let allowed = case["allowed_hotkeys"].as_array();
        Self {
            schemas: schemas(),
            own: case["receiver_hotkey"].as_str().unwrap().parse().unwrap(),
            allowed: allowed.map(|keys| keys.iter().map(|key| key.as_str().unwrap().to_owned()).collect()),
            now_ns: case["now_ns"].as_str().unwrap().parse().unwrap(),
            nonces: NonceWindow::new(1000, 0),
        }
    }

    fn receive(&mut self, request: &Value) -> Result<Synapse, Refused> {
        let refused = |reason, status, claimed| Refused { reason, status, message: "No".to_owned(), claimed };
        let signed = authenticate(&headers(request), &self.own, self.now_ns, &mut self.nonces)?;
        if self.allowed.as_ref().is_some_and(|allowed| !allowed.contains(&signed.caller.to_string())) {
            return Err(refused(RefusalReason::NotAdmitted, 403, Some(signed.caller)));
        }
        let route = RouteName::from(request["path"].as_str().unwrap().trim_start_matches('/'));
        let schema = self.schemas.get(&route).ok_or_else(|| refused(RefusalReason::UnknownRoute, 404, None))?;
        Synapse::parse(schema, &signed, &body(request))
    }
}

fn schemas() -> BTreeMap<RouteName, Schema> {
    let routes: BTreeMap<RouteName, Route> = serde_json::from_str(include_str!("data/routes.json")).unwrap();
    let compile = |(name, route): (RouteName, Route)| {
        let schema = Schema::compile(&name, &route).unwrap();
        (name, schema)
    };
    routes.into_iter().map(compile).collect()
}

fn headers(request: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for header in request["headers"].as_array().unwrap() {
        let name: HeaderName = header[0].as_str().unwrap().parse().unwrap();
        headers.append(name, HeaderValue::from_str(header[1].as_str().unwrap()).unwrap());
    }
    headers
}

fn body(request: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(request["body_base64"].as_str().unwrap()).unwrap()
}

fn file(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn requests() -> Value {
    file(include_str!("data/synapse_requests.json"))
}

fn case(id: &str) -> Value {
    let requests = requests();
    requests["cases"].as_array().unwrap().iter().find(|case| case["id"] == id).unwrap().clone()
}

#[test]
fn every_request_of_a_real_dendrite_is_accepted_and_echoed() {
    let requests = requests();
    let sent = requests["sdk_requests"].as_array().unwrap();

    for request in sent {
        let id = &request["id"];
        let synapse = Axon::new(request).receive(request).unwrap_or_else(|refused| panic!("{id}: {refused}"));
        let response = synapse.into_response(Duration::from_millis(1500));

        let mut echoed: Value = serde_json::from_slice(&response.body).unwrap();
        let mut expected: Value = serde_json::from_slice(&body(request)).unwrap();
        assert_eq!(echoed["axon"]["status_code"], 200, "{id}");
        echoed["axon"] = Value::Null;
        expected["axon"] = Value::Null;
        // A default of 0 for a float comes back as a float, as from the reference.
        assert_eq!(numbers_as_floats(echoed), numbers_as_floats(expected), "{id}");
        assert_eq!(response.headers["computed_body_hash"], headers(request)["computed_body_hash"], "{id}");
    }
    assert_eq!(sent.len(), 64);
}

fn numbers_as_floats(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(numbers_as_floats).collect(),
        Value::Object(entries) => entries.into_iter().map(|(key, value)| (key, numbers_as_floats(value))).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::String(_)) => other,
    }
}

#[test]
fn every_case_gets_its_verdict() {
    let requests = requests();
    let cases = requests["cases"].as_array().unwrap();

    for case in cases {
        let mut axon = Axon::new(case);
        let single = [case.clone()];
        let steps = case["steps"].as_array().map_or(&single[..], Vec::as_slice);
        let verdicts: Vec<&str> =
            steps.iter().map(|step| if axon.receive(step).is_ok() { "accept" } else { "reject" }).collect();

        assert_eq!(verdicts.join(","), case["expected"].as_str().unwrap(), "{}", case["id"]);
    }
    assert_eq!(cases.len(), 31);
}

#[test]
fn a_refusal_has_its_reason_and_status() {
    use RefusalReason::{
        BadBody, BadHeader, BadSignature, BodyHash, Future, NotAdmitted, Stale, UnknownRoute, Unsigned,
    };
    for (id, reason, status) in [
        ("bad/nonce-at-window-edge", Stale, 401),
        ("bad/nonce-17s-old-timeout-12", Stale, 401),
        ("bad/unsigned-timeout-widens-window", Stale, 401),
        ("bad/legacy-version-monotonic-nonce", Stale, 401),
        ("bad/no-version-nonce-99", Stale, 401),
        ("bad/nonce-1h-future", Future, 401),
        ("bad/forged-signature", BadSignature, 401),
        ("bad/missing-signature", Unsigned, 401),
        ("bad/signature-without-0x", BadSignature, 401),
        ("bad/wrong-receiver", BadSignature, 401),
        ("bad/nonce-altered", BadSignature, 401),
        ("bad/uuid-altered", BadSignature, 401),
        ("bad/claimed-hotkey", BadSignature, 401),
        ("bad/body-hash-header-altered", BadSignature, 401),
        ("bad/uuid-missing-signed-None", BadHeader, 401),
        ("bad/nonce-missing", BadHeader, 401),
        ("bad/body-hash-wrong-but-signed", BodyHash, 401),
        ("bad/hashed-field-tampered", BodyHash, 401),
        ("bad/unregistered", NotAdmitted, 403),
        ("bad/unknown-synapse", UnknownRoute, 404),
        ("bad/malformed-json", BadBody, 422),
        ("bad/field-type", BadBody, 422),
    ] {
        let case = case(id);

        let refused = Axon::new(&case).receive(&case).unwrap_err();

        assert_eq!((refused.reason, refused.status), (reason, status), "{id}");
        assert!(!refused.message.contains(case["receiver_hotkey"].as_str().unwrap()), "{id}");
    }
}

#[test]
fn a_refused_request_uses_up_no_nonce() {
    let good = case("ok/dummy");
    let mut forged = case("bad/forged-signature");
    forged["headers"] = good["headers"].clone();
    for header in forged["headers"].as_array_mut().unwrap() {
        if header[0] == "bt_header_dendrite_signature" {
            header[1] = json!(format!("0x{}", "11".repeat(64)));
        }
    }
    let mut axon = Axon::new(&good);

    assert_eq!(axon.receive(&forged).unwrap_err().reason, RefusalReason::BadSignature);
    assert!(axon.receive(&good).is_ok());
    assert_eq!(axon.receive(&good).unwrap_err().reason, RefusalReason::Replay);
}

#[test]
fn answers_are_those_of_the_reference() {
    let vectors = file(include_str!("data/synapse_responses.json"));
    for (id, field, answer) in [
        ("200/Dummy", Some("dummy_output"), json!(14)),
        ("200/PromptingSynapse", Some("completion"), json!("echo: hi")),
        ("200/Synapse-ping", None, Value::Null),
    ] {
        let vector = vectors["responses"].as_array().unwrap().iter().find(|vector| vector["id"] == id).unwrap();
        let reference: Value = serde_json::from_str(vector["body"].as_str().unwrap()).unwrap();
        let seconds = reference["axon"]["process_time"].as_f64().unwrap();

        let mut synapse = receive_recorded(&vector["request"]);
        if let Some(field) = field {
            synapse.set(field, answer).unwrap();
        }
        let response = synapse.into_response(Duration::from_secs_f64(seconds));

        let mut ours: Value = serde_json::from_slice(&response.body).unwrap();
        // The recorded axon has it as a class variable, most subnets as a field.
        ours.as_object_mut().unwrap().shift_remove("required_hash_fields");
        assert_eq!(without_process_time(ours), without_process_time(reference), "{id}");
        // What the server adds, and what differs by nature: times, and sizes of Python objects.
        let other = ["date", "server", "content-length", "bt_header_axon_process_time", "header_size", "total_size"];
        assert_eq!(texts(&response, &other), recorded(vector, &other), "{id}");
        let sent: f64 = response.headers["bt_header_axon_process_time"].to_str().unwrap().parse().unwrap();
        assert!((sent - seconds).abs() < 1e-8, "{id}");
    }
}

/// Accepts a request that a dendrite made for the reference axon.
fn receive_recorded(request: &Value) -> Synapse {
    let headers = headers(request);
    let nonce: u64 = headers["bt_header_dendrite_nonce"].to_str().unwrap().parse().unwrap();
    let own = headers["bt_header_axon_hotkey"].to_str().unwrap().parse().unwrap();
    let signed = authenticate(&headers, &own, nonce + 1, &mut NonceWindow::new(1, 0)).unwrap();
    let name = RouteName::from(headers["name"].to_str().unwrap());
    Synapse::parse(&schemas()[&name], &signed, &body(request)).unwrap()
}

fn without_process_time(mut body: Value) -> String {
    body["axon"]["process_time"] = Value::Null;
    // As text, because the order counts too.
    body.to_string()
}

fn texts(response: &Response, except: &[&str]) -> BTreeMap<String, String> {
    let pair = |(name, value): (&HeaderName, &HeaderValue)| (name.to_string(), value.to_str().unwrap().to_owned());
    response.headers.iter().map(pair).filter(|(name, _)| !except.contains(&name.as_str())).collect()
}

fn recorded(vector: &Value, except: &[&str]) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let pairs = vector["headers"].as_array().unwrap().iter().map(|pair| (text(&pair[0]), text(&pair[1])));
    pairs.filter(|(name, _)| !except.contains(&name.as_str())).collect()
}

#[test]
fn a_declined_request_says_so_where_a_dendrite_looks() {
    let case = case("ok/prompting");
    let synapse = Axon::new(&case).receive(&case).unwrap();

    let response = synapse.into_refusal(503, "Declined", Duration::from_millis(250));

    assert_eq!(response.status, 503);
    assert_eq!(response.body, br#"{"message":"Declined"}"#);
    assert_eq!(response.headers["content-type"], "application/json");
    assert_eq!(response.headers["bt_header_axon_status_code"], "503");
    assert_eq!(response.headers["bt_header_axon_status_message"], "Declined");
    assert_eq!(response.headers["bt_header_axon_process_time"], "0.25");
    assert_eq!(response.headers["name"], "PromptingSynapse");
    assert_eq!(response.headers["timeout"], "12.0");
    assert!(!response.headers.contains_key("bt_header_axon_signature"));
}

#[test]
fn body_hashes_are_those_of_the_sdk() {
    let vectors = file(include_str!("data/synapse_body_hash.json"));
    let mut known = 0;
    for vector in vectors["single_field"].as_array().unwrap() {
        let (python_type, models) = match vector["type"].as_str().unwrap() {
            "Model{a:int=0,b:Optional[str]=None}" => ("Pair", pair_model()),
            "List[Model]" => ("List[Pair]", pair_model()),
            other => (other, json!({})),
        };
        let route = json!({
            "fields": {"value": {"type": python_type}},
            "models": models,
            "hash_fields": ["value"],
            "action": {"decline": {}}
        });
        // What a hash is not known for cannot even be configured.
        let Ok(route) = serde_json::from_value::<Route>(route) else {
            assert!(is_unsupported(python_type), "{python_type}");
            continue;
        };
        let body = format!(r#"{{"value": {}}}"#, vector["json"].as_str().unwrap());

        assert!(has_hash(&route, &body, &vector["body_hash"]), "{vector}");
        known += 1;
    }
    assert_eq!(known, 100);
}

fn pair_model() -> Value {
    json!({"Pair": {"a": {"type": "int", "default": 0}, "b": {"type": "Optional[str]", "default": null}}})
}

fn is_unsupported(python_type: &str) -> bool {
    ["Union", "Tuple", "Set", "bytes", "Enum", "IntEnum", "Model{role", "List[Model{role", "Literal"]
        .iter()
        .any(|start| python_type.starts_with(start))
}

#[test]
fn several_hash_fields_are_hashed_in_the_given_order() {
    let vectors = file(include_str!("data/synapse_body_hash.json"));
    for vector in vectors["multi_field"].as_array().unwrap() {
        let route: Route = serde_json::from_value(json!({
            "fields": {"a": {"type": "str"}, "b": {"type": "int"}, "c": {"type": "List[str]"}},
            "hash_fields": vector["hash_order"],
            "action": {"decline": {}}
        }))
        .unwrap();

        assert!(has_hash(&route, r#"{"a": "x", "b": 3, "c": ["q"]}"#, &vector["body_hash"]), "{vector}");
    }
}

/// A body is accepted if and only if it has the hash that was signed.
fn has_hash(route: &Route, body: &str, hash: &Value) -> bool {
    let schema = Schema::compile(&"Probe".into(), route).unwrap();
    let accepted = |hash: &str| Synapse::parse(&schema, &sign(hash), body.as_bytes()).is_ok();
    accepted(hash.as_str().unwrap()) && !accepted(&"00".repeat(32))
}

fn sign(body_hash: &str) -> bittensor::protocol::Signed {
    use bittensor::keys::{Keypair, Scheme};
    let alice = Keypair::from_uri(Scheme::Sr25519, "//Alice").unwrap();
    let own = alice.address();
    let message = format!("1000.{own}.{own}.client.{body_hash}");
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("bt_header_dendrite_hotkey", own.to_string()),
        ("bt_header_dendrite_nonce", "1000".to_owned()),
        ("bt_header_dendrite_uuid", "client".to_owned()),
        ("bt_header_dendrite_signature", format!("0x{}", hex::encode(alice.sign(message.as_bytes())))),
        ("computed_body_hash", body_hash.to_owned()),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    authenticate(&headers, &own, 1000, &mut NonceWindow::new(1, 0)).unwrap()
}
