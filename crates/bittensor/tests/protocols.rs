//! `btauth/1` and Epistula against requests that the real SDK and the public miners have judged, and against anything else.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bittensor::keys::{Keypair, Scheme};
use bittensor::protocol::{self, AnswerSigner, Claim, Head, NonceWindow, Refused, Response, Signed};
use common::config::subnet::Protocol;
use common::id::Ss58;
use common::record::RefusalReason;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use serde_json::Value;

const NOW_NS: u64 = 1_795_345_600_000_000_000;
const SECOND: u64 = 1_000_000_000;
const BTAUTH: &str = include_str!("data/btauth.json");
const EPISTULA: &str = include_str!("data/epistula.json");
const TWRESP: &str = include_str!("data/twresp.json");

/// A request that can be taken apart.
#[derive(Clone, Debug)]
struct Sent {
    method: String,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Sent {
    fn of(case: &Value) -> Self {
        let listed = case["headers"].as_array().into_iter().flatten().map(|pair| (text(&pair[0]), text(&pair[1])));
        let named = case["headers"].as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text(value)));
        let pairs: Vec<(String, String)> = listed.chain(named).collect();
        assert!(!pairs.is_empty(), "no headers");
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(&value).unwrap());
        }
        let target = case.get("target").or_else(|| case.get("path")).unwrap();
        let body = BASE64_STANDARD.decode(text(&case["body_base64"])).unwrap();
        Self { method: text(&case["method"]), target: text(target), headers, body }
    }

    fn receive(&self, protocol: Protocol, own: &Ss58, now_ns: u64, seen: &mut NonceWindow) -> Result<Signed, Refused> {
        let head = Head { method: &self.method, target: &self.target, headers: &self.headers };
        let verified = match protocol::claim(protocol, head, own, now_ns)? {
            Claim::OfHead(claim) => claim.verify()?,
            Claim::OfBody(claim) => claim.verify_body(&self.body)?,
        };
        Ok(verified.spend(seen)?.0)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn file(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn cases(file: &Value) -> &[Value] {
    file["vectors"].as_array().unwrap()
}

fn window() -> NonceWindow {
    NonceWindow::new(1000, 0)
}

#[test]
fn every_btauth_case_gets_the_verdict_of_the_sdk() {
    let file = file(BTAUTH);
    let mut judged = 0;

    for case in cases(&file) {
        let id = text(&case["id"]);
        let (own, now_ns) = (text(&case["self_hotkey"]).parse().unwrap(), text(&case["now_ns"]).parse().unwrap());
        let mut seen = window();
        if let Some(prior) = case.get("prior") {
            Sent::of(prior).receive(Protocol::Btauth, &own, now_ns, &mut seen).unwrap();
        }
        let result = Sent::of(case).receive(Protocol::Btauth, &own, now_ns, &mut seen);

        match case["expected"].as_str().unwrap() {
            "accept" => assert!(result.is_ok(), "{id}: {result:?}"),
            "reject" => {
                let refused = result.expect_err(&id);
                assert!(
                    reasons(case["reference_error"].as_str().unwrap()).contains(&refused.reason),
                    "{id}: {refused:?}"
                );
                assert_eq!(refused.status, 401, "{id}");
            }
            // The SDK is lenient there; this is not.
            "either" if id == "lenient/bytes-wrapped" => assert!(result.is_ok(), "{id}"),
            "either" => assert!(result.is_err(), "{id}"),
            other => panic!("{id}: {other}"),
        }
        judged += 1;
    }
    assert_eq!(judged, 41);
}

/// What the SDK's errors are here.
fn reasons(error: &str) -> &'static [RefusalReason] {
    match error {
        "MalformedAuth" => &[RefusalReason::BadHeader, RefusalReason::Unsigned],
        "WrongReceiver" => &[RefusalReason::WrongReceiver],
        "StaleRequest" => &[RefusalReason::Stale, RefusalReason::Future],
        "BadSignature" => &[RefusalReason::BadSignature],
        "ReplayedRequest" => &[RefusalReason::Replay],
        other => panic!("{other}"),
    }
}

#[test]
fn every_epistula_case_gets_the_verdict_of_the_strict_miners() {
    let file = file(EPISTULA);
    let own = text(&file["receiver_hotkey"]).parse().unwrap();
    let allowed: Vec<&str> = file["allowed_hotkeys"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let mut judged = 0;

    for case in cases(&file) {
        let id = text(&case["id"]);
        let now_ns = case["now_ms"].as_u64().unwrap() * 1_000_000;
        let mut seen = window();
        let sent = Sent::of(case);
        let result = sent.receive(Protocol::Epistula, &own, now_ns, &mut seen);
        let is_admitted = result.as_ref().is_ok_and(|signed| allowed.contains(&signed.caller.as_str()));

        assert_eq!(is_admitted, case["expected"] == "accept", "{id}: {result:?}");
        if is_admitted {
            let again = sent.receive(Protocol::Epistula, &own, now_ns, &mut seen).expect_err(&id);
            assert_eq!((again.reason, again.status), (RefusalReason::Replay, 400), "{id}");
        }
        judged += 1;
    }
    assert_eq!(judged, 17);
}

#[test]
fn a_request_shows_its_protocol() {
    let shown = |sent: &Sent| protocol::shown(&sent.headers);
    let (btauth, epistula) = (file(BTAUTH), file(EPISTULA));

    assert!(cases(&btauth).iter().all(|case| shown(&Sent::of(case)) == Some(Protocol::Btauth)));
    assert!(cases(&epistula).iter().all(|case| shown(&Sent::of(case)) == Some(Protocol::Epistula)));
    assert_eq!(protocol::shown(&HeaderMap::new()), None);
}

#[test]
fn a_header_that_comes_twice_is_refused() {
    for (file, protocol, names) in [
        (file(BTAUTH), Protocol::Btauth, ["x-bittensor-hotkey", "x-bittensor-nonce", "x-bittensor-receiver"]),
        (file(EPISTULA), Protocol::Epistula, ["epistula-signed-by", "epistula-uuid", "epistula-signed-for"]),
    ] {
        for name in names {
            let mut sent = Sent::of(&cases(&file)[0]);
            let value = sent.headers[name].clone();
            sent.headers.append(name, value);

            let refused = sent.receive(protocol, &miner().address(), NOW_NS, &mut window()).unwrap_err();

            assert_eq!(refused.reason, RefusalReason::BadHeader, "{name}");
        }
    }
}

#[test]
fn a_refusal_is_readable_for_fastapi_and_openai_clients() {
    let mut sent = Sent::of(&cases(&file(EPISTULA))[0]);
    sent.headers.remove("epistula-request-signature");
    let refused = sent.receive(Protocol::Epistula, &miner().address(), NOW_NS, &mut window()).unwrap_err();

    let response = refused.into_response(Protocol::Epistula, &sent.headers);

    let body: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(
        (response.status, &response.headers["content-type"]),
        (400, &HeaderValue::from_static("application/json"))
    );
    assert_eq!(body["detail"], "Missing epistula-request-signature");
    assert_eq!(body["error"]["message"], body["detail"]);
}

#[test]
fn the_golden_response_signatures_are_made() {
    let file = file(TWRESP);
    let key = Keypair::from_uri(Scheme::Ed25519, "//Bob").unwrap();
    let golden = cases(&file).iter().filter(|case| case["id"].as_str().unwrap().starts_with("ed25519"));

    for case in golden.filter(|case| case.get("body_base64").is_some()) {
        assert_eq!(key.address().as_str(), case["responder"], "the golden responder is Bob");
        let mut response = Response {
            status: u16::try_from(case["status"].as_u64().unwrap()).unwrap(),
            headers: HeaderMap::new(),
            body: BASE64_STANDARD.decode(text(&case["body_base64"])).unwrap(),
        };

        AnswerSigner::new(Arc::new(Keypair::from_uri(Scheme::Ed25519, "//Bob").unwrap())).sign(
            &signed_at(text(&case["request_nonce"]).parse().unwrap()),
            &mut response,
            0,
            "",
        );

        for (name, value) in case["headers"].as_object().unwrap() {
            assert_eq!(response.headers[name.to_ascii_lowercase().as_str()].to_str().unwrap(), value, "{name}");
        }
    }
}

/// A request of Alice's to Bob that was verified at its own time.
fn signed_at(nonce_ns: u64) -> Signed {
    let own = Keypair::from_uri(Scheme::Ed25519, "//Bob").unwrap().address();
    let sent = btauth(Scheme::Sr25519, "POST", "/", nonce_ns, &own, b"{}");
    sent.receive(Protocol::Btauth, &own, nonce_ns, &mut window()).unwrap()
}

#[test]
fn an_epistula_answer_is_signed_for_its_caller() {
    let own = miner().address();
    let signed = Sent::of(&cases(&file(EPISTULA))[0]).receive(Protocol::Epistula, &own, NOW_NS, &mut window()).unwrap();
    let mut response = Response { status: 200, headers: HeaderMap::new(), body: b"{}".to_vec() };

    AnswerSigner::new(Arc::new(miner())).sign(&signed, &mut response, NOW_NS / 1_000_000, "an-id");

    // The same message over the answer: whoever checks requests can check it.
    let answer = Sent { method: "POST".into(), target: "/".into(), headers: response.headers, body: response.body };
    let verified = answer.receive(Protocol::Epistula, &signed.caller, NOW_NS, &mut window()).unwrap();
    assert_eq!(verified.caller, own);
}

fn miner() -> Keypair {
    let phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    Keypair::from_mnemonic(Scheme::Sr25519, phrase).unwrap()
}

fn header_map(pairs: &[(&str, String)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn sha256(body: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(body))
}

fn btauth(scheme: Scheme, method: &str, target: &str, nonce_ns: u64, receiver: &Ss58, body: &[u8]) -> Sent {
    let key = Keypair::from_uri(scheme, "//Alice").unwrap();
    let name = match scheme {
        Scheme::Sr25519 => "sr25519",
        Scheme::Ed25519 => "ed25519",
    };
    let (sender, hash) = (key.address(), sha256(body));
    let payload = format!("btauth/1\n{name}\n{method}\n{target}\n{hash}\n{nonce_ns}\n{sender}\n{receiver}");
    let headers = header_map(&[
        ("x-bittensor-version", "1".into()),
        ("x-bittensor-hotkey", sender.to_string()),
        ("x-bittensor-nonce", nonce_ns.to_string()),
        ("x-bittensor-crypto", name.into()),
        ("x-bittensor-receiver", receiver.to_string()),
        ("x-bittensor-signature", format!("0x{}", hex::encode(key.sign(payload.as_bytes())))),
    ]);
    Sent { method: method.into(), target: target.into(), headers, body: body.to_vec() }
}

fn epistula(timestamp_ms: u64, uuid: &str, receiver: &Ss58, body: &[u8]) -> Sent {
    let key = Keypair::from_uri(Scheme::Sr25519, "//Alice").unwrap();
    let message = format!("{}.{uuid}.{timestamp_ms}.{receiver}", sha256(body));
    let headers = header_map(&[
        ("epistula-version", "2".into()),
        ("epistula-timestamp", timestamp_ms.to_string()),
        ("epistula-uuid", uuid.into()),
        ("epistula-signed-by", key.address().to_string()),
        ("epistula-signed-for", receiver.to_string()),
        ("epistula-request-signature", format!("0x{}", hex::encode(key.sign(message.as_bytes())))),
    ]);
    Sent { method: "POST".into(), target: "/v1/chat/completions".into(), headers, body: body.to_vec() }
}

fn protocols() -> impl Strategy<Value = Protocol> {
    prop_oneof![Just(Protocol::Synapse), Just(Protocol::Btauth), Just(Protocol::Epistula)]
}

fn any_header() -> impl Strategy<Value = (usize, Vec<u8>)> {
    (0..16_usize, prop::collection::vec(any::<u8>(), 0..80))
}

/// The headers that any protocol reads.
const NAMES: [&str; 16] = [
    "x-bittensor-version",
    "x-bittensor-hotkey",
    "x-bittensor-nonce",
    "x-bittensor-signature",
    "x-bittensor-receiver",
    "x-bittensor-crypto",
    "epistula-version",
    "epistula-timestamp",
    "epistula-uuid",
    "epistula-signed-by",
    "epistula-signed-for",
    "epistula-request-signature",
    "bt_header_dendrite_hotkey",
    "bt_header_dendrite_nonce",
    "computed_body_hash",
    "timeout",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is asked in time is accepted, once.
    #[test]
    fn an_honest_request_works_once(
        is_ed in any::<bool>(), age_ms in 0_u64..10_000, path in "/[a-z0-9/%._~-]{0,40}(\\?[a-z0-9=&%]{0,20})?",
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let own = miner().address();
        let scheme = if is_ed { Scheme::Ed25519 } else { Scheme::Sr25519 };
        let sent = btauth(scheme, "POST", &path, NOW_NS - age_ms * 1_000_000, &own, &body);
        let mut seen = window();

        prop_assert!(sent.receive(Protocol::Btauth, &own, NOW_NS, &mut seen).is_ok());
        let again = sent.receive(Protocol::Btauth, &own, NOW_NS, &mut seen).unwrap_err();
        prop_assert_eq!(again.reason, RefusalReason::Replay);
    }

    /// Out of its time it is refused, whatever it is.
    #[test]
    fn nothing_is_accepted_out_of_its_window(protocol in protocols(), ms in 980_000_u64..1_010_000) {
        let own = miner().address();
        let at = NOW_NS - 1_000_000 * 1_000_000 + ms * 1_000_000; // From 20 s ago to 10 s ahead.
        let (sent, oldest_ms) = match protocol {
            Protocol::Epistula => (epistula(at / 1_000_000, "an-id", &own, b"{}"), 8_000),
            Protocol::Btauth | Protocol::Synapse => (btauth(Scheme::Ed25519, "POST", "/", at, &own, b"{}"), 10_000),
        };
        let protocol = if protocol == Protocol::Epistula { protocol } else { Protocol::Btauth };
        let in_time = at + oldest_ms * 1_000_000 >= NOW_NS && at <= NOW_NS + 2 * SECOND;

        prop_assert_eq!(sent.receive(protocol, &own, NOW_NS, &mut window()).is_ok(), in_time);
    }

    /// A bit changed anywhere in what is signed is noticed.
    #[test]
    fn nothing_signed_can_be_changed(which in 0_usize..6, at in any::<prop::sample::Index>(), bit in 0_u8..7, is_btauth in any::<bool>()) {
        let own = miner().address();
        let (protocol, mut sent) = if is_btauth {
            (Protocol::Btauth, btauth(Scheme::Ed25519, "POST", "/v1/chat/completions?a=b", NOW_NS, &own, b"{\"a\":1}"))
        } else {
            (Protocol::Epistula, epistula(NOW_NS / 1_000_000, "0c9f0b1e-7d0a-4a6e-9a57-3f0a4b6c2d11", &own, b"{\"a\":1}"))
        };
        let names: [&str; 4] = if is_btauth {
            ["x-bittensor-hotkey", "x-bittensor-nonce", "x-bittensor-receiver", "x-bittensor-signature"]
        } else {
            ["epistula-signed-by", "epistula-timestamp", "epistula-uuid", "epistula-request-signature"]
        };
        let flip = |bytes: &mut Vec<u8>| { let at = at.index(bytes.len()); bytes[at] ^= 1 << bit; };
        match which {
            0..4 => {
                let mut value = sent.headers[names[which]].as_bytes().to_vec();
                flip(&mut value);
                let Ok(changed) = HeaderValue::from_bytes(&value) else { return Ok(()) };
                // Hex digits have two cases, and both mean the same.
                prop_assume!(!changed.as_bytes().eq_ignore_ascii_case(sent.headers[names[which]].as_bytes()));
                sent.headers.insert(names[which], changed);
            }
            4 => flip(&mut sent.body),
            _ if is_btauth => {
                let mut target = sent.target.clone().into_bytes();
                flip(&mut target);
                sent.target = String::from_utf8(target).unwrap();
            }
            _ => sent.body.push(b' '),
        }

        prop_assert!(sent.receive(protocol, &own, NOW_NS, &mut window()).is_err());
    }

    /// Nonsense is refused, and nothing panics.
    #[test]
    fn whatever_stands_in_the_headers_nothing_panics(protocol in protocols(), sent in prop::collection::vec(any_header(), 0..20), body in prop::collection::vec(any::<u8>(), 0..50)) {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(NAMES[name], value);
            }
        }
        let sent = Sent { method: "POST".into(), target: "/".into(), headers, body };

        let refused = sent.receive(protocol, &miner().address(), NOW_NS, &mut window()).unwrap_err();
        let response = refused.into_response(protocol, &sent.headers);
        prop_assert!(response.status >= 400);
    }
}
