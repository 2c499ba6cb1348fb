//! A simulated validator: asks in its rhythm, checks what comes, scores it.

mod judge;
mod rhythm;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bittensor::keys::KeyError;
use daemon_kit::Workers;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use uuid::Uuid;

use crate::connections::{Connections, ExchangeError};
use crate::dendrite::{self, Dendrite, Query, Reply, Target};
use crate::random::{Draws, fingerprint};
use crate::score_log::Score;
use crate::settings::{self, Settings, Synapse};
use crate::task::{self, Task};
use crate::vendor::Authors;

/// The most questions under way; a round that would pass it is cut short.
const MAX_UNDER_WAY: usize = 64;

/// One validator with its key.
#[derive(Debug)]
pub struct Validator {
    habits: settings::Validator,
    seed: u64,
    dendrite: Dendrite,
    target: Target,
    connections: Connections,
    authors: Arc<Authors>,
}

impl Validator {
    /// Makes a validator of a sandbox.
    ///
    /// # Errors
    /// If its name makes no key.
    pub fn new(
        settings: &Settings,
        habits: &settings::Validator,
        target: &Target,
        authors: Arc<Authors>,
        workers: Workers,
    ) -> Result<Self, KeyError> {
        let seed = settings.seed ^ fingerprint(&habits.name);
        Ok(Self {
            habits: habits.clone(),
            seed,
            dendrite: Dendrite::new(&settings.key_uri(habits), uuid(seed))?,
            target: target.clone(),
            connections: Connections::new(target.address, workers),
            authors,
        })
    }

    /// Asks, until the workers stop or nobody takes the scores.
    pub async fn run(self, scores: mpsc::Sender<Score>, workers: Workers) {
        let mut under_way = FuturesUnordered::new();
        let mut asked = 0;
        let mut round = 0;
        let mut next = Instant::now() + rhythm::until_first(self.seed, self.habits.interval());
        loop {
            tokio::select! {
                () = workers.stopping() => return,
                () = sleep_until(next) => {
                    for _ in 0..self.habits.burst {
                        if under_way.len() < MAX_UNDER_WAY {
                            under_way.push(self.ask(asked));
                            asked += 1;
                        }
                    }
                    round += 1;
                    next = Instant::now() + rhythm::until_next(self.seed, round, self.habits.interval());
                }
                Some(score) = under_way.next(), if !under_way.is_empty() => {
                    if scores.send(score).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Asks one task and scores what comes.
    async fn ask(&self, number: u64) -> Score {
        let task = task::generate(self.seed, number, &self.habits.mix);
        let query = query(self.habits.synapse, &task);
        let now = unix_time();
        let request = self.dendrite.request(&query, &self.target, self.habits.timeout(), nanoseconds(now));
        let started = Instant::now();
        let exchange = timeout(self.habits.timeout(), self.connections.exchange(request)).await;
        let latency = started.elapsed();
        let reply = match exchange {
            Ok(Ok(response)) => dendrite::read(&query, response.status(), response.headers(), response.body()),
            Ok(Err(error)) => unanswered(&error),
            Err(_) => broken(408, "no answer in time"),
        };
        let asked = judge::Asked { habits: &self.habits, number, task: &task, unix_ms: milliseconds(now), latency };
        asked.judge(reply, self.authors.of(&task.prompt))
    }
}

/// Puts a task into the validator's synapse.
fn query(synapse: Synapse, task: &Task) -> Query {
    match synapse {
        Synapse::Prompting => Query::Prompting { roles: vec!["user".into()], messages: vec![task.prompt.clone()] },
        Synapse::Logic => Query::Logic { question: task.prompt.clone(), category: task.kind.name().to_owned() },
    }
}

/// The statuses that the SDK reports.
fn unanswered(error: &ExchangeError) -> Reply {
    match error {
        ExchangeError::Connect(_) => broken(503, "nobody listens"),
        ExchangeError::Broken(_) => broken(503, "the connection broke"),
        ExchangeError::Response(_) => broken(400, "the response was cut off"),
    }
}

fn broken(status: u16, why: &str) -> Reply {
    Reply::Broken { status, why: why.to_owned() }
}

/// Returns the id that the validator's client has for its life; like Python's `uuid1`.
fn uuid(seed: u64) -> Uuid {
    let mut draws = Draws::new(seed, "uuid");
    let bytes = (u128::from(draws.next()) << 64) | u128::from(draws.next());
    uuid::Builder::from_u128(bytes).with_variant(uuid::Variant::RFC4122).with_version(uuid::Version::Mac).into_uuid()
}

/// The time since 1970.
pub(crate) fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_id_looks_like_pythons() {
        let id = uuid(1);

        assert_eq!(id.get_version_num(), 1);
        assert_eq!(id, uuid(1));
        assert_ne!(id, uuid(2));
    }
}
