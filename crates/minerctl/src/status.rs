//! `minerctl status`: what runs, what it did and what it used.

mod gather;
mod render;

use std::process::ExitCode;
use std::time::Duration;

use common::call::miner::MinerStatus;
use common::call::task::TaskHandlerStatus;
use common::call::tracker::TrackerStatus;
use common::call::wallet::WalletStatus;
use daemon_kit::{Home, Workers};
use serde::Serialize;

use crate::cli::{CommonArgs, StatusArgs};
use crate::output;
use crate::sandbox::SandboxProcess;

pub(crate) use gather::{PATIENCE, ask, gather};
pub(crate) use render::{age, limits, thousands};

/// Exit code when not all that belongs to the home runs.
const NOT_ALL_RUNNING: u8 = 3;

/// Everything the daemons say about themselves.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    /// The format of this object: 1.
    pub(crate) schema: u32,
    /// The home that was looked at.
    pub(crate) home: String,
    /// Whether all four daemons answer, and the sandbox runs if the home has one.
    pub(crate) all_running: bool,
    /// miner-daemon.
    pub(crate) miner_daemon: Answer<MinerStatus>,
    /// task-handler.
    pub(crate) task_handler: Answer<TaskHandlerStatus>,
    /// tracker.
    pub(crate) tracker: Answer<TrackerStatus>,
    /// wallet-manager.
    pub(crate) wallet_manager: Answer<WalletStatus>,
    /// The simulated validators and vendors; null if the home is no sandbox's.
    pub(crate) sandbox: Option<Answer<SandboxProcess>>,
}

/// What came of asking one daemon.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer<T> {
    /// It answered.
    Running(T),
    /// Nothing listens on its socket.
    NotRunning,
    /// It is there but does not answer as it should.
    Silent {
        /// What went wrong.
        problem: String,
    },
}

impl<T> Answer<T> {
    /// The daemon's own words, if it answered.
    pub(crate) fn running(&self) -> Option<&T> {
        match self {
            Self::Running(status) => Some(status),
            Self::NotRunning | Self::Silent { .. } => None,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// If the output cannot be written.
pub(crate) async fn run(common: &CommonArgs, args: &StatusArgs) -> anyhow::Result<ExitCode> {
    let home = Home::new(common.home.clone());
    let workers = Workers::new();
    let status = match args.wait {
        Some(seconds) => gather::wait(&home, &workers, Duration::from_secs(seconds)).await,
        None => gather(&home, &workers).await,
    };
    if common.json {
        output::json(&status)?;
    } else {
        let now = jiff::Timestamp::now();
        output::text(&render::render(&status, now))?;
    }
    Ok(if status.all_running { ExitCode::SUCCESS } else { ExitCode::from(NOT_ALL_RUNNING) })
}
