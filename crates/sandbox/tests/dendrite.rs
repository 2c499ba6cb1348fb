//! What the simulated validators send is what the dendrite of the Python SDK 10.5.0 sends; `golden.py` wrote the data.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use bittensor::keys::{Scheme, verify};
use bittensor::ss58;
use http::Request;
use sandbox::dendrite::{Dendrite, Query, Target};
use serde_json::Value;
use uuid::Uuid;

/// Python's own sizes of objects, and a signature that is different each time.
const INCOMPARABLE: [&str; 3] = ["header_size", "total_size", "bt_header_dendrite_signature"];

/// What the sandbox sends besides the SDK's headers, as aiohttp does.
const TRANSPORT: [&str; 4] = ["host", "accept", "user-agent", "content-type"];

#[test]
fn headers_are_the_sdks() {
    for (golden, request) in cases() {
        let headers = golden["headers"].as_object().unwrap();

        for (name, value) in headers.iter().filter(|(name, _)| !INCOMPARABLE.contains(&name.as_str())) {
            assert_eq!(header(&request, name), value.as_str().unwrap(), "{name}");
        }
        let sent = request.headers().keys().filter(|name| !TRANSPORT.contains(&name.as_str()));
        assert_eq!(sent.count(), headers.len());
        assert_eq!(request.uri().path(), format!("/{}", golden["synapse"].as_str().unwrap()));
    }
}

#[test]
fn bodies_are_the_sdks_byte_for_byte() {
    for (golden, request) in cases() {
        let theirs = golden["headers"].as_object().unwrap();
        let same = |body: &str, signature: &str, total_size: &str| {
            body.replace(signature, "SIGNATURE")
                .replace(&format!("\"total_size\": {total_size}"), "\"total_size\": SIZE")
        };
        let text = |name: &str| theirs[name].as_str().unwrap();

        let ours = String::from_utf8(request.body().clone()).unwrap();

        assert_eq!(
            same(&ours, header(&request, "bt_header_dendrite_signature"), header(&request, "total_size")),
            same(golden["body"].as_str().unwrap(), text("bt_header_dendrite_signature"), text("total_size")),
        );
    }
}

#[test]
fn the_sdks_message_is_signed() {
    for (golden, request) in cases() {
        let signer = ss58::decode(header(&request, "bt_header_dendrite_hotkey")).unwrap();
        let signature = hex::decode(header(&request, "bt_header_dendrite_signature").trim_start_matches("0x")).unwrap();
        let message = golden["message"].as_str().unwrap();

        assert!(verify(Scheme::Sr25519, &signer, message.as_bytes(), signature.as_slice().try_into().unwrap()));
    }
}

fn cases() -> Vec<(Value, Request<Vec<u8>>)> {
    let golden: Value = serde_json::from_str(include_str!("data/dendrite.json")).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    cases.iter().map(|case| (case.clone(), request(&golden, case))).collect()
}

/// A client of its own for each: the nonce is the golden one only the first time.
fn request(golden: &Value, case: &Value) -> Request<Vec<u8>> {
    let uuid: Uuid = golden["uuid"].as_str().unwrap().parse().unwrap();
    let dendrite = Dendrite::new(golden["validator"].as_str().unwrap(), uuid).unwrap();
    assert_eq!(dendrite.hotkey().as_str(), golden["hotkey"].as_str().unwrap());
    let hotkey = case["headers"]["bt_header_axon_hotkey"].as_str().unwrap().parse().unwrap();
    let target = Target { address: "127.0.0.1:8091".parse().unwrap(), hotkey };
    let timeout = Duration::from_secs_f64(case["timeout"].as_f64().unwrap());
    dendrite.request(&query(case), &target, timeout, golden["nonce"].as_u64().unwrap())
}

fn query(case: &Value) -> Query {
    let texts = |name: &str| serde_json::from_value(case["fields"][name].clone()).unwrap();
    let text = |name: &str| case["fields"][name].as_str().unwrap().to_owned();
    match case["synapse"].as_str().unwrap() {
        "PromptingSynapse" => Query::Prompting { roles: texts("roles"), messages: texts("messages") },
        "LogicSynapse" => Query::Logic { question: text("logic_question"), category: text("category") },
        other => panic!("no such synapse: {other}"),
    }
}

fn header<'a>(request: &'a Request<Vec<u8>>, name: &str) -> &'a str {
    request.headers()[name].to_str().unwrap()
}
