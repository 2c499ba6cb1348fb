//! A validator's client as the SDK 10.5 has it: what it sends, signs and makes of a response.
//!
//! Written against the protocol alone; the miner's reading of it is other code.

mod body;
mod nonce;
mod python;
mod reply;
mod synapse;

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bittensor::keys::{KeyError, Keypair, Scheme};
use common::id::Ss58;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use http::{HeaderMap, Request};
use uuid::Uuid;

use nonce::Nonces;
pub use reply::{Reply, read};
pub use synapse::Query;

/// 10.5.0, as major * 10^6 + minor * 10^3 + patch.
const VERSION: u32 = 10_005_000;

/// Python's sizes of objects in memory, which mean nothing to anyone.
const HEADER_SIZE: u32 = 464;
const TOTAL_SIZE: u32 = 3_585;

/// What the SDK believes its own address to be.
const OWN_IP: &str = "127.0.0.1";

/// A validator's key and client.
#[derive(Debug)]
pub struct Dendrite {
    key: Keypair,
    hotkey: Ss58,
    uuid: String,
    nonces: Nonces,
}

/// The miner that is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its hotkey.
    pub hotkey: Ss58,
}

impl Dendrite {
    /// Makes the client of a key.
    ///
    /// # Errors
    /// If the URI is none.
    pub fn new(key_uri: &str, uuid: Uuid) -> Result<Self, KeyError> {
        let key = Keypair::from_uri(Scheme::Sr25519, key_uri)?;
        let hotkey = key.address();
        Ok(Self { key, hotkey, uuid: uuid.to_string(), nonces: Nonces::default() })
    }

    /// Returns the validator's hotkey.
    #[must_use]
    pub fn hotkey(&self) -> &Ss58 {
        &self.hotkey
    }

    /// Makes a signed request. `now_ns` is the time in nanoseconds since 1970; nonces differ even if it does not.
    #[must_use]
    pub fn request(&self, query: &Query, target: &Target, timeout: Duration, now_ns: u64) -> Request<Vec<u8>> {
        let nonce = self.nonces.next(now_ns);
        let body_hash = query.body_hash();
        let message = self.message(nonce, target, &body_hash);
        let signature = format!("0x{}", hex::encode(self.key.sign(message.as_bytes())));
        let envelope = body::Envelope { dendrite: self, target, nonce, signature: &signature };
        let body = envelope.body(query, timeout);
        let mut headers = HeaderMap::new();
        put(&mut headers, HOST, &target.address.to_string());
        for (name, value) in envelope.headers(query, timeout, &body_hash) {
            if let Ok(name) = HeaderName::try_from(name) {
                put(&mut headers, name, &value);
            }
        }
        put(&mut headers, ACCEPT, "*/*");
        put(&mut headers, USER_AGENT, "Python/3.12 aiohttp/3.14.5");
        put(&mut headers, CONTENT_TYPE, "application/json");
        let mut request = Request::new(body);
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = query.path();
        *request.headers_mut() = headers;
        request
    }

    fn message(&self, nonce: u64, target: &Target, body_hash: &str) -> String {
        format!("{nonce}.{}.{}.{}.{body_hash}", self.hotkey, target.hotkey, self.uuid)
    }
}

/// A value that no header can hold is left out; the miner then says what it misses.
fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// Returns the base64 of a JSON text.
fn encoded(json: &str) -> String {
    BASE64.encode(json)
}
