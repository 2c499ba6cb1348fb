//! `minerctl wallet unlock` and `lock`: the password goes to wallet-manager, which alone opens the coldkey.

use std::process::ExitCode;
use std::time::Duration;

use common::call::wallet::{ColdkeyState, ColdkeyStatus, Lock, Unlock, WalletCall};
use common::ipc::Call;
use common::secret::Secret;
use daemon_kit::{Home, Workers, ipc};
use serde_json::json;

use super::secrets;
use crate::cli::{CommonArgs, PasswordArgs, WriteArgs};
use crate::output;

/// Key files of 2022 take ten million rounds, which is long on a small machine.
const UNLOCK_PATIENCE: Duration = Duration::from_secs(120);

/// Opens the coldkey. Whoever knows the password is not asked besides.
pub(super) async fn unlock(
    common: &CommonArgs,
    password: &PasswordArgs,
    write: &WriteArgs,
) -> anyhow::Result<ExitCode> {
    if write.dry_run {
        output::note("dry run: wallet-manager would be able to sign with the coldkey");
        return Ok(ExitCode::SUCCESS);
    }
    let password = Secret::new(secrets::password(password)?);
    let status = call(common, Unlock { password }, UNLOCK_PATIENCE).await?;
    told(common, status)
}

/// Makes wallet-manager forget the coldkey; always safe, so nobody is asked.
pub(super) async fn lock(common: &CommonArgs, write: &WriteArgs) -> anyhow::Result<ExitCode> {
    if write.dry_run {
        output::note("dry run: wallet-manager would forget the coldkey");
        return Ok(ExitCode::SUCCESS);
    }
    let status = call(common, Lock {}, crate::status::PATIENCE).await?;
    told(common, status)
}

/// Asks wallet-manager something that only the operator may ask.
pub(super) async fn call<C>(common: &CommonArgs, call: C, patience: Duration) -> anyhow::Result<C::Output>
where
    C: Call<Service = WalletCall>,
{
    let home = Home::new(common.home.clone());
    let workers = Workers::new();
    let client = ipc::connect(&home.socket("wallet-admin"), "wallet-manager", &workers).await?;
    Ok(client.call(call, patience).await?)
}

fn told(common: &CommonArgs, status: ColdkeyStatus) -> anyhow::Result<ExitCode> {
    let words = match (status.state, status.locks_in_ms) {
        (ColdkeyState::Unlocked, Some(left)) => {
            format!(
                "Unlocked. It is locked after {} s without a signature, or by `minerctl wallet lock`.\n",
                left.div_ceil(1000)
            )
        }
        (ColdkeyState::Unlocked, None) => "Unlocked.\n".into(),
        (ColdkeyState::Opening, _) => "A password is being tried.\n".into(),
        (ColdkeyState::Locked, _) => "Locked.\n".into(),
        (ColdkeyState::Absent, _) => "Locked; the coldkey is not on this host.\n".into(),
    };
    output::done(common.json, &json!({ "schema": 1, "coldkey": status }), &words)?;
    Ok(ExitCode::SUCCESS)
}
