//! Chooses the node. Pure: time and chance come in as arguments, so every test is exact.

use std::time::{Duration, Instant};

use crate::error::EndpointError;
use crate::head::Head;
use crate::network::{Endpoint, Settings};

/// A node that was good and hung up is asked again this soon; the pause doubles up to `DROPPED_MOST`.
const DROPPED: Duration = Duration::from_millis(250);
const DROPPED_MOST: Duration = Duration::from_secs(2);
/// The same for one that could not be reached.
const UNREACHABLE: Duration = Duration::from_millis(500);
const UNREACHABLE_MOST: Duration = Duration::from_secs(30);
/// The same for one that wants fewer requests.
const RATE_LIMITED: Duration = Duration::from_secs(30);
const RATE_LIMITED_MOST: Duration = Duration::from_secs(600);
/// One that is behind may catch up.
const BEHIND: Duration = Duration::from_secs(30);
const BEHIND_MOST: Duration = Duration::from_secs(300);
/// One that serves something else, or nonsense, will not become better soon.
const WRONG: Duration = Duration::from_secs(300);
const WRONG_MOST: Duration = Duration::from_secs(3600);
/// So much ahead of what the time since the best known head allows for cannot be.
const LEAD_BLOCKS: u64 = 1000;

/// The nodes, and what is known of them.
#[derive(Debug)]
pub(crate) struct Endpoints {
    nodes: Vec<Node>,
    max_lag: u64,
    block_time: Duration,
    best: Option<Best>,
}

#[derive(Debug)]
struct Node {
    endpoint: Endpoint,
    /// Failures without a good head between them.
    failures: u32,
    benched_until: Option<Instant>,
    lagging: bool,
}

/// The highest head that was believed.
#[derive(Clone, Copy, Debug)]
struct Best {
    number: u64,
    at: Instant,
    by: usize,
}

/// What to do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Choice {
    /// Use this node.
    Use(usize),
    /// All are benched until then.
    Wait(Instant),
}

impl Endpoints {
    pub(crate) fn new(settings: &Settings) -> Self {
        let node =
            |endpoint: &Endpoint| Node { endpoint: endpoint.clone(), failures: 0, benched_until: None, lagging: false };
        Self {
            nodes: settings.endpoints.iter().map(node).collect(),
            max_lag: settings.timing.max_lag_blocks,
            block_time: settings.timing.block,
            best: None,
        }
    }

    pub(crate) fn endpoint(&self, index: usize) -> Option<&Endpoint> {
        self.nodes.get(index).map(|node| &node.endpoint)
    }

    /// The first node in the operator's order that is not benched.
    pub(crate) fn choose(&self, now: Instant) -> Choice {
        let free = |node: &Node| node.benched_until.is_none_or(|until| until <= now);
        match self.nodes.iter().position(free) {
            Some(index) => Choice::Use(index),
            None => Choice::Wait(self.nodes.iter().filter_map(|node| node.benched_until).min().unwrap_or(now)),
        }
    }

    /// Benches a node. `chance` is between 0 and 1, so that many clients do not come back at once.
    pub(crate) fn failed(&mut self, index: usize, error: &EndpointError, now: Instant, chance: f64) {
        let Some(node) = self.nodes.get_mut(index) else { return };
        let (first, most) = pause(error);
        let doubled = first.saturating_mul(1 << node.failures.min(16)).min(most);
        node.benched_until = Some(now + doubled.mul_f64(chance.clamp(0.0, 1.0).mul_add(0.5, 0.75)));
        node.failures = node.failures.saturating_add(1);
        node.lagging = matches!(error, EndpointError::Lagging { .. });
        // What a liar said must not speak against the others. And if all are behind the best head, it was no head.
        if matches!(error, EndpointError::Implausible { .. }) && self.best.is_some_and(|best| best.by == index)
            || self.nodes.iter().all(|node| node.lagging)
        {
            self.best = None;
        }
    }

    /// Judges a node's new head.
    ///
    /// # Errors
    /// If it is too far behind the best known head, or further ahead than the time since then allows for.
    pub(crate) fn head(&mut self, index: usize, head: &Head) -> Result<(), EndpointError> {
        let Some(node) = self.nodes.get_mut(index) else { return Ok(()) };
        if let Some(best) = self.best {
            let since = head.seen.saturating_duration_since(best.at).as_millis();
            // Blocks come a little faster than planned in places.
            let possible = since.saturating_mul(2) / self.block_time.as_millis().max(1);
            let highest = best.number.saturating_add(u64::try_from(possible).unwrap_or(u64::MAX));
            let endpoint = node.endpoint.clone();
            if head.number > highest.saturating_add(LEAD_BLOCKS) {
                let what = format!("a head of {} right after {}", head.number, best.number);
                return Err(EndpointError::Implausible { endpoint, what });
            }
            let behind = best.number.saturating_sub(head.number);
            if behind > self.max_lag {
                return Err(EndpointError::Lagging { endpoint, behind });
            }
        }
        node.failures = 0;
        node.lagging = false;
        if self.best.is_none_or(|best| head.number >= best.number) {
            self.best = Some(Best { number: head.number, at: head.seen, by: index });
        }
        Ok(())
    }
}

/// How long a failure benches a node at first, and at most.
fn pause(error: &EndpointError) -> (Duration, Duration) {
    match error {
        EndpointError::Dropped { .. } => (DROPPED, DROPPED_MOST),
        EndpointError::Unreachable { .. } | EndpointError::TimedOut { .. } => (UNREACHABLE, UNREACHABLE_MOST),
        EndpointError::RateLimited { .. } => (RATE_LIMITED, RATE_LIMITED_MOST),
        EndpointError::Stalled { .. } | EndpointError::Lagging { .. } => (BEHIND, BEHIND_MOST),
        EndpointError::Rejected { .. } | EndpointError::WrongGenesis { .. } | EndpointError::Implausible { .. } => {
            (WRONG, WRONG_MOST)
        }
    }
}

#[cfg(test)]
mod tests {
    use common::config::chain::Network;

    use super::*;
    use crate::head::BlockHash;
    use crate::network::Timing;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_first_node_is_used_until_it_fails_and_then_the_second_at_once() {
        let now = Instant::now();
        let mut endpoints = two();

        assert_eq!(endpoints.choose(now), Choice::Use(0));

        endpoints.failed(0, &dropped(&endpoints), now, 0.5);

        assert_eq!(endpoints.choose(now), Choice::Use(1));
        assert_eq!(endpoints.choose(now + SECOND), Choice::Use(0));
    }

    #[test]
    fn pauses_grow_with_failures_and_end_with_a_head() {
        let now = Instant::now();
        let mut endpoints = one();
        let mut pauses = Vec::new();

        for _ in 0..5 {
            endpoints.failed(0, &dropped(&endpoints), now, 0.5);
            pauses.push(until(&endpoints, now));
        }

        assert_eq!(pauses, [250, 500, 1000, 2000, 2000]);

        endpoints.head(0, &head(7, now)).unwrap();
        endpoints.failed(0, &dropped(&endpoints), now, 0.5);

        assert_eq!(until(&endpoints, now), 250);
    }

    #[test]
    fn chance_spreads_a_pause_by_a_quarter() {
        let now = Instant::now();
        for (chance, expected) in [(0.0, 187), (1.0, 312), (7.0, 312)] {
            let mut endpoints = one();

            endpoints.failed(0, &dropped(&endpoints), now, chance);

            assert_eq!(until(&endpoints, now), expected);
        }
    }

    #[test]
    fn a_node_that_wants_fewer_requests_is_left_alone_for_longer() {
        let now = Instant::now();
        let mut endpoints = one();
        let limited = EndpointError::RateLimited { endpoint: endpoints.endpoint(0).unwrap().clone() };

        endpoints.failed(0, &limited, now, 0.5);

        assert_eq!(until(&endpoints, now), 30_000);
    }

    #[test]
    fn a_node_behind_the_best_known_head_is_refused() {
        let now = Instant::now();
        let mut endpoints = two();

        endpoints.head(0, &head(100, now)).unwrap();

        assert!(endpoints.head(1, &head(90, now)).is_ok());
        assert!(matches!(endpoints.head(1, &head(89, now)), Err(EndpointError::Lagging { behind: 11, .. })));
    }

    #[test]
    fn if_all_nodes_are_behind_the_best_known_head_was_none() {
        let now = Instant::now();
        let mut endpoints = two();
        endpoints.head(0, &head(100, now)).unwrap();

        for index in [0, 1] {
            let error = endpoints.head(index, &head(5, now)).unwrap_err();
            endpoints.failed(index, &error, now, 0.5);
        }

        assert!(endpoints.head(0, &head(5, now)).is_ok());
    }

    #[test]
    fn a_head_that_cannot_be_there_yet_is_refused_and_forgotten() {
        let now = Instant::now();
        let mut endpoints = two();
        endpoints.head(0, &head(100, now)).unwrap();

        assert!(endpoints.head(1, &head(100 + LEAD_BLOCKS, now)).is_ok());

        let error = endpoints.head(1, &head(4_000_000_000, now)).unwrap_err();

        assert!(matches!(error, EndpointError::Implausible { .. }));

        // The liar held the best head; without it the honest one is believed again.
        endpoints.failed(1, &error, now, 0.5);

        assert!(endpoints.head(0, &head(101, now)).is_ok());
    }

    #[test]
    fn a_long_silence_allows_for_many_blocks() {
        let now = Instant::now();
        let mut endpoints = one();
        endpoints.head(0, &head(100, now)).unwrap();

        let day = now + Duration::from_secs(86_400);

        assert!(endpoints.head(0, &head(100 + 7200, day)).is_ok());
    }

    #[test]
    fn with_all_benched_the_first_to_be_free_is_waited_for() {
        let now = Instant::now();
        let mut endpoints = two();

        let limited = EndpointError::RateLimited { endpoint: endpoints.endpoint(0).unwrap().clone() };
        endpoints.failed(0, &limited, now, 0.5);
        endpoints.failed(1, &dropped(&endpoints), now, 0.5);

        assert_eq!(endpoints.choose(now), Choice::Wait(now + Duration::from_millis(250)));
    }

    fn until(endpoints: &Endpoints, now: Instant) -> u128 {
        match endpoints.choose(now) {
            Choice::Wait(until) => (until - now).as_millis(),
            Choice::Use(_) => 0,
        }
    }

    fn head(number: u64, seen: Instant) -> Head {
        Head { number, hash: BlockHash([1; 32]), parent: BlockHash([0; 32]), time_ms: None, seen }
    }

    fn dropped(endpoints: &Endpoints) -> EndpointError {
        EndpointError::Dropped { endpoint: endpoints.endpoint(0).unwrap().clone() }
    }

    fn one() -> Endpoints {
        of(&["wss://a.example"])
    }

    fn two() -> Endpoints {
        of(&["wss://a.example", "wss://b.example"])
    }

    fn of(urls: &[&str]) -> Endpoints {
        Endpoints::new(&Settings {
            network: Network::Finney,
            endpoints: urls.iter().map(|url| Endpoint::parse(Network::Finney, url).unwrap()).collect(),
            genesis: None,
            timing: Timing::of(Network::Finney),
        })
    }
}
