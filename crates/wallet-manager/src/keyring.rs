//! The coldkey in memory: opened by a password, overwritten when it is locked or has been idle.
//!
//! Time is an argument. Opening takes seconds and 512 MiB: callers do it on a thread that may block.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bittensor::keys::Keypair;
use bittensor::wallet::{KeyfileError, Wallet, WalletError};
use tokio::sync::Notify;

use crate::backoff::Backoff;

/// Holds the coldkey while it is unlocked.
pub(crate) struct Keyring {
    wallet: Wallet,
    idle: Duration,
    inner: Mutex<Inner>,
    /// Somebody has unlocked it.
    unlocked: Notify,
}

#[derive(Default)]
struct Inner {
    open: Option<Open>,
    opening: bool,
    backoff: Backoff,
}

struct Open {
    /// Shared with signatures that are being made: it is overwritten when the last of them is done.
    key: Arc<Keypair>,
    used: Instant,
    presence: Presence,
}

/// Whether somebody was there to open the coldkey.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Presence {
    /// The operator, who can do so again: it is locked when it has been idle.
    Attended,
    /// Nobody: the password is at hand whenever the process runs, so that idling locks nothing away.
    Unattended,
}

/// Whether the coldkey can sign.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KeyringState {
    /// It cannot.
    Locked {
        /// How long no password is tried.
        refuses_for: Option<Duration>,
    },
    /// A password is being tried.
    Opening,
    /// It can.
    Unlocked {
        /// How long, if it is not used; for good, if it was opened with nobody there.
        locks_in: Option<Duration>,
    },
}

/// The coldkey is not in memory.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the coldkey is locked: unlock it with `minerctl wallet unlock`")]
pub(crate) struct Locked;

/// The coldkey stays locked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnlockError {
    /// Too many wrong passwords.
    #[error("no password is tried for another {} s, because the last one was wrong", wait.as_secs().saturating_add(1))]
    BackingOff {
        /// How much longer.
        wait: Duration,
    },
    /// Trying takes 512 MiB each.
    #[error("another password is being tried")]
    Busy,
    /// It cannot be opened.
    #[error(transparent)]
    Wallet(#[from] WalletError),
}

impl Keyring {
    /// A locked keyring, which locks itself again after `idle` without a signature.
    pub(crate) fn new(wallet: Wallet, idle: Duration) -> Self {
        Self { wallet, idle, inner: Mutex::default(), unlocked: Notify::new() }
    }

    /// Whether the coldkey can sign.
    pub(crate) fn state(&self, now: Instant) -> KeyringState {
        let mut inner = self.inner();
        self.lock_if_idle(&mut inner, now);
        match &inner.open {
            Some(open) => KeyringState::Unlocked { locks_in: self.left(open, now) },
            None if inner.opening => KeyringState::Opening,
            None => KeyringState::Locked { refuses_for: inner.backoff.wait(now) },
        }
    }

    /// Opens the coldkey file. Blocks for seconds; `clock` says when it is done.
    ///
    /// # Errors
    /// If the password is wrong, or was too often; if another is being tried; if the file is missing, loose or damaged.
    pub(crate) fn unlock(
        &self,
        password: &str,
        presence: Presence,
        clock: impl Fn() -> Instant,
    ) -> Result<(), UnlockError> {
        {
            let mut inner = self.inner();
            if let Some(wait) = inner.backoff.wait(clock()) {
                return Err(UnlockError::BackingOff { wait });
            }
            if inner.opening {
                return Err(UnlockError::Busy);
            }
            inner.opening = true;
        }
        let opening = Opening(self);
        let opened = self.wallet.coldkey(password.as_bytes());
        let now = clock();
        let mut inner = self.inner();
        match &opened {
            Ok(_) => inner.backoff.succeeded(),
            Err(WalletError::Keyfile { source: KeyfileError::WrongPassword(_), .. }) => inner.backoff.failed(now),
            // Says nothing about the password.
            Err(_) => {}
        }
        // A wrong password does not lock what is open.
        if let Ok(key) = opened {
            inner.open = Some(Open { key: Arc::new(key), used: now, presence });
            drop(inner);
            drop(opening);
            self.unlocked.notify_one();
            return Ok(());
        }
        drop(inner);
        drop(opening);
        opened.map(drop).map_err(UnlockError::from)
    }

    /// Overwrites the coldkey. A signature that is being made is finished first.
    pub(crate) fn lock(&self) {
        self.inner().open = None;
    }

    /// Lends the coldkey to whoever signs. This counts as use.
    ///
    /// # Errors
    /// If it is locked.
    pub(crate) fn with_signer<T>(&self, now: Instant, sign: impl FnOnce(&Keypair) -> T) -> Result<T, Locked> {
        let key = self.lend(now)?;
        Ok(sign(&key))
    }

    /// Locks it when it has been idle, for as long as it is polled.
    pub(crate) async fn lock_when_idle(self: Arc<Self>) {
        loop {
            let state = self.state(Instant::now());
            match state {
                KeyringState::Unlocked { locks_in: Some(locks_in) } => tokio::time::sleep(locks_in).await,
                KeyringState::Unlocked { locks_in: None } | KeyringState::Locked { .. } | KeyringState::Opening => {
                    self.unlocked.notified().await;
                }
            }
        }
    }

    fn lend(&self, now: Instant) -> Result<Arc<Keypair>, Locked> {
        let mut inner = self.inner();
        self.lock_if_idle(&mut inner, now);
        let open = inner.open.as_mut().ok_or(Locked)?;
        open.used = now;
        Ok(Arc::clone(&open.key))
    }

    fn lock_if_idle(&self, inner: &mut Inner, now: Instant) {
        if inner.open.as_ref().is_some_and(|open| self.left(open, now).is_some_and(|left| left.is_zero())) {
            inner.open = None;
            tracing::info!("Locked the idle coldkey");
        }
    }

    fn left(&self, open: &Open, now: Instant) -> Option<Duration> {
        match open.presence {
            Presence::Attended => Some(self.idle.saturating_sub(now.saturating_duration_since(open.used))),
            Presence::Unattended => None,
        }
    }

    /// A panic elsewhere leaves nothing half done in here.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that a password is being tried, until it is dropped.
struct Opening<'a>(&'a Keyring);

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.inner().opening = false;
    }
}

#[cfg(test)]
mod tests;
