//! `btauth/1` and Epistula over the wire, with OpenAI's chat and with plain JSON routes.

use std::io::Write as _;

use bittensor::keys::{Scheme, verify};
use bittensor::ss58;
use common::record::{DeliveryOutcome, RefusalReason};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::fakes::Seen;
use crate::harness::{ALICE, MINER, Miner};
use crate::peer::Answer;
use crate::validator::{Request, ask, btauth, btauth_at, epistula, nonce, sha256};

const CHAT: &str = "/v1/chat/completions";

fn question(text: &str) -> Vec<u8> {
    json!({ "model": "gpt-9", "messages": [{ "role": "user", "content": text }], "max_tokens": 64 }).to_string().into()
}

#[tokio::test]
async fn a_chat_is_answered_in_both_protocols() {
    let mut miner = Miner::start(|_| {}).await;
    let mut peer = miner.connect().await;

    for request in [btauth("POST", CHAT, &question("Why?")), epistula(CHAT, &question("Why?"))] {
        let answer = peer.ask(request.bytes()).await;

        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.body["object"], "chat.completion");
        assert_eq!(answer.body["choices"][0]["message"]["content"], "You said: Why?");
        assert_eq!(answer.body["model"], "gpt-9");
        let Seen::Began(task) = miner.seen().await else { panic!("no task") };
        assert_eq!(
            (task.caller.as_str(), task.max_tokens, task.route.as_str()),
            (ALICE, Some(64), "v1/chat/completions")
        );
        assert_eq!(miner.delivery().await.outcome, DeliveryOutcome::Answered);
    }
}

#[tokio::test]
async fn an_ed25519_hotkey_is_as_good_where_it_is_listed() {
    let key = bittensor::keys::Keypair::from_uri(Scheme::Ed25519, "//Alice").unwrap();
    let miner = Miner::start(|config| config["callers"]["allow"] = json!([key.address()])).await;
    let request = btauth_at(nonce(), "//Alice", Scheme::Ed25519, "POST", CHAT, &question("Why?"));

    let answer = miner.connect().await.ask(request.bytes()).await;

    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[tokio::test]
async fn answers_are_signed_with_the_hotkey_for_their_caller() {
    let miner = Miner::start(|_| {}).await;
    let mut peer = miner.connect().await;

    let request = btauth("POST", CHAT, &question("Why?"));
    let sent = request.headers.iter().find(|(name, _)| name == "X-Bittensor-Nonce").unwrap().1.clone();
    let answer = peer.ask(request.bytes()).await;
    let hash = sha256(answer.text.as_bytes());
    let payload = format!("twresp/1\nsr25519\n{sent}\n{ALICE}\n{MINER}\n200\n{hash}");
    assert!(is_signed(&payload, &answer.headers["x-tw-resp-signature"]));

    let answer = peer.ask(epistula(CHAT, &question("Why?")).bytes()).await;
    let header = |name: &str| answer.headers[name].as_str();
    let (hash, uuid, at) = (sha256(answer.text.as_bytes()), header("epistula-uuid"), header("epistula-timestamp"));
    assert!(is_signed(&format!("{hash}.{uuid}.{at}.{ALICE}"), header("epistula-request-signature")));
}

fn is_signed(message: &str, signature: &str) -> bool {
    let mut bytes = [0; 64];
    hex::decode_to_slice(&signature[2..], &mut bytes).unwrap();
    verify(Scheme::Sr25519, &ss58::decode(MINER).unwrap(), message.as_bytes(), &bytes)
}

#[tokio::test]
async fn each_refusal_has_its_protocols_status_and_says_nothing_more() {
    let mut miner = Miner::start(|config| config["server"] = json!({ "max_body_bytes": 20_000 })).await;
    let body = question("Why?");
    let other = |request: Request, body: &[u8]| Request { body: body.to_vec(), ..request };
    let bob = btauth_at(nonce(), "//Bob", Scheme::Sr25519, "POST", CHAT, &body);
    let long_ago = btauth_at(nonce() - 11_000_000_000, "//Alice", Scheme::Sr25519, "POST", CHAT, &body);
    let not_json = |text: &str| btauth("POST", CHAT, text.as_bytes());
    let without = |mut request: Request, name: &str| {
        request.headers.retain(|(known, _)| known != name);
        request
    };

    for (request, status, reason) in [
        (without(btauth("POST", CHAT, &body), "X-Bittensor-Signature"), 401, RefusalReason::Unsigned),
        (without(btauth("POST", CHAT, &body), "X-Bittensor-Receiver"), 401, RefusalReason::WrongReceiver),
        (without(epistula(CHAT, &body), "Epistula-Request-Signature"), 400, RefusalReason::Unsigned),
        (epistula(CHAT, &body).with("Epistula-Signed-For", ALICE), 400, RefusalReason::WrongReceiver),
        (epistula(CHAT, &body).with("Epistula-Version", "1"), 400, RefusalReason::BadHeader),
        (long_ago, 401, RefusalReason::Stale),
        (other(btauth("POST", CHAT, &body), b"{}"), 401, RefusalReason::BadSignature),
        (other(epistula(CHAT, &body), b"{}"), 400, RefusalReason::BadSignature),
        (
            Request { path: "/v1/chat/completions?a=b".into(), ..btauth("POST", CHAT, &body) },
            401,
            RefusalReason::BadSignature,
        ),
        (bob, 403, RefusalReason::NotAdmitted),
        (Request { path: CHAT.into(), ..ask("Why?") }, 401, RefusalReason::BadHeader),
        (Request { path: "/Ask".into(), ..btauth("POST", "/Ask", &body) }, 401, RefusalReason::BadHeader),
        (btauth("GET", CHAT, b""), 405, RefusalReason::Method),
        (btauth("POST", CHAT, &vec![b' '; 20_001]), 413, RefusalReason::TooLarge),
        (not_json("{"), 422, RefusalReason::BadBody),
        (not_json(""), 422, RefusalReason::BadBody),
        (not_json("[]"), 422, RefusalReason::BadBody),
        (not_json("{\"messages\": NaN}"), 422, RefusalReason::BadBody),
        (not_json("{\"messages\": \"\\ud800\"}"), 422, RefusalReason::BadBody),
        (not_json(&"[".repeat(10_000)), 422, RefusalReason::BadBody),
        (not_json("{\"messages\": 1e999}"), 422, RefusalReason::BadBody),
        (btauth("POST", "/classify", b"{}"), 422, RefusalReason::BadBody),
        (btauth("POST", "/classify", b"{\"text\": 1}"), 422, RefusalReason::BadBody),
    ] {
        let answer = miner.connect().await.ask(request.bytes()).await;

        assert_eq!((answer.status, miner.refusal().await.reason), (status, reason), "{}", answer.text);
        assert!(!answer.text.contains("Ping") && !answer.text.contains(MINER), "{}", answer.text);
        assert!(!answer.headers.keys().any(|name| name.contains("signature")), "signed for somebody who is refused");
    }
}

#[tokio::test]
async fn a_request_works_once_in_every_protocol() {
    let mut miner = Miner::start(|_| {}).await;

    for (request, status) in [(btauth("POST", CHAT, &question("Why?")), 401), (epistula(CHAT, &question("Why?")), 400)]
    {
        let first = miner.connect().await.ask(request.bytes()).await;
        miner.delivery().await;
        let second = miner.connect().await.ask(request.bytes()).await;

        assert_eq!((first.status, second.status), (200, status));
        assert_eq!(miner.refusal().await.reason, RefusalReason::Replay);
    }
}

#[tokio::test]
async fn nonces_in_the_window_work_in_any_order() {
    let miner = Miner::start(|_| {}).await;
    let mut peer = miner.connect().await;
    let now = nonce();

    for early in [0, 9_000_000_000, 5_000_000_000, 1] {
        let request = btauth_at(now - early, "//Alice", Scheme::Sr25519, "POST", CHAT, &question("Why?"));
        assert_eq!(peer.ask(request.bytes()).await.status, 200, "{early}");
    }
}

#[tokio::test]
async fn what_asks_no_model_may_be_got() {
    let miner = Miner::start(|_| {}).await;
    let mut peer = miner.connect().await;

    let health = peer.ask(btauth("GET", "/health", b"").bytes()).await;
    let posted = peer.ask(epistula("/health", b"{}").bytes()).await;

    assert_eq!((health.status, &health.body), (200, &json!({ "status": "ok" })));
    assert_eq!((posted.status, &posted.body), (200, &json!({ "status": "ok" })));
}

#[tokio::test]
async fn an_answer_that_does_not_fit_the_schema_does_not_leave() {
    let mut miner = Miner::start(|_| {}).await;
    let classify = |text: &str| btauth("POST", "/classify", json!({ "text": text }).to_string().as_bytes());

    let fits = miner.connect().await.ask(classify("good").bytes()).await;
    let outcomes = [miner.delivery().await.outcome];
    let misfits: Vec<Answer> = {
        let mut peer = miner.connect().await;
        vec![peer.ask(classify("Why?").bytes()).await, peer.ask(classify("nothing").bytes()).await]
    };

    assert_eq!((fits.status, &fits.body), (200, &json!({ "label": "good" })));
    assert_eq!(outcomes, [DeliveryOutcome::Answered]);
    for misfit in misfits {
        assert_eq!((misfit.status, &misfit.body["detail"]), (500, &json!("Failed")));
    }
}

#[tokio::test]
async fn gzip_is_unpacked_only_if_configured_and_only_to_the_limit() {
    let packed = |body: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    };
    let send = |body: &[u8]| btauth("POST", CHAT, &packed(body)).with("Content-Encoding", "gzip");
    let bomb = vec![b' '; 50_000_000];
    let closed = Miner::start(|_| {}).await;
    let mut open =
        Miner::start(|config| config["server"] = json!({ "accept_gzip": true, "max_body_bytes": 100_000 })).await;

    let refused = closed.connect().await.ask(send(&question("Why?")).bytes()).await;
    let answered = open.connect().await.ask(send(&question("Why?")).bytes()).await;
    open.delivery().await;
    let too_large = open.connect().await.ask(send(&bomb).bytes()).await;
    let broken = btauth("POST", CHAT, b"no gzip").with("Content-Encoding", "gzip");
    let broken = open.connect().await.ask(broken.bytes()).await;

    assert_eq!((refused.status, answered.status), (415, 200), "{}", answered.text);
    assert_eq!((too_large.status, broken.status), (413, 400));
    assert_eq!(open.refusal().await.reason, RefusalReason::TooLarge);
}

#[tokio::test]
async fn a_stream_is_openais_events_in_both_protocols() {
    let mut miner = Miner::start(|_| {}).await;
    let body = json!({
        "messages": [{ "role": "user", "content": "one two" }], "stream": true,
        "stream_options": { "include_usage": true }
    });
    let body = body.to_string();

    for request in [btauth("POST", CHAT, body.as_bytes()), epistula(CHAT, body.as_bytes())] {
        let answer = miner.connect().await.ask(request.bytes()).await;

        assert_eq!((answer.status, answer.headers["content-type"].as_str()), (200, "text/event-stream"));
        let (chunks, last) = events(&answer.text);
        let said: String = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
        assert_eq!((said.as_str(), last.as_str()), ("You said: one two", "[DONE]"));
        assert!(chunks.len() > 5, "{chunks:?}");
        assert_eq!(miner.delivery().await.outcome, DeliveryOutcome::Answered);
    }
}

/// The events before the last one, and the last.
fn events(text: &str) -> (Vec<Value>, String) {
    let mut events: Vec<&str> =
        text.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap()).collect();
    let last = events.pop().unwrap().to_owned();
    (events.into_iter().map(|event| serde_json::from_str(event).unwrap()).collect(), last)
}
