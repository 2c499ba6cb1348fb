//! `minerctl budget`: each limit and what is used of it.

use std::process::ExitCode;

use common::call::task::TaskHandlerStatusQuery;
use daemon_kit::{Home, Workers, ipc};
use serde_json::json;

use crate::cli::CommonArgs;
use crate::{output, status};

/// Runs the command.
///
/// # Errors
/// If task-handler does not answer or the output cannot be written.
pub(crate) async fn run(common: &CommonArgs) -> anyhow::Result<ExitCode> {
    let home = Home::new(common.home.clone());
    let workers = Workers::new();
    let client = ipc::connect(&home.socket("task-handler"), "task-handler", &workers).await?;
    let handler = client.call(TaskHandlerStatusQuery {}, crate::status::PATIENCE).await?;
    if common.json {
        output::json(&json!({ "schema": 1, "limits": handler.limits }))?;
    } else {
        output::text(&output::table(&status::limits(&handler.limits)))?;
    }
    Ok(ExitCode::SUCCESS)
}
