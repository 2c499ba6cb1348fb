//! What is wrong, as the daemons say it, and who is told.

mod archive;
mod board;
mod channels;
mod courier;
mod dead_man;
mod due;
mod listener;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use common::alert::{self, Alert, AlertChange, AlertEvent, AlertSeverity, Condition};
use common::call::tracker::Vital;
use common::config::alerts;
use common::config::credential::LlmCredentials;
use daemon_kit::{StoreError, Workers};
use tokio::sync::Notify;
use tokio::time::timeout;

use archive::{Archive, Snapshot};
use board::{Board, Change};

use crate::history::History;

/// Changes that may wait to be stored, if the disk is full.
const UNSAVED: usize = 256;
/// How long nothing is written after a failure.
const RETRY: Duration = Duration::from_secs(2);

/// The alerts of all daemons; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Alerts {
    archive: Archive,
    config: Arc<alerts::Alerts>,
    channels: Vec<&'static str>,
    state: Arc<Mutex<State>>,
    wake: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    board: Board,
    unsaved: Vec<(u64, String, Change)>,
    vitals: BTreeMap<String, Vec<Vital>>,
}

impl Alerts {
    /// Goes on from `state/alerts.db`, and starts the workers that store and send.
    ///
    /// # Errors
    /// The database cannot be opened or read.
    pub(crate) async fn start(
        config: &alerts::Alerts,
        credentials: &LlmCredentials,
        state: &Path,
        history: &History,
        workers: &Workers,
    ) -> Result<Self, StoreError> {
        let archive = Archive::open(&state.join("alerts.db"))?;
        let open = channels::open(config, credentials, state);
        let board = archive.board().await?;
        let alerts = Self {
            archive: archive.clone(),
            config: Arc::new(config.clone()),
            channels: open.channels.iter().map(notify::Channel::name).collect(),
            state: Arc::new(Mutex::new(State { board, ..State::default() })),
            wake: Arc::default(),
        };
        workers.spawn("alerts", keep(alerts.clone(), workers.clone()));
        for channel in open.channels {
            workers.spawn("alert-courier", courier::run(archive.clone(), channel, workers.clone()));
        }
        if let Some(bot) = open.commands {
            workers.spawn("alert-listener", listener::run(alerts.clone(), history.clone(), bot, workers.clone()));
        }
        if let Some((switch, config)) = open.dead_man.zip(config.dead_man.as_ref()) {
            workers.spawn("dead-man", dead_man::run(alerts.clone(), switch, config.interval(), workers.clone()));
        }
        Ok(alerts)
    }

    /// Takes in all that a daemon says holds now.
    pub(crate) fn report(&self, reporter: &str, conditions: &[Condition]) {
        let (now_ms, cooldown_ms) = (unix_ms(), self.config.cooldown_ms);
        let mut state = self.lock();
        let changes = state.board.report(reporter, conditions, now_ms, cooldown_ms);
        if changes.is_empty() {
            return;
        }
        for change in &changes {
            log(change);
        }
        state.unsaved.extend(changes.into_iter().map(|change| (now_ms, reporter.to_owned(), change)));
        let room = state.unsaved.len().saturating_sub(UNSAVED);
        state.unsaved.drain(..room);
        drop(state);
        self.wake.notify_one();
    }

    /// Takes in what a daemon says of itself in figures.
    pub(crate) fn set_vitals(&self, reporter: &str, vitals: Vec<Vital>) {
        self.lock().vitals.insert(reporter.to_owned(), vitals);
    }

    /// Returns what holds, the most severe first.
    pub(crate) fn open(&self) -> Vec<Alert> {
        self.lock().board.alerts()
    }

    /// Returns events after a number, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) async fn events(&self, after: u64, limit: u16) -> Result<Vec<AlertEvent>, StoreError> {
        self.archive.events(after, limit).await
    }

    /// Gives away the texts for wallet-manager, each once.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(crate) async fn take_approvals(&self) -> Result<Vec<String>, StoreError> {
        self.archive.take_relayed(unix_ms()).await
    }

    /// Returns why the miner cannot earn, if it cannot.
    fn obstacle(&self) -> Option<String> {
        let worst = self.open().into_iter().find(|alert| alert.condition.severity == AlertSeverity::Critical)?;
        Some(alert::sentence(AlertChange::Raised, &worst.condition))
    }

    fn status_text(&self) -> String {
        let alerts = self.open();
        if alerts.is_empty() {
            return "✅ All is well.".into();
        }
        let sentence = |alert: Alert| alert::sentence(AlertChange::Raised, &alert.condition);
        let sentences: Vec<_> = alerts.into_iter().map(sentence).collect();
        alert::together(&sentences).into_iter().next().map(|(text, _)| text).unwrap_or_default()
    }

    fn budget_text(&self) -> String {
        let state = self.lock();
        let lines = state.vitals.values().flatten().filter(|vital| vital.name.starts_with("budget "));
        let lines: Vec<_> = lines.map(|Vital { name, value }| format!("{name}: {value}")).collect();
        if lines.is_empty() { "task-handler has not told its budgets yet.".into() } else { lines.join("\n") }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stores what happens until the workers stop, and then once more.
async fn keep(alerts: Alerts, workers: Workers) {
    loop {
        tokio::select! {
            () = workers.stopping() => {
                save(&alerts).await;
                return;
            }
            () = alerts.wake.notified() => {}
        }
        while !save(&alerts).await {
            if timeout(RETRY, workers.stopping()).await.is_ok() {
                return;
            }
        }
    }
}

/// Stores what is not stored yet; false if that failed.
async fn save(alerts: &Alerts) -> bool {
    let (board, changes) = {
        let mut state = alerts.lock();
        (state.board.clone(), std::mem::take(&mut state.unsaved))
    };
    if changes.is_empty() {
        return true;
    }
    let (channels, quiet) = (alerts.channels.clone(), alerts.config.quiet_hours);
    let saved = alerts.archive.save(Snapshot { board, changes: changes.clone(), channels, quiet }).await;
    let Err(error) = saved else { return true };
    let error = anyhow::Error::new(error);
    tracing::error!(error = format!("{error:#}"), "Alerts cannot be stored");
    alerts.lock().unsaved.splice(..0, changes);
    false
}

fn log(Change { change, condition, .. }: &Change) {
    let Condition { kind, subject, severity, detail } = condition;
    let kind = kind.name();
    match (change, severity) {
        (AlertChange::Raised | AlertChange::Worsened, AlertSeverity::Critical) => {
            tracing::error!(kind, subject, detail, "Alert");
        }
        (AlertChange::Raised | AlertChange::Worsened, AlertSeverity::Warning | AlertSeverity::Notice) => {
            tracing::warn!(kind, subject, detail, "Alert");
        }
        (AlertChange::Eased | AlertChange::Cleared, _) => tracing::info!(kind, subject, "Alert eased or over"),
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
