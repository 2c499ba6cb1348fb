//! Signed requests as bytes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bittensor::keys::{Keypair, Scheme};
use sha2::{Digest, Sha256};

/// The miner's hotkey, from the golden wallet.
pub(crate) const MINER: &str = "5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe";
/// The body hash of a synapse without hash fields.
const NO_HASH_FIELDS: &str = "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";
/// About what a short prompt takes.
const BODY: &str = r#"{"name": "Ping", "timeout": 12.0, "total_size": 1024, "header_size": 0, "roles": ["user"], "messages": ["What is the difference between a sloop and a ketch, and which of them would you take across a lake?"], "computed_body_hash": ""}"#;

/// A protocol.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Synapse,
    Btauth,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Synapse => "synapse",
            Self::Btauth => "btauth",
        }
    }

    /// Requests that were signed just now, each with a nonce of its own.
    pub(crate) fn requests(self, count: usize) -> Vec<Vec<u8>> {
        let key = Keypair::from_uri(Scheme::Sr25519, "//Alice").unwrap();
        (0..count).map(|_| self.request(&key, nonce())).collect()
    }

    /// The headers of a request.
    pub(crate) fn headers(self, key: &Keypair, nonce: u64) -> Vec<(&'static str, String)> {
        let caller = key.address();
        let signature = |message: String| format!("0x{}", hex::encode(key.sign(message.as_bytes())));
        match self {
            Self::Synapse => {
                let uuid = "e043c240-e668-11f1-b38b-02fc00000001";
                let message = format!("{nonce}.{caller}.{MINER}.{uuid}.{NO_HASH_FIELDS}");
                vec![
                    ("name", "Ping".into()),
                    ("timeout", "12.0".into()),
                    ("bt_header_dendrite_version", "10005000".into()),
                    ("bt_header_dendrite_nonce", nonce.to_string()),
                    ("bt_header_dendrite_uuid", uuid.into()),
                    ("bt_header_dendrite_hotkey", caller.to_string()),
                    ("bt_header_dendrite_signature", signature(message)),
                    ("computed_body_hash", NO_HASH_FIELDS.into()),
                ]
            }
            Self::Btauth => {
                let hash = hex::encode(Sha256::digest(BODY));
                let message = format!("btauth/1\nsr25519\nPOST\n/health\n{hash}\n{nonce}\n{caller}\n{MINER}");
                vec![
                    ("x-bittensor-version", "1".into()),
                    ("x-bittensor-hotkey", caller.to_string()),
                    ("x-bittensor-nonce", nonce.to_string()),
                    ("x-bittensor-receiver", MINER.into()),
                    ("x-bittensor-signature", signature(message)),
                ]
            }
        }
    }

    /// A request whose signature is of another one.
    pub(crate) fn forged(self, honest: &[u8]) -> Vec<u8> {
        let text = String::from_utf8(honest.to_vec()).unwrap();
        let at = text.find("nonce: ").unwrap() + "nonce: ".len();
        let (before, rest) = text.split_at(at);
        let (_, after) = rest.split_once('\r').unwrap();
        format!("{before}{}\r{after}", nonce()).into_bytes()
    }

    pub(crate) fn body(self) -> &'static str {
        BODY
    }

    /// A request that was signed just now.
    pub(crate) fn request(self, key: &Keypair, nonce: u64) -> Vec<u8> {
        let path = match self {
            Self::Synapse => "/Ping",
            Self::Btauth => "/health",
        };
        let lines: String =
            self.headers(key, nonce).iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("POST {path} HTTP/1.1\r\nhost: miner\r\ncontent-type: application/json\r\n{lines}");
        format!("{head}content-length: {}\r\n\r\n{BODY}", BODY.len()).into_bytes()
    }
}

/// Unlike any nonce before.
pub(crate) fn nonce() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap();
    LAST.fetch_max(now, Ordering::Relaxed);
    LAST.fetch_add(1, Ordering::Relaxed)
}
