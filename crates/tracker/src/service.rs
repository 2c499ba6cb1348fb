//! Answers tracker's calls.

use std::time::{SystemTime, UNIX_EPOCH};

use common::call::tracker::{
    AlertList, Approvals, Beat, EventList, ListAlerts, ListEvents, RecordEntries, Recorded, TakeApprovals, TrackerCall,
    TrackerStatus, TrackerStatusQuery, Wishes,
};
use common::ipc::{Fault, FaultCode, Reply};
use daemon_kit::ipc::{CallContext, Service};
use daemon_kit::{Daemon, StoreError};

use crate::alerts::Alerts;
use crate::history::History;
use crate::watch::Watch;

/// What a connection talks to.
pub(crate) struct Tracker {
    daemon: Daemon,
    history: History,
    watch: Watch,
    alerts: Alerts,
}

impl Service for Tracker {
    type Call = TrackerCall;

    async fn handle(&self, call: TrackerCall, _: CallContext) -> Reply {
        match call {
            TrackerCall::RecordEntries(call) => Reply::of::<RecordEntries>(self.record(call).await),
            TrackerCall::Beat(beat) => Reply::of::<Beat>(self.hear(beat).await),
            TrackerCall::TrackerStatusQuery(_) => Reply::of::<TrackerStatusQuery>(self.status().await),
            TrackerCall::ListAlerts(_) => Reply::of::<ListAlerts>(Ok(AlertList { alerts: self.alerts.open() })),
            TrackerCall::ListEvents(call) => Reply::of::<ListEvents>(self.events(call).await),
            TrackerCall::TakeApprovals(_) => Reply::of::<TakeApprovals>(self.approvals().await),
        }
    }
}

impl Tracker {
    /// Puts the parts together.
    pub(crate) fn new(daemon: Daemon, history: History, watch: Watch, alerts: Alerts) -> Self {
        Self { daemon, history, watch, alerts }
    }

    async fn record(&self, call: RecordEntries) -> Result<Recorded, Fault> {
        let entries = call.entries.len();
        self.history.record(call.entries).await.map(|ids| Recorded { ids }).map_err(|error| {
            tracing::error!(entries, error = %causes(&error), "Could not record entries");
            Fault::new(FaultCode::Internal, format!("nothing was recorded: {}; {ADVICE}", causes(&error)))
        })
    }

    async fn hear(&self, beat: Beat) -> Result<Wishes, Fault> {
        let known = self.watch.hear(beat.clone(), unix_ms());
        known.map_err(|error| Fault::new(FaultCode::Invalid, error.to_string()))?;
        self.alerts.report(&beat.service, &beat.conditions);
        self.alerts.set_vitals(&beat.service, beat.vitals);
        self.history.wishes().await.map_err(|error| unreadable(&error))
    }

    async fn events(&self, ListEvents { after, limit }: ListEvents) -> Result<EventList, Fault> {
        let events = self.alerts.events(after, limit.min(MOST_EVENTS)).await;
        Ok(EventList { events: events.map_err(|error| unreadable(&error))? })
    }

    async fn approvals(&self) -> Result<Approvals, Fault> {
        let texts = self.alerts.take_approvals().await;
        Ok(Approvals { texts: texts.map_err(|error| unreadable(&error))? })
    }

    async fn status(&self) -> Result<TrackerStatus, Fault> {
        let counts = self.history.counts(unix_ms()).await.map_err(|error| unreadable(&error))?;
        let epochs = self.history.epochs(unix_ms()).await.map_err(|error| unreadable(&error))?;
        Ok(TrackerStatus {
            process: self.daemon.process_status(),
            today: counts.today,
            total: counts.total,
            beats: self.watch.states(),
            epochs,
        })
    }
}

/// Events of one reply: far below what a frame holds.
const MOST_EVENTS: u16 = 1_000;
/// What an operator can do when the database fails.
const ADVICE: &str = "check the space on the disk and the permissions of state/tracker.db";

fn unreadable(error: &StoreError) -> Fault {
    Fault::new(FaultCode::Internal, format!("the history cannot be read: {}; {ADVICE}", causes(error)))
}

/// An error with all its causes in one line.
fn causes(error: &StoreError) -> String {
    format!("{:#}", anyhow::Error::new(error.clone()))
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
