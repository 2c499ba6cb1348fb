//! Today's encryption: a libsodium secretbox under a key that argon2i makes of the password.

use argon2::{Algorithm, Argon2, Params, Version};
use crypto_secretbox::aead::AeadInPlace as _;
use crypto_secretbox::{KeyInit as _, Nonce, Tag, XSalsa20Poly1305};
use zeroize::Zeroizing;

use super::Encryption;
use crate::wallet::keyfile::KeyfileError;

/// What such a file starts with.
pub(super) const START: &[u8] = b"$NACL";

/// The salt is the same for everybody: two wallets with one password have one key.
const SALT: [u8; 16] = [0x13, 0x71, 0x83, 0xdf, 0xf1, 0x5a, 0x09, 0xbc, 0x9c, 0x90, 0xb5, 0x51, 0x87, 0x39, 0xe9, 0xb1];

/// What libsodium calls sensitive: 512 MiB, eight times over.
const MEMORY_KIB: u32 = 512 * 1024;
const PASSES: u32 = 8;

const NONCE: usize = 24;
const TAG: usize = 16;

/// What a key file is encrypted with.
#[derive(Clone, Copy)]
pub struct Seal<'a> {
    /// The password.
    pub password: &'a [u8],
    /// 24 random bytes, never used before.
    pub nonce: [u8; NONCE],
}

impl Seal<'_> {
    /// Encrypts. Takes seconds and 512 MiB of memory.
    pub(in crate::wallet) fn close(&self, plain: &[u8]) -> Result<Vec<u8>, KeyfileError> {
        let cipher = cipher(self.password)?;
        let mut body = Zeroizing::new(plain.to_vec());
        let tag = cipher
            .encrypt_in_place_detached(Nonce::from_slice(&self.nonce), b"", &mut body)
            .map_err(|_| Encryption::Nacl.damaged())?;
        Ok([START, &self.nonce, &tag, &body].concat())
    }
}

/// Decrypts.
pub(super) fn open(content: &[u8], password: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyfileError> {
    let damaged = || Encryption::Nacl.damaged();
    let sealed = content.strip_prefix(START).ok_or_else(damaged)?;
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
    let (tag, body) = sealed.split_first_chunk::<TAG>().ok_or_else(damaged)?;
    let mut plain = Zeroizing::new(body.to_vec());
    cipher(password)?
        .decrypt_in_place_detached(Nonce::from_slice(nonce), b"", &mut plain, Tag::from_slice(tag))
        .map_err(|_| Encryption::Nacl.wrong())?;
    Ok(plain)
}

fn cipher(password: &[u8]) -> Result<XSalsa20Poly1305, KeyfileError> {
    let mut key = Zeroizing::new([0; 32]);
    #[expect(clippy::wildcard_enum_match_arm, reason = "only one of the library's errors is the machine's")]
    let named = |error| match error {
        argon2::Error::OutOfMemory => KeyfileError::Memory,
        _ => Encryption::Nacl.wrong(),
    };
    derive(password, &mut key).map_err(named)?;
    Ok(XSalsa20Poly1305::new((&*key).into()))
}

fn derive(password: &[u8], key: &mut [u8; 32]) -> Result<(), argon2::Error> {
    let parameters = Params::new(MEMORY_KIB, PASSES, 1, Some(key.len()))?;
    Argon2::new(Algorithm::Argon2i, Version::V0x13, parameters).hash_password_into(password, &SALT, key)
}
