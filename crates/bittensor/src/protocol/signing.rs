//! Signs answers with the hotkey, where the caller's protocol has a form for it.

use std::sync::Arc;

use common::config::subnet::Protocol;
use common::id::Ss58;
use http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

use super::{Response, Signed};
use crate::keys::{Keypair, Scheme};

/// Signs answers. It takes a [`Signed`], which only verification makes: nothing can be signed for anybody else.
#[derive(Clone, Debug)]
pub struct AnswerSigner {
    key: Arc<Keypair>,
    address: Ss58,
}

impl AnswerSigner {
    /// Signs with the miner's hotkey.
    #[must_use]
    pub fn new(key: Arc<Keypair>) -> Self {
        let address = key.address();
        Self { key, address }
    }

    /// Adds the headers that prove whose answer it is. The classic protocol has none that anybody checks.
    ///
    /// `unix_ms` and `uuid` are the answer's own, where the protocol wants some.
    pub fn sign(&self, signed: &Signed, response: &mut Response, unix_ms: u64, uuid: &str) {
        match signed.protocol {
            Protocol::Synapse => {}
            Protocol::Btauth if is_signed_status(response.status) => self.sign_twresp(signed, response),
            Protocol::Btauth => {}
            Protocol::Epistula => self.sign_epistula(signed, response, unix_ms, uuid),
        }
    }

    /// `twresp/1`, as taowire's validators check it.
    fn sign_twresp(&self, signed: &Signed, response: &mut Response) {
        let scheme = match self.key.scheme() {
            Scheme::Sr25519 => "sr25519",
            Scheme::Ed25519 => "ed25519",
        };
        let (nonce, sender, responder) = (signed.nonce_ns, &signed.caller, &self.address);
        let (status, hash) = (response.status, hex::encode(Sha256::digest(&response.body)));
        let payload = format!("twresp/1\n{scheme}\n{nonce}\n{sender}\n{responder}\n{status}\n{hash}");
        let headers = &mut response.headers;
        put(headers, "x-tw-resp-version", "1");
        put(headers, "x-tw-resp-hotkey", responder.as_str());
        if self.key.scheme() == Scheme::Ed25519 {
            put(headers, "x-tw-resp-crypto", scheme);
        }
        put(headers, "x-tw-resp-signature", &self.signature(&payload));
    }

    /// Epistula's own request headers, from the miner for the validator.
    fn sign_epistula(&self, signed: &Signed, response: &mut Response, unix_ms: u64, uuid: &str) {
        let hash = hex::encode(Sha256::digest(&response.body));
        let message = format!("{hash}.{uuid}.{unix_ms}.{}", signed.caller);
        let headers = &mut response.headers;
        put(headers, "epistula-version", "2");
        put(headers, "epistula-timestamp", &unix_ms.to_string());
        put(headers, "epistula-uuid", uuid);
        put(headers, "epistula-signed-by", self.address.as_str());
        put(headers, "epistula-signed-for", signed.caller.as_str());
        put(headers, "epistula-request-signature", &self.signature(&message));
    }

    fn signature(&self, message: &str) -> String {
        format!("0x{}", hex::encode(self.key.sign(message.as_bytes())))
    }
}

/// The statuses that `twresp/1` signs: those that only a verified caller can get.
fn is_signed_status(status: u16) -> bool {
    matches!(status, 200 | 403 | 422 | 429 | 500 | 504)
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    // Cannot fail: digits, hex and base58.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
