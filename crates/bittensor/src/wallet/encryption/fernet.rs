//! Fernet under ten million rounds of PBKDF2.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use fernet::Fernet;
use zeroize::Zeroizing;

use super::Encryption;
use crate::wallet::keyfile::KeyfileError;

/// What such a file starts with: the version, and a time before 2106.
pub(super) const START: &[u8] = b"gAAAAA";

const SALT: &[u8] = b"Iguesscyborgslikemyselfhaveatendencytobeparanoidaboutourorigins";
const ROUNDS: NonZeroU32 = NonZeroU32::new(10_000_000).unwrap();

/// Decrypts.
pub(super) fn open(content: &[u8], password: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyfileError> {
    let token = std::str::from_utf8(content).map_err(|_| Encryption::Fernet.damaged())?;
    let mut key = Zeroizing::new([0; 32]);
    ring::pbkdf2::derive(ring::pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, SALT, password, &mut *key);
    let key = Zeroizing::new(URL_SAFE.encode(*key));
    let fernet = Fernet::new(&key).ok_or_else(|| Encryption::Fernet.damaged())?;
    fernet.decrypt(token.trim()).map(Zeroizing::new).map_err(|_| Encryption::Fernet.wrong())
}
