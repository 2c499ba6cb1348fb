//! tracker: keeps the history of attempts, deliveries and refusals, and knows which daemons are alive.

pub mod beats;
pub mod history;
mod schema;
mod service;
mod watch;

use std::sync::Arc;

use anyhow::Context;
use daemon_kit::Daemon;
use daemon_kit::ipc::{Listener, serve};

use crate::history::History;
use crate::service::Tracker;
use crate::watch::Watch;

/// Opens the socket and the history, and serves until the workers stop.
///
/// # Errors
/// When another tracker runs in the same home, or the database cannot be opened.
#[expect(clippy::unused_async, reason = "binding needs the runtime, and all daemons are started alike")]
pub async fn run(daemon: Daemon) -> anyhow::Result<()> {
    let daemons = &daemon.config.miner.daemons;
    // The socket comes first: its lock keeps a second tracker away from the database.
    let listener = Listener::bind(&daemon.home.socket("tracker"), &daemons.allowed_uids)?;
    let history = History::open(&daemon.home.state_dir().join("tracker.db")).context("the history cannot be opened")?;
    let watch = Watch::new(daemons.beat());
    let workers = daemon.workers.clone();
    workers.spawn("beat-watch", watch.clone().run(workers.clone()));
    let tracker = Arc::new(Tracker::new(daemon, history, watch));
    workers.spawn("ipc-server", serve(listener, "tracker", tracker, workers.clone()));
    Ok(())
}
