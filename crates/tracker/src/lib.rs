//! tracker: keeps the history of attempts, deliveries and refusals, and knows which daemons are alive.

mod alerts;
pub mod beats;
pub mod history;
mod own;
mod schema;
mod service;
mod watch;

use std::sync::Arc;

use anyhow::Context;
use daemon_kit::Daemon;
use daemon_kit::ipc::{Listener, serve};

use crate::alerts::Alerts;
use crate::history::History;
use crate::service::Tracker;
use crate::watch::Watch;

/// Opens the socket and the history, and serves until the workers stop.
///
/// # Errors
/// When another tracker runs in the same home, or the database cannot be opened.
pub async fn run(daemon: Daemon) -> anyhow::Result<()> {
    let daemons = &daemon.config.miner.daemons;
    // The socket comes first: its lock keeps a second tracker away from the database.
    let listener = Listener::bind(&daemon.home.socket("tracker"), &daemons.allowed_uids)?;
    let history = History::open(&daemon.home.state_dir().join("tracker.db")).context("the history cannot be opened")?;
    let watch = Watch::new(daemons.beat());
    let workers = daemon.workers.clone();
    let (config, state) = (&daemon.config, daemon.home.state_dir());
    let alerts = Alerts::start(&config.miner.alerts, &config.credentials, &state, &history, &workers);
    let alerts = alerts.await.context("the alerts cannot be opened")?;
    workers.spawn("beat-watch", watch.clone().run(workers.clone()));
    workers.spawn("own-alerts", own::run(alerts.clone(), watch.clone(), history.clone(), workers.clone()));
    let tracker = Arc::new(Tracker::new(daemon, history, watch, alerts));
    workers.spawn("ipc-server", serve(listener, "tracker", tracker, workers.clone()));
    Ok(())
}
