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

pub(crate) fn signed_at(nonce: u64, uri: &str, route: &str, body: &Value) -> Request {
    let key = Keypair::from_uri(Scheme::Sr25519, uri).unwrap();
    let (caller, uuid) = (key.address(), "e043c240-e668-11f1-b38b-02fc00000001");
    let message = format!("{nonce}.{caller}.{MINER}.{uuid}.{NO_HASH_FIELDS}");
    let signature = text(key.sign(message.as_bytes()));
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

/// A request over `btauth/1`, signed by Alice.
pub(crate) fn btauth(method: &'static str, path: &str, body: &[u8]) -> Request {
    btauth_at(nonce(), "//Alice", Scheme::Sr25519, method, path, body)
}

pub(crate) fn btauth_at(
    nonce: u64,
    uri: &str,
    scheme: Scheme,
    method: &'static str,
    path: &str,
    body: &[u8],
) -> Request {
    let key = Keypair::from_uri(scheme, uri).unwrap();
    let (caller, hash) = (key.address(), sha256(body));
    let name = match scheme {
        Scheme::Sr25519 => "sr25519",
        Scheme::Ed25519 => "ed25519",
    };
    let payload = format!("btauth/1\n{name}\n{method}\n{path}\n{hash}\n{nonce}\n{caller}\n{MINER}");
    let headers = [
        ("X-Bittensor-Version", "1"),
        ("X-Bittensor-Hotkey", caller.as_str()),
        ("X-Bittensor-Nonce", &nonce.to_string()),
        ("X-Bittensor-Crypto", name),
        ("X-Bittensor-Receiver", MINER),
        ("X-Bittensor-Signature", &text(key.sign(payload.as_bytes()))),
    ];
    request(method, path, headers, body)
}

/// A request over Epistula, signed by Alice.
pub(crate) fn epistula(path: &str, body: &[u8]) -> Request {
    epistula_by("//Alice", nonce() / 1_000_000, path, body)
}

pub(crate) fn epistula_by(uri: &str, timestamp: u64, path: &str, body: &[u8]) -> Request {
    let key = Keypair::from_uri(Scheme::Sr25519, uri).unwrap();
    let (caller, number) = (key.address(), nonce());
    let uuid = format!("00000000-0000-4000-8000-{:012}", number % 1_000_000_000_000);
    let message = format!("{}.{uuid}.{timestamp}.{MINER}", sha256(body));
    let headers = [
        ("Epistula-Version", "2"),
        ("Epistula-Timestamp", &timestamp.to_string()),
        ("Epistula-Uuid", &uuid),
        ("Epistula-Signed-By", caller.as_str()),
        ("Epistula-Signed-For", MINER),
        ("Epistula-Request-Signature", &text(key.sign(message.as_bytes()))),
    ];
    request("POST", path, headers, body)
}

fn request<const N: usize>(method: &'static str, path: &str, headers: [(&str, &str); N], body: &[u8]) -> Request {
    Request {
        method,
        path: path.to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: body.to_vec(),
    }
}

pub(crate) fn sha256(body: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(body))
}

fn text(signature: [u8; 64]) -> String {
    format!("0x{}", hex::encode(signature))
}

/// Unlike any nonce before, also within one tick of the clock.
pub(crate) fn nonce() -> u64 {
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
