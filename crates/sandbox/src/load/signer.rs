//! Makes signed requests, each just before it is due.

use std::thread;
use std::time::{Duration, Instant};

use http::Request;
use tokio::sync::mpsc;

use crate::dendrite::{Dendrite, Query, Target};
use crate::validator::{nanoseconds, unix_time};

/// A request that is to be sent now.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) request: Request<Vec<u8>>,
    pub(super) query: Query,
    /// When it should have been sent; `None` if it may wait.
    pub(super) intended: Option<Instant>,
}

/// Who signs for whom.
#[derive(Debug)]
pub(super) struct Signer {
    pub(super) dendrite: Dendrite,
    pub(super) target: Target,
    pub(super) timeout: Duration,
}

impl Signer {
    /// Gives out requests until there are enough, or nobody takes them. Runs on a thread of its own: an ordinary sleep is more
    /// exact than the runtime's, which counts in milliseconds.
    pub(super) fn run(&self, requests: u64, interval: Option<Duration>, start: Instant, due: &mpsc::Sender<Due>) {
        let mut intended = interval.map(|_| start);
        for number in 0..requests {
            let query = question(number);
            let request = self.dendrite.request(&query, &self.target, self.timeout, nanoseconds(unix_time()));
            if let Some(intended) = intended {
                thread::sleep(intended.saturating_duration_since(Instant::now()));
            }
            if due.blocking_send(Due { request, query, intended }).is_err() {
                return;
            }
            intended = intended.zip(interval).map(|(last, interval)| last + interval);
        }
    }
}

/// A short task that the simulated vendor solves; each is different.
fn question(number: u64) -> Query {
    let prompt = format!("Compute {number} + 1. Answer with the number only.");
    Query::Prompting { roles: vec!["user".into()], messages: vec![prompt] }
}
