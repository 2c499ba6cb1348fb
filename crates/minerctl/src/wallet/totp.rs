//! `minerctl wallet totp`: enrols an authenticator app. Codes are checked by wallet-manager only.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use common::call::wallet::{ConfirmTotp, EnrolTotp};
use common::secret::Secret;
use serde_json::json;
use zeroize::Zeroizing;

use super::{secrets, unlock};
use crate::cli::{CommonArgs, WriteArgs};
use crate::confirm::{Consent, confirm};
use crate::output;
use crate::status::PATIENCE;

/// Makes a secret and shows it; at a terminal the first code is asked for at once.
pub(super) async fn enrol(common: &CommonArgs, write: &WriteArgs) -> anyhow::Result<ExitCode> {
    match confirm(write, "a secret of one-time codes will be made and shown, this once")? {
        Consent::Given => {}
        Consent::DryRun => return Ok(ExitCode::SUCCESS),
        Consent::Refused => return Ok(ExitCode::FAILURE),
    }
    let enrolment = unlock::call(common, EnrolTotp {}, PATIENCE).await?;
    let uri = enrolment.uri.expose();
    let shown = Zeroizing::new(if common.json {
        format!("{}\n", json!({ "schema": 1, "uri": uri }))
    } else {
        format!("Give this to your authenticator app; it is not shown again:\n\n  {uri}\n\n")
    });
    output::text(&shown)?;
    if !io::stdin().is_terminal() {
        output::note("it counts after: minerctl wallet totp confirm");
        return Ok(ExitCode::SUCCESS);
    }
    confirm_code(common, &WriteArgs { dry_run: false, yes: true }).await
}

/// Lets the secret count.
pub(super) async fn confirm_code(common: &CommonArgs, write: &WriteArgs) -> anyhow::Result<ExitCode> {
    if write.dry_run {
        output::note("dry run: codes of the enrolled app would count from now on");
        return Ok(ExitCode::SUCCESS);
    }
    let typed = secrets::secret(None, "Code that the app shows: ")?;
    let code = Secret::new(Zeroizing::new(typed.trim().to_owned()));
    unlock::call(common, ConfirmTotp { code }, PATIENCE).await?;
    output::done(common.json, &json!({ "schema": 1, "totp": "confirmed" }), "Codes of this app count from now on.\n")?;
    Ok(ExitCode::SUCCESS)
}
