//! Where a connection stands between request and answer, and until when the peer may take its time. Pure: time comes in
//! as an argument.
//!
//! A connection carries one exchange at a time: hyper reads the next head only after the answer is flushed. That makes
//! the end of an answer knowable: its last byte is the peer's to take once a flush succeeds after hyper took the body.

use std::time::Duration;

use tokio::time::Instant;

/// The times a peer is given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// For a request's head, and for taking an answer.
    pub(super) patience: Duration,
    /// Between an answer and the next request.
    pub(super) idle: Duration,
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    /// The peer has connected and sent nothing.
    Fresh,
    /// A request's head has begun to come in.
    Head,
    /// Nothing of a next request has come yet.
    ///
    /// A head that came too early, in one piece with the request before it, is idle too until more of it comes: a peer
    /// gains nothing by that, since it may be idle anyway.
    Idle,
    /// The request is worked on; reading its body has a deadline of its own.
    Work,
    /// The answer is on its way, but hyper does not have all of it.
    Answer,
    /// The answer goes out in pieces, as they come.
    Stream,
    /// hyper has all of the answer and writes it out.
    LastBytes,
}

/// One connection's state. `R` is what is kept until the answer is out: dropped unless it is.
#[derive(Debug)]
pub(super) struct Exchange<R> {
    times: Times,
    phase: Phase,
    deadline: Option<Instant>,
    kept: Option<R>,
    /// Whether somebody waits for the next flush.
    awaits_flush: bool,
}

impl<R> Exchange<R> {
    /// A peer has connected. It gets no idle time before its first request.
    pub(super) fn new(times: Times, now: Instant) -> Self {
        Self { times, phase: Phase::Fresh, deadline: Some(now + times.patience), kept: None, awaits_flush: false }
    }

    /// Bytes have come in.
    pub(super) fn bytes_came(&mut self, now: Instant) {
        match self.phase {
            // The time for the first head runs since the peer connected.
            Phase::Fresh => self.phase = Phase::Head,
            Phase::Idle => {
                self.phase = Phase::Head;
                self.deadline = Some(now + self.times.patience);
            }
            Phase::Head | Phase::Work | Phase::Answer | Phase::Stream | Phase::LastBytes => {}
        }
    }

    /// A request's head is complete.
    pub(super) fn request_came(&mut self) {
        self.phase = Phase::Work;
        self.deadline = None;
    }

    /// The answer is ready to be taken.
    pub(super) fn answer_began(&mut self, now: Instant) {
        self.phase = Phase::Answer;
        self.deadline = Some(now + self.times.patience);
    }

    /// An answer begins that goes out in pieces: the peer is waited for only while it has some to take.
    pub(super) fn stream_began(&mut self, now: Instant) {
        self.phase = Phase::Stream;
        self.deadline = Some(now + self.times.patience);
    }

    /// hyper has taken a piece.
    pub(super) fn piece_handed(&mut self, now: Instant) {
        // A peer that takes the pieces one by one is in time with each.
        self.deadline.get_or_insert(now + self.times.patience);
    }

    /// Whether a stream has pieces that are not flushed yet; whoever asks is woken when they are.
    pub(super) fn awaits_flush(&mut self) -> bool {
        self.awaits_flush = self.deadline.is_some();
        self.awaits_flush
    }

    /// Whether somebody is to be woken, because all is flushed.
    pub(super) fn wakes(&mut self) -> bool {
        std::mem::take(&mut self.awaits_flush)
    }

    /// hyper has taken the answer's body; `kept` waits for it to be written out.
    pub(super) fn answer_handed(&mut self, kept: Option<R>) {
        self.phase = Phase::LastBytes;
        self.kept = kept;
    }

    /// Everything that hyper had is with the operating system. Returns what was kept if that completes an answer.
    pub(super) fn flushed(&mut self, now: Instant) -> Option<R> {
        if self.phase == Phase::Stream {
            self.deadline = None;
        }
        if self.phase != Phase::LastBytes {
            return None;
        }
        self.phase = Phase::Idle;
        self.deadline = Some(now + self.times.idle);
        self.kept.take()
    }

    /// When the peer has taken too long.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether a request has begun to come in, and did not become complete in time.
    pub(super) fn head_is_late(&self, now: Instant) -> bool {
        self.phase == Phase::Head && self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// Whether no request is being worked on or answered: what hyper writes then is its own complaint about a head.
    pub(super) fn between_requests(&self) -> bool {
        matches!(self.phase, Phase::Fresh | Phase::Head | Phase::Idle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);
    const IDLE: Duration = Duration::from_secs(75);

    fn exchange(now: Instant) -> Exchange<&'static str> {
        Exchange::new(Times { patience: PATIENCE, idle: IDLE }, now)
    }

    #[test]
    fn the_first_head_is_due_from_the_start_and_dribbling_does_not_help() {
        let start = Instant::now();
        let mut exchange = exchange(start);

        exchange.bytes_came(start + PATIENCE / 2);

        assert_eq!(exchange.deadline(), Some(start + PATIENCE));
    }

    #[test]
    fn work_has_no_deadline_here() {
        let mut exchange = exchange(Instant::now());

        exchange.request_came();

        assert_eq!(exchange.deadline(), None);
    }

    #[test]
    fn an_answer_is_complete_with_the_flush_after_its_body() {
        let start = Instant::now();
        let mut exchange = exchange(start);
        exchange.request_came();
        exchange.answer_began(start);

        let before = exchange.flushed(start);
        exchange.answer_handed(Some("receipt"));
        let after = exchange.flushed(start);

        assert_eq!((before, after), (None, Some("receipt")));
    }

    #[test]
    fn an_idle_connection_is_kept_longer_until_the_next_head_begins() {
        let start = Instant::now();
        let mut exchange = exchange(start);
        exchange.request_came();
        exchange.answer_began(start);
        exchange.answer_handed(None);
        exchange.flushed(start);
        let idle = exchange.deadline();

        exchange.bytes_came(start + PATIENCE);
        let head = exchange.deadline();

        assert_eq!(idle, Some(start + IDLE));
        assert_eq!(head, Some(start + 2 * PATIENCE));
    }

    #[test]
    fn only_pieces_on_their_way_have_a_deadline() {
        let start = Instant::now();
        let mut exchange = exchange(start);
        exchange.request_came();
        exchange.stream_began(start);

        exchange.flushed(start);
        let while_nothing_comes = exchange.deadline();
        exchange.piece_handed(start + IDLE);
        exchange.piece_handed(start + IDLE + PATIENCE / 2);
        let while_the_peer_takes = exchange.deadline();

        assert_eq!((while_nothing_comes, while_the_peer_takes), (None, Some(start + IDLE + PATIENCE)));
    }

    #[test]
    fn an_answer_must_be_taken_in_time() {
        let start = Instant::now();
        let mut exchange = exchange(start);
        exchange.request_came();

        exchange.answer_began(start);
        exchange.answer_handed(None);

        assert_eq!(exchange.deadline(), Some(start + PATIENCE));
    }
}
