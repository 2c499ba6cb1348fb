//! Records requests that were turned away, without making anybody wait and without drowning in a flood.
//!
//! Refusals go into a bounded queue; a worker writes what it finds there, like ones as one record. How many records it
//! may write is limited per time: in a flood the rarest are merged by reason alone. What finds the queue full is only
//! counted, by reason. No count is lost, except those of the last moment when the process is killed.

mod allowance;
mod clock_doubt;
mod merge;
mod report;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use common::call::miner::refusals::RefusalReport;
use common::id::{EntryId, Netuid, Ss58};
use common::record::{Entry, Record, RefusalReason};
use daemon_kit::Workers;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::clock;
use crate::counts::Counts;
use crate::records::Recorder;
use allowance::Allowance;
use clock_doubt::ClockDoubt;
use report::Report;

/// The most refusals that wait to be recorded one by one.
const QUEUE: usize = 1024;

/// One request that was turned away.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct TurnedAway {
    /// The subnet, if it is known.
    pub(crate) netuid: Option<Netuid>,
    /// The hotkey the request claims.
    pub(crate) claimed: Option<Ss58>,
    /// Where it came from.
    pub(crate) peer: IpAddr,
    /// Why.
    pub(crate) reason: RefusalReason,
}

/// Records refusals.
#[derive(Clone, Debug)]
pub(crate) struct Refusals {
    counts: Arc<Counts>,
    queue: mpsc::Sender<TurnedAway>,
    overflow: Overflow,
    clock: Arc<Mutex<ClockDoubt>>,
    report: Arc<Mutex<Report>>,
}

/// Refusals that found the queue full.
#[derive(Clone, Debug, Default)]
struct Overflow(Arc<Mutex<HashMap<RefusalReason, u64>>>);

impl Refusals {
    /// Starts the worker that writes records. It ends with the last clone.
    pub(crate) fn start(recorder: &Recorder, counts: &Arc<Counts>, workers: &Workers) -> Self {
        let (queue, receiver) = mpsc::channel(QUEUE);
        let overflow = Overflow::default();
        workers.spawn("refusals", write(receiver, overflow.clone(), recorder.clone()));
        Self { counts: Arc::clone(counts), queue, overflow, clock: Arc::default(), report: Arc::default() }
    }

    /// A request was turned away, with this message to its sender. Never waits.
    pub(crate) fn note(&self, refusal: TurnedAway, message: &str) {
        tracing::debug!(
            reason = refusal.reason.name(),
            peer = %refusal.peer,
            claimed = refusal.claimed.as_ref().map(Ss58::as_str),
            "Turned a request away"
        );
        self.counts.refusal();
        self.report().add(&refusal, message, clock::unix_ms(SystemTime::now()));
        if self.clock().refused(refusal.reason, Instant::now()) {
            tracing::warn!(
                reason = refusal.reason.name(),
                detail = message,
                "Requests are refused for their time: check this machine's clock"
            );
        }
        if let Err(error) = self.queue.try_send(refusal) {
            self.overflow.add(error.into_inner().reason);
        }
    }

    /// A request of somebody who is answered here was in time.
    pub(crate) fn in_time(&self) {
        self.clock().in_time(Instant::now());
    }

    /// Everything that was turned away since the start.
    pub(crate) fn explain(&self, since_unix_ms: u64) -> RefusalReport {
        self.report().read(since_unix_ms)
    }

    fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clock(&self) -> MutexGuard<'_, ClockDoubt> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Overflow {
    fn add(&self, reason: RefusalReason) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
    }

    fn take(&self) -> HashMap<RefusalReason, u64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn write(mut queue: mpsc::Receiver<TurnedAway>, overflow: Overflow, recorder: Recorder) {
    let mut allowance = Allowance::new(Instant::now());
    let mut batch = Vec::new();
    // The queue is drained whole, so that what waits together is merged together.
    while queue.recv_many(&mut batch, QUEUE).await > 0 {
        let single = allowance.available(Instant::now());
        let records = merge::merge(batch.drain(..), overflow.take(), single);
        allowance.spend(records.len());
        push(records, &recorder).await;
        recorder.pause(allowance.wait(Instant::now())).await;
    }
    push(merge::merge(batch.drain(..), overflow.take(), 0), &recorder).await;
}

async fn push(records: Vec<common::record::Refusal>, recorder: &Recorder) {
    if records.is_empty() {
        return;
    }
    let unix_ms = clock::unix_ms(SystemTime::now());
    let entry =
        |refusal| Entry { id: EntryId::new(unix_ms, rand::random()), unix_ms, record: Record::Refusal(refusal) };
    recorder.push(records.into_iter().map(entry).collect()).await;
}
