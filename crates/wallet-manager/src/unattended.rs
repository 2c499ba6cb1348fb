//! Opens the coldkey with nobody there, where systemd hands the password to the unit.

use std::sync::Arc;
use std::time::Instant;

use crate::keyring::{Keyring, Presence};

/// The name of the credential, as in `LoadCredentialEncrypted=coldkey-password:…`.
const CREDENTIAL: &str = "coldkey-password";

/// Opens it if there is a credential. A failure is logged: what needs no coldkey goes on.
pub(crate) async fn unlock(keyring: Arc<Keyring>) {
    let opened = tokio::task::spawn_blocking(move || {
        let Some(password) = daemon_kit::systemd_credential(CREDENTIAL).map_err(|error| error.to_string())? else {
            return Ok(false);
        };
        keyring
            .unlock(&password, Presence::Unattended, Instant::now)
            .map_err(|error| crate::service::error_chain(&error))?;
        Ok::<_, String>(true)
    });
    match opened.await {
        Ok(Ok(true)) => tracing::info!("Unlocked the coldkey by systemd's credential"),
        Ok(Ok(false)) => {}
        Ok(Err(error)) => tracing::error!(error, "Coldkey was not unlocked by systemd's credential"),
        Err(error) => tracing::error!(%error, "Coldkey was not unlocked by systemd's credential"),
    }
}
