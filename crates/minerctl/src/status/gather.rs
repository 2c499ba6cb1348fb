//! Asks the four daemons, all at once, and looks for the sandbox.

use std::time::Duration;

use common::call::miner::MinerStatusQuery;
use common::call::task::TaskHandlerStatusQuery;
use common::call::tracker::TrackerStatusQuery;
use common::call::wallet::WalletStatusQuery;
use common::ipc::Call;
use daemon_kit::ipc::{self, ConnectError};
use daemon_kit::{Home, Workers};

use super::{Answer, Status};
use crate::sandbox;

/// How long a daemon may take to answer about itself.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// How long to wait before asking again.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks every daemon once.
pub(crate) async fn gather(home: &Home, workers: &Workers) -> Status {
    let (miner_daemon, task_handler, tracker, wallet_manager) = tokio::join!(
        ask(home, workers, "miner-daemon", "miner-daemon", MinerStatusQuery {}, PATIENCE),
        ask(home, workers, "task-handler", "task-handler", TaskHandlerStatusQuery {}, PATIENCE),
        ask(home, workers, "tracker", "tracker", TrackerStatusQuery {}, PATIENCE),
        ask(home, workers, "wallet-admin", "wallet-manager", WalletStatusQuery {}, PATIENCE),
    );
    let sandbox = sandbox::look(home);
    let all_running = miner_daemon.running().is_some()
        && task_handler.running().is_some()
        && tracker.running().is_some()
        && wallet_manager.running().is_some()
        && sandbox.as_ref().is_none_or(|sandbox| sandbox.running().is_some());
    let home = home.root().display().to_string();
    Status { schema: 1, home, all_running, miner_daemon, task_handler, tracker, wallet_manager, sandbox }
}

/// Asks until everything runs or the time is up.
pub(super) async fn wait(home: &Home, workers: &Workers, limit: Duration) -> Status {
    let deadline = tokio::time::Instant::now() + limit;
    loop {
        let status = gather(home, workers).await;
        if status.all_running || tokio::time::Instant::now() >= deadline {
            return status;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Asks one daemon something.
pub(crate) async fn ask<C: Call>(
    home: &Home,
    workers: &Workers,
    socket: &str,
    service: &'static str,
    query: C,
    patience: Duration,
) -> Answer<C::Output> {
    let client = match ipc::connect::<C::Service>(&home.socket(socket), service, workers).await {
        Ok(client) => client,
        Err(ConnectError::NotListening { .. }) => return Answer::NotRunning,
        Err(error) => return Answer::Silent { problem: error.to_string() },
    };
    match client.call(query, patience).await {
        Ok(status) => Answer::Running(status),
        Err(fault) => Answer::Silent { problem: fault.to_string() },
    }
}
