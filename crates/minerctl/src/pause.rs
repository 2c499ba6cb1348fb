//! `minerctl pause` and `resume`: the operator's wish that no task, or every task, be answered.

use std::process::ExitCode;

use common::call::task::SetPaused;
use daemon_kit::{Home, Workers, ipc};
use serde_json::json;

use crate::cli::{CommonArgs, WriteArgs};
use crate::confirm::{Consent, confirm};
use crate::output;

/// Runs the command.
///
/// # Errors
/// If task-handler does not answer or the output cannot be written.
pub(crate) async fn run(common: &CommonArgs, args: &WriteArgs, paused: bool) -> anyhow::Result<ExitCode> {
    let home = Home::new(common.home.clone());
    let effect =
        if paused { "every task will be declined until `minerctl resume`" } else { "tasks will be answered again" };
    match confirm(args, effect)? {
        Consent::Given => {}
        Consent::DryRun => return Ok(ExitCode::SUCCESS),
        Consent::Refused => return Ok(ExitCode::FAILURE),
    }
    let workers = Workers::new();
    let client = ipc::connect(&home.socket("task-handler"), "task-handler", &workers).await?;
    let handler = client.call(SetPaused { paused }, crate::status::PATIENCE).await?;
    if common.json {
        output::json(&json!({ "schema": 1, "paused": handler.paused }))?;
    } else {
        output::text(if handler.paused { "Paused.\n" } else { "Answering.\n" })?;
    }
    Ok(ExitCode::SUCCESS)
}
