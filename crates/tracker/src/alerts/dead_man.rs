//! Calls the dead man's switch as long as the miner can earn.

use std::time::Duration;

use daemon_kit::Workers;
use notify::DeadMan;
use tokio::time::{MissedTickBehavior, interval_at};

use super::Alerts;

/// Calls until the workers stop; the first time after one interval, when every daemon that lives was heard.
pub(super) async fn run(alerts: Alerts, switch: DeadMan, every: Duration, workers: Workers) {
    let mut ticks = interval_at(tokio::time::Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = workers.stopping() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = switch.call(alerts.obstacle().as_deref()).await {
            tracing::debug!(%error, "The dead man's switch was not reached");
        }
    }
}
