//! A reservation: money set aside for one vendor call, which cannot be forgotten.

use common::id::AttemptId;
use common::record::AttemptOutcome;
use llm::Billing;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::booking::Booking;
use super::call::Facts;
use super::settler::{Note, Settlement};

/// Money set aside for one vendor call. Dropping it settles at the worst case: the vendor may bill what it had begun.
#[derive(Debug)]
#[must_use = "dropping a reservation costs all of it"]
pub struct Reservation {
    facts: Facts,
    started: Instant,
    stage: Stage,
    /// A place in the settler's queue, taken in advance so that settling cannot fail for want of one.
    place: Option<mpsc::OwnedPermit<Note>>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// The ledger may or may not have written it down; nobody has a permit.
    Asked,
    /// The caller has a permit.
    Permitted,
}

impl Reservation {
    /// Begins a reservation before the ledger is asked, so that one which nobody waits for any more is still settled.
    pub(super) fn asked(facts: Facts, place: mpsc::OwnedPermit<Note>) -> Self {
        Self { facts, started: Instant::now(), stage: Stage::Asked, place: Some(place) }
    }

    /// The ledger has written it down, and a permit is about to be made.
    pub(super) fn permitted(mut self) -> Self {
        self.stage = Stage::Permitted;
        self.started = Instant::now();
        self
    }

    /// The ledger has not written it down.
    pub(super) fn refused(mut self) {
        self.place = None;
    }

    /// Returns the call's id.
    #[must_use]
    pub fn attempt(&self) -> AttemptId {
        self.facts.attempt
    }

    /// Settles with what the vendor bills, and returns what was booked once the ledger has it.
    ///
    /// A failing store does not change what is returned: the ledger then keeps counting the whole reservation.
    pub async fn settle(mut self, outcome: AttemptOutcome, billing: Billing) -> Booking {
        let booking = self.facts.bound.book(billing);
        let (done, written) = oneshot::channel();
        self.send(booking, outcome, Some(done));
        // An error means that it could not be written, which the settler has logged.
        drop(written.await);
        booking
    }

    /// Settles as [`Self::settle`] does, without waiting for the ledger. Nothing is lost by that: until the ledger has it, and
    /// for ever if it never does, the whole reservation counts.
    pub fn hand_in(mut self, outcome: AttemptOutcome, billing: Billing) -> Booking {
        let booking = self.facts.bound.book(billing);
        self.send(booking, outcome, None);
        booking
    }

    fn send(&mut self, booking: Booking, outcome: AttemptOutcome, done: Option<oneshot::Sender<()>>) {
        if let Some(place) = self.place.take() {
            let latency = self.started.elapsed();
            place.send(Note::Ended(Settlement { facts: self.facts.clone(), booking, outcome, latency, done }));
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let billing = match self.stage {
            // No call can have been made without a permit.
            Stage::Asked => Billing::Nothing,
            Stage::Permitted => Billing::Unknown,
        };
        let booking = self.facts.bound.book(billing);
        self.send(booking, AttemptOutcome::Cancelled, None);
    }
}
