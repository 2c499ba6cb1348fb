//! The calls of a connection that wait for their replies.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use common::ipc::{Fault, FaultCode, Reply};
use serde_json::value::RawValue;
use tokio::sync::{Notify, mpsc, oneshot};

/// Calls in flight at most.
const LIMIT: usize = 1024;

pub(super) type Answer = Result<Reply, Fault>;
type Events = mpsc::Sender<Box<RawValue>>;

/// The table; clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    table: Mutex<Table>,
    /// Told when there is something to cancel.
    cancels: Notify,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    waiting: HashMap<u64, Waiting>,
    cancelled: Vec<u64>,
    closed: bool,
}

#[derive(Debug)]
struct Waiting {
    answer: oneshot::Sender<Answer>,
    events: Option<Events>,
    /// Whether the server may have read some of the request.
    sent: bool,
}

/// A waiting call's place; dropping it cancels the call.
#[derive(Debug)]
pub(super) struct Place {
    id: u64,
    pending: Pending,
}

impl Pending {
    /// Enters a call.
    ///
    /// # Errors
    /// Too many calls are in flight, or the connection has ended.
    pub(super) fn insert(&self, events: Option<Events>) -> Result<(Place, oneshot::Receiver<Answer>), Fault> {
        let mut table = self.table();
        if table.closed {
            return Err(Fault::new(FaultCode::Unavailable, "the connection has just ended"));
        }
        if table.waiting.len() >= LIMIT {
            return Err(Fault::new(FaultCode::Overloaded, "too many calls wait for replies"));
        }
        let id = table.next;
        table.next += 1;
        let (answer, receiver) = oneshot::channel();
        table.waiting.insert(id, Waiting { answer, events, sent: false });
        Ok((Place { id, pending: self.clone() }, receiver))
    }

    /// Says that a request is about to be written; false if nobody waits for it any more.
    pub(super) fn send(&self, id: u64) -> bool {
        self.table().waiting.get_mut(&id).map(|waiting| waiting.sent = true).is_some()
    }

    /// Hands a reply to its call. A call that was given up has none.
    pub(super) fn answer(&self, id: u64, reply: Reply) {
        let waiting = self.table().waiting.remove(&id);
        if let Some(waiting) = waiting {
            // The caller may have stopped waiting this moment.
            drop(waiting.answer.send(Ok(reply)));
        }
    }

    /// Hands an event to its call. Nobody may hold up the connection: a caller without room for it loses the call.
    pub(super) fn event(&self, id: u64, event: Box<RawValue>) {
        let mut table = self.table();
        let full = match table.waiting.get(&id) {
            Some(Waiting { events: Some(events), .. }) => events.try_send(event).is_err(),
            Some(Waiting { events: None, .. }) | None => false,
        };
        if full && let Some(waiting) = table.waiting.remove(&id) {
            let fault = Fault::new(FaultCode::Internal, "events were not taken as fast as they came");
            drop(waiting.answer.send(Err(fault)));
            table.cancelled.push(id);
            drop(table);
            self.shared.cancels.notify_one();
        }
    }

    /// Returns the calls that the server should be told to cancel.
    pub(super) fn take_cancelled(&self) -> Vec<u64> {
        std::mem::take(&mut self.table().cancelled)
    }

    /// Waits until there is something to cancel.
    pub(super) async fn cancels(&self) {
        self.shared.cancels.notified().await;
    }

    /// Ends all calls, because the connection ended. What was sent may have been done.
    pub(super) fn close(&self, reason: &str) {
        let mut table = self.table();
        table.closed = true;
        let waiting = std::mem::take(&mut table.waiting);
        drop(table);
        for waiting in waiting.into_values() {
            let fault = if waiting.sent {
                Fault::new(FaultCode::Internal, format!("the connection broke with the call in flight: {reason}"))
            } else {
                Fault::new(FaultCode::Unavailable, format!("the connection broke before the call was sent: {reason}"))
            };
            drop(waiting.answer.send(Err(fault)));
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.shared.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    pub(super) fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.pending.table();
        let sent = table.waiting.remove(&self.id).is_some_and(|waiting| waiting.sent);
        if sent {
            table.cancelled.push(self.id);
            drop(table);
            self.pending.shared.cancels.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sent_call_that_is_given_up_is_cancelled() {
        let pending = Pending::default();
        let (place, _answer) = pending.insert(None).unwrap();
        pending.send(place.id());

        drop(place);

        assert_eq!(pending.take_cancelled(), [0]);
    }

    #[test]
    fn a_call_given_up_before_it_was_sent_never_leaves() {
        let pending = Pending::default();
        let (place, _answer) = pending.insert(None).unwrap();
        let id = place.id();

        drop(place);

        assert!(pending.take_cancelled().is_empty());
        assert!(!pending.send(id));
    }

    #[test]
    fn when_the_connection_ends_only_sent_calls_may_have_been_done() {
        let pending = Pending::default();
        let (sent, mut of_sent) = pending.insert(None).unwrap();
        let (_unsent, mut of_unsent) = pending.insert(None).unwrap();
        pending.send(sent.id());

        pending.close("hung up");

        assert_eq!(of_sent.try_recv().unwrap().unwrap_err().code, FaultCode::Internal);
        assert_eq!(of_unsent.try_recv().unwrap().unwrap_err().code, FaultCode::Unavailable);
    }

    #[test]
    fn an_ended_connection_takes_no_call() {
        let pending = Pending::default();
        pending.close("hung up");

        let refused = pending.insert(None).unwrap_err();

        assert_eq!(refused.code, FaultCode::Unavailable);
    }

    #[test]
    fn more_calls_than_the_limit_are_refused() {
        let pending = Pending::default();
        let _places: Vec<_> = (0..LIMIT).map(|_| pending.insert(None).unwrap()).collect();

        let refused = pending.insert(None).unwrap_err();

        assert_eq!(refused.code, FaultCode::Overloaded);
    }

    #[test]
    fn a_caller_who_does_not_take_events_loses_the_call() {
        let pending = Pending::default();
        let (events, _kept) = mpsc::channel(1);
        let (place, mut answer) = pending.insert(Some(events)).unwrap();
        let event = || RawValue::from_string("1".into()).unwrap();

        pending.event(place.id(), event());
        pending.event(place.id(), event());

        assert_eq!(answer.try_recv().unwrap().unwrap_err().code, FaultCode::Internal);
        assert_eq!(pending.take_cancelled(), [place.id()]);
    }
}
