//! One-time codes (RFC 6238) for approvals: enrolled once, each code counts once, wrong ones make a pause.

mod file;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use common::call::wallet::TotpState;
use common::secret::Secret;
use totp_rs::Builder;
use zeroize::Zeroizing;

use self::file::TotpFile;
use crate::backoff::Backoff;

pub(crate) use self::file::TotpFileError;

/// What stands before the wallet's name in an authenticator app.
const ISSUER: &str = "miner";

/// RFC 4226 recommends 160 bits.
const SECRET_BYTES: usize = 20;

/// The codes of this home.
pub(crate) struct Totp {
    path: PathBuf,
    account: String,
    /// Held while a code is checked, so that no two calls use the same one.
    backoff: Mutex<Backoff>,
}

/// A code does not count.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TotpError {
    /// There is no secret, or none that a code has been seen of.
    #[error("no authenticator app is enrolled: run `minerctl wallet totp enrol`")]
    NotEnrolled,
    /// There is a secret that counts.
    #[error("an authenticator app is enrolled already: to replace it, remove {} first", path.display())]
    Enrolled {
        /// The file.
        path: PathBuf,
    },
    /// Too many wrong codes.
    #[error("no code is tried for another {} s, because the last one was wrong", wait.as_secs().saturating_add(1))]
    BackingOff {
        /// How much longer.
        wait: Duration,
    },
    /// Not a code of now, or one that has counted before.
    #[error("wrong code, or one that was used before: take the next one, and check the clocks of both devices")]
    Wrong,
    /// The secret cannot be had or kept.
    #[error(transparent)]
    File(#[from] TotpFileError),
    /// The wallet's name cannot stand in the URI.
    #[error("the wallet's name cannot be shown in an authenticator app")]
    Name,
}

impl Totp {
    /// The codes whose secret is kept at `path`; `account` is what the app shows.
    pub(crate) fn new(path: PathBuf, account: &str) -> Self {
        // A colon ends the issuer's name in the URI.
        Self { path, account: account.replace(':', "-"), backoff: Mutex::default() }
    }

    /// Whether codes count.
    pub(crate) fn state(&self) -> TotpState {
        match TotpFile::read(&self.path) {
            Ok(None) => TotpState::Absent,
            Ok(Some(file)) if file.confirmed => TotpState::Confirmed,
            Ok(Some(_)) => TotpState::Unconfirmed,
            Err(_) => TotpState::Unreadable,
        }
    }

    /// Makes a secret of random bytes, and returns it as a URI. It counts once a code of it was confirmed.
    ///
    /// # Errors
    /// If one counts already, or it cannot be kept.
    pub(crate) fn enrol(&self, random: [u8; SECRET_BYTES]) -> Result<Secret, TotpError> {
        let _one_at_a_time = self.backoff.lock().unwrap_or_else(PoisonError::into_inner);
        if TotpFile::read(&self.path)?.is_some_and(|file| file.confirmed) {
            return Err(TotpError::Enrolled { path: self.path.clone() });
        }
        let totp = Builder::new()
            .with_secret(random.to_vec())
            .with_account_name(self.account.as_str())
            .with_issuer(Some(ISSUER))
            .build()
            .map_err(|_| TotpError::Name)?;
        let uri = Zeroizing::new(totp.to_url().map_err(|_| TotpError::Name)?);
        let secret = Zeroizing::new(totp.secret().to_base32());
        TotpFile { version: 1, secret, confirmed: false, last_step: 0 }.write(&self.path)?;
        Ok(Secret::new(uri))
    }

    /// Lets the secret count, shown a first code of it.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub(crate) fn confirm(&self, code: &Secret, unix_s: u64, now: Instant) -> Result<(), TotpError> {
        self.check(code, unix_s, now, |file| {
            file.confirmed = true;
            true
        })
    }

    /// Uses a code up. It is written down as used before it counts.
    ///
    /// # Errors
    /// If it is wrong or was used, too many were wrong, or nothing can be written down.
    pub(crate) fn verify(&self, code: &Secret, unix_s: u64, now: Instant) -> Result<(), TotpError> {
        self.check(code, unix_s, now, |file| file.confirmed)
    }

    fn check(
        &self,
        code: &Secret,
        unix_s: u64,
        now: Instant,
        counts: impl FnOnce(&mut TotpFile) -> bool,
    ) -> Result<(), TotpError> {
        let mut backoff = self.backoff.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = backoff.wait(now) {
            return Err(TotpError::BackingOff { wait });
        }
        let mut file = TotpFile::read(&self.path)?.ok_or(TotpError::NotEnrolled)?;
        if !counts(&mut file) {
            return Err(TotpError::NotEnrolled);
        }
        let secret = totp_rs::Secret::try_from_base32(file.secret.as_str()).map_err(|_| file::damaged(&self.path))?;
        let totp = Builder::new().with_secret(secret).build().map_err(|_| file::damaged(&self.path))?;
        let is_code = code.expose().len() == 6 && code.expose().bytes().all(|byte| byte.is_ascii_digit());
        let step = is_code.then(|| totp.check(code.expose(), unix_s)).flatten().filter(|step| *step > file.last_step);
        let Some(step) = step else {
            backoff.failed(now);
            return Err(TotpError::Wrong);
        };
        file.last_step = step;
        file.write(&self.path)?;
        backoff.succeeded();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
