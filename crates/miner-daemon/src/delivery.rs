//! What became of each admitted request: recorded once, whatever happens to the request or to this process.
//!
//! A record is staged as 'interrupted' before the work begins and replaced when the request ends. The end is noticed by
//! dropping, so a validator that hangs up at any moment is recorded too: the room for the record is taken beforehand, and
//! a worker writes it.
//!
//! 'Answered' means that the operating system took the answer's last byte while the connection stood. HTTP/1.1 has no
//! acknowledgement, so a validator that vanished in that very moment is counted as having been answered.

use std::sync::Arc;

use common::id::EntryId;
use common::outcome::TaskFailure;
use common::record::{Delivery, DeliveryOutcome, Entry, Record};
use daemon_kit::{StoreError, Workers};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::counts::Counts;
use crate::records::Recorder;

/// The most records written together.
const BATCH: usize = 64;

/// Records deliveries.
#[derive(Clone, Debug)]
pub(crate) struct Deliveries {
    recorder: Recorder,
    counts: Arc<Counts>,
    entries: mpsc::Sender<Entry>,
}

/// There is no room for a record: what was answered before is still being written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many deliveries wait to be recorded")]
pub(crate) struct NoRoom;

impl Deliveries {
    /// Starts the worker that writes records; `room` is how many may be open or waiting. It ends with the last clone and
    /// the last open record.
    pub(crate) fn start(recorder: &Recorder, counts: &Arc<Counts>, room: usize, workers: &Workers) -> Self {
        let (entries, queue) = mpsc::channel(room);
        workers.spawn("deliveries", write(queue, recorder.clone()));
        Self { recorder: recorder.clone(), counts: Arc::clone(counts), entries }
    }

    /// Takes room for the record of a request that arrived at `arrived`. `delivery` has the outcome 'interrupted'.
    ///
    /// # Errors
    /// There is no room.
    pub(crate) fn open(&self, delivery: Delivery, unix_ms: u64, arrived: Instant) -> Result<Underway, NoRoom> {
        let room = self.entries.clone().try_reserve_owned().map_err(|_| NoRoom)?;
        Ok(Underway { delivery, unix_ms, arrived, room: Some(room), counts: Arc::clone(&self.counts) })
    }

    /// Makes the record survive the end of this process as 'interrupted'.
    ///
    /// # Errors
    /// The database does not work.
    pub(crate) async fn stage(&self, underway: &Underway) -> Result<(), StoreError> {
        self.recorder.stage(entry(underway.delivery.clone(), underway.unix_ms)).await
    }
}

/// The open record of a request in work. Dropped, it says that the validator hung up.
#[derive(Debug)]
pub(crate) struct Underway {
    delivery: Delivery,
    unix_ms: u64,
    arrived: Instant,
    room: Option<mpsc::OwnedPermit<Entry>>,
    counts: Arc<Counts>,
}

impl Underway {
    /// There is an answer, to be sent with `status`.
    pub(crate) fn answer(self, outcome: DeliveryOutcome, status: u16) -> Receipt {
        Receipt { underway: self, outcome, status }
    }

    fn close(&mut self, outcome: DeliveryOutcome, status: u16) {
        let Some(room) = self.room.take() else {
            return;
        };
        self.counts.delivery(&outcome);
        let total_ms = u64::try_from(self.arrived.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(task = %self.delivery.task, ?outcome, status, total_ms, "Task ended");
        let delivery = Delivery { outcome, status, total_ms, ..self.delivery.clone() };
        room.send(entry(delivery, self.unix_ms.saturating_add(total_ms)));
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.close(DeliveryOutcome::Failed(TaskFailure::Cancelled), 0);
    }
}

/// The open record of an answer on its way. Dropped, it says that the validator was gone.
#[derive(Debug)]
pub(crate) struct Receipt {
    underway: Underway,
    outcome: DeliveryOutcome,
    status: u16,
}

impl Receipt {
    /// The validator took all of it.
    pub(crate) fn taken(mut self) {
        self.underway.close(self.outcome.clone(), self.status);
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        // Only an answer can be lost; the rest is what it is, told or not.
        let outcome = match &self.outcome {
            DeliveryOutcome::Answered => DeliveryOutcome::Undelivered,
            other @ (DeliveryOutcome::Declined(_)
            | DeliveryOutcome::Failed(_)
            | DeliveryOutcome::Unavailable
            | DeliveryOutcome::Undelivered
            | DeliveryOutcome::Interrupted) => other.clone(),
        };
        self.underway.close(outcome, 0);
    }
}

fn entry(delivery: Delivery, unix_ms: u64) -> Entry {
    Entry { id: EntryId::of_task(delivery.task), unix_ms, record: Record::Delivery(delivery) }
}

async fn write(mut queue: mpsc::Receiver<Entry>, recorder: Recorder) {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        recorder.push(std::mem::take(&mut batch)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::id::TaskId;
    use common::outcome::DeclineReason;

    fn underway(room: mpsc::OwnedPermit<Entry>) -> Underway {
        let delivery = Delivery {
            task: TaskId::new(1, [0; 10]),
            netuid: common::id::Netuid(1),
            caller: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".parse().unwrap(),
            route: "Dummy".into(),
            task_type: "text".into(),
            outcome: DeliveryOutcome::Interrupted,
            status: 0,
            total_ms: 0,
        };
        Underway { delivery, unix_ms: 1_000, arrived: Instant::now(), room: Some(room), counts: Arc::default() }
    }

    /// Runs a request's life and returns everything that was recorded of it.
    fn recorded(life: impl FnOnce(Underway)) -> Vec<(DeliveryOutcome, u16)> {
        let (sender, mut queue) = mpsc::channel(1);
        life(underway(sender.try_reserve_owned().unwrap()));
        let mut seen = Vec::new();
        while let Ok(entry) = queue.try_recv() {
            if let Record::Delivery(delivery) = entry.record {
                seen.push((delivery.outcome, delivery.status));
            }
        }
        seen
    }

    #[test]
    fn an_answer_that_was_taken_is_answered() {
        let seen = recorded(|underway| underway.answer(DeliveryOutcome::Answered, 200).taken());

        assert_eq!(seen, [(DeliveryOutcome::Answered, 200)]);
    }

    #[test]
    fn an_answer_that_was_not_taken_is_undelivered() {
        let seen = recorded(|underway| drop(underway.answer(DeliveryOutcome::Answered, 200)));

        assert_eq!(seen, [(DeliveryOutcome::Undelivered, 0)]);
    }

    #[test]
    fn a_validator_that_hangs_up_during_the_work_is_recorded() {
        let seen = recorded(drop);

        assert_eq!(seen, [(DeliveryOutcome::Failed(TaskFailure::Cancelled), 0)]);
    }

    #[test]
    fn a_decline_stays_one_even_if_nobody_heard_it() {
        let declined = DeliveryOutcome::Declined(DeclineReason::Paused);

        let seen = recorded(|underway| drop(underway.answer(declined.clone(), 503)));

        assert_eq!(seen, [(declined, 0)]);
    }
}
