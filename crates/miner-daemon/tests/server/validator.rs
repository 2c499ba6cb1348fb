//! A validator that signs as the classic dendrite does.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bittensor::keys::{Keypair, Scheme};
use serde_json::{Value, json};

use crate::harness::MINER;

/// The body hash of a synapse without hash fields.
const NO_HASH_FIELDS: &str = "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";

/// A request, not yet written.
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Asks a question; signed by Alice.
pub(crate) fn ask(question: &str) -> Request {
    signed("//Alice", "Ask", &json!({ "question": question }))
}

/// Asks a question by a clock that is a second ahead: signed later than anything that a restart counts as used.
pub(crate) fn ask_later(question: &str) -> Request {
    signed_at(nonce() + 1_000_000_000, "//Alice", "Ask", &json!({ "question": question }))
}

/// Any request without hash fields.
pub(crate) fn signed(uri: &str, route: &str, body: &Value) -> Request {
    signed_at(nonce(), uri, route, body)
}

fn signed_at(nonce: u64, uri: &str, route: &str, body: &Value) -> Request {
    let key = Keypair::from_uri(Scheme::Sr25519, uri).unwrap();
    let (caller, uuid) = (key.address(), "e043c240-e668-11f1-b38b-02fc00000001");
    let message = format!("{nonce}.{caller}.{MINER}.{uuid}.{NO_HASH_FIELDS}");
    let signature = key.sign(message.as_bytes()).iter().fold("0x".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    let headers = [
        ("name", route),
        ("timeout", "12.0"),
        ("bt_header_dendrite_version", "10005000"),
        ("bt_header_dendrite_nonce", &nonce.to_string()),
        ("bt_header_dendrite_uuid", uuid),
        ("bt_header_dendrite_hotkey", caller.as_str()),
        ("bt_header_dendrite_signature", &signature),
        ("computed_body_hash", NO_HASH_FIELDS),
    ];
    Request {
        method: "POST",
        path: format!("/{route}"),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: body.to_string().into_bytes(),
    }
}

/// Unlike any nonce before, also within one tick of the clock.
fn nonce() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap();
    LAST.fetch_max(now, Ordering::Relaxed);
    LAST.fetch_add(1, Ordering::Relaxed)
}

impl Request {
    /// Replaces a header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The head with its empty line.
    pub(crate) fn head(&self) -> String {
        let Self { method, path, headers, body } = self;
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: miner\r\nContent-Type: application/json\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if !headers.iter().any(|(name, _)| matches!(name.as_str(), "Transfer-Encoding" | "Content-Length")) {
            write!(head, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        head + "\r\n"
    }

    /// All of it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.head().into_bytes(), self.body.clone()].concat()
    }
}
