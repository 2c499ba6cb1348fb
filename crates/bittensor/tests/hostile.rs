//! Whatever is sent, nothing panics, and nothing but the signed request itself is taken for it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bittensor::keys::{Keypair, Scheme};
use bittensor::protocol::{NonceWindow, Signed};
use bittensor::synapse::{Schema, Synapse, authenticate};
use common::config::subnet::Route;
use common::id::Ss58;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use serde_json::json;

const NOW_NS: u64 = 1_795_345_600_000_000_000;
const EMPTY_HASH: &str = "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";
const NAMES: [&str; 8] = [
    "bt_header_dendrite_hotkey",
    "bt_header_dendrite_nonce",
    "bt_header_dendrite_uuid",
    "bt_header_dendrite_signature",
    "computed_body_hash",
    "timeout",
    "name",
    "other",
];

fn own() -> Ss58 {
    "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe".parse().unwrap()
}

fn signed_headers() -> HeaderMap {
    let alice = Keypair::from_uri(Scheme::Sr25519, "//Alice").unwrap();
    let caller = alice.address();
    let uuid = "11111111-2222-11f1-9926-02fc00000001";
    let message = format!("{NOW_NS}.{caller}.{}.{uuid}.{EMPTY_HASH}", own());
    let values = [
        caller.to_string(),
        NOW_NS.to_string(),
        uuid.to_owned(),
        format!("0x{}", hex::encode(alice.sign(message.as_bytes()))),
        EMPTY_HASH.to_owned(),
        "12.0".to_owned(),
    ];
    NAMES.iter().zip(values).map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
}

fn receive(headers: &HeaderMap) -> Option<Signed> {
    authenticate(headers, &own(), NOW_NS, &mut NonceWindow::new(10, 0)).ok()
}

fn schema() -> Schema {
    let route: Route = serde_json::from_value(json!({
        "fields": {"question": {"type": "str"}, "seed": {"type": "Optional[int]", "default": null}},
        "action": {"decline": {}}
    }))
    .unwrap();
    Schema::compile(&"Ask".into(), &route).unwrap()
}

#[test]
fn the_unchanged_request_is_accepted() {
    assert!(receive(&signed_headers()).is_some());
}

proptest! {
    #[test]
    fn no_headers_make_it_panic(headers in prop::collection::vec((0_usize..8, prop::collection::vec(any::<u8>(), 0..80)), 0..12)) {
        let mut map = signed_headers();
        for (name, value) in headers {
            if let (Some(name), Ok(value)) = (NAMES.get(name), HeaderValue::from_bytes(&value)) {
                map.append(HeaderName::from_static(name), value);
            }
        }

        let response = authenticate(&map, &own(), NOW_NS, &mut NonceWindow::new(10, 0)).map_err(|refused| refused.into_response(common::config::subnet::Protocol::Synapse, &map));

        if let Err(response) = response {
            prop_assert!(response.headers.len() <= 7);
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&response.body).is_ok_and(|body| body.is_object()));
        }
    }

    #[test]
    fn a_mutated_request_never_verifies(header in 0_usize..5, position in 0_usize..130, byte in 0x20_u8..0x7f) {
        let mut headers = signed_headers();
        let name = NAMES.get(header).unwrap();
        let mut value = headers.get(*name).unwrap().as_bytes().to_vec();
        let length = value.len();
        *value.get_mut(position % length).unwrap() = byte;
        let changed = HeaderValue::from_bytes(&value).unwrap();
        // The case of the signature's digits means nothing.
        let same = changed.as_bytes().eq_ignore_ascii_case(headers.get(*name).unwrap().as_bytes())
            && (changed == headers.get(*name).unwrap() || *name == "bt_header_dendrite_signature" && value.starts_with(b"0x"));
        headers.insert(*name, changed);

        prop_assert_eq!(receive(&headers).is_some(), same);
    }

    #[test]
    fn no_body_makes_it_panic(body in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        r#"[{}\[\]":, a-z0-9\\.eN-]{0,80}"#.prop_map(String::into_bytes),
        (".*", ".*").prop_map(|(question, name)| json!({"question": question, "name": name, "axon": {"ip": name}}).to_string().into_bytes()),
    ]) {
        let signed = receive(&signed_headers()).unwrap();

        if let Ok(synapse) = Synapse::parse(&schema(), &signed, &body) {
            let response = synapse.into_response(std::time::Duration::from_millis(1));

            prop_assert_eq!(response.status, 200);
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&response.body).is_ok());
        }
    }
}
