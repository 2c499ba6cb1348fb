//! An Ansible vault, version 1.1: AES-256 in counter mode under PBKDF2, all of it in hexadecimal twice over.

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use ring::hmac;
use zeroize::Zeroizing;

use super::Encryption;
use crate::wallet::keyfile::KeyfileError;

/// What such a file starts with.
pub(super) const START: &[u8] = b"$ANSIBLE_VAULT";

const HEADER: &str = "$ANSIBLE_VAULT;1.1;AES256";
const ROUNDS: std::num::NonZeroU32 = std::num::NonZeroU32::new(10_000).unwrap();

/// Decrypts.
pub(super) fn open(content: &[u8], password: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyfileError> {
    let Vault { salt, mac, mut body } = read(content).ok_or_else(|| Encryption::Ansible.damaged())?;
    let mut keys = Zeroizing::new([0; 80]);
    ring::pbkdf2::derive(ring::pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, &salt, password, &mut *keys);
    let (cipher_key, rest) = keys.split_at(32);
    let (mac_key, counter) = rest.split_at(32);
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, mac_key), &body, &mac).map_err(|_| Encryption::Ansible.wrong())?;
    let mut cipher =
        Ctr128BE::<Aes256>::new_from_slices(cipher_key, counter).map_err(|_| Encryption::Ansible.damaged())?;
    cipher.apply_keystream(&mut body);
    // PKCS#7: the last byte says how many bytes of padding there are.
    let padding = usize::from(body.last().copied().unwrap_or(0));
    let length = body.len().checked_sub(padding).filter(|_| (1..=16).contains(&padding));
    body.truncate(length.ok_or_else(|| Encryption::Ansible.damaged())?);
    Ok(body)
}

struct Vault {
    salt: Vec<u8>,
    mac: Vec<u8>,
    body: Zeroizing<Vec<u8>>,
}

fn read(content: &[u8]) -> Option<Vault> {
    let (header, lines) = std::str::from_utf8(content).ok()?.split_once('\n')?;
    if header.trim_end() != HEADER {
        return None;
    }
    let digits: String = lines.split_ascii_whitespace().collect();
    let inner = hex::decode(digits).ok()?;
    let mut parts = inner.splitn(3, |byte| *byte == b'\n').map(hex::decode);
    let mut next = || parts.next()?.ok();
    Some(Vault { salt: next()?, mac: next()?, body: Zeroizing::new(next()?) })
}
