//! Named, tracked tasks: one that panics stops the process, and stopping waits for all of them.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The tasks of a process.
///
/// There are two shifts: workers, which end by themselves once stopping begins, and connections to other daemons, which
/// the workers need until their end and which therefore stop after them.
#[derive(Clone, Debug, Default)]
pub struct Workers {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    workers: Shift,
    connections: Shift,
    next: AtomicU64,
    panicked: Mutex<Option<&'static str>>,
}

#[derive(Debug, Default)]
struct Shift {
    stop: CancellationToken,
    tracker: TaskTracker,
    running: Mutex<BTreeMap<u64, &'static str>>,
}

/// Why the workers did not end well.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum WorkersError {
    /// A worker has a bug; the log says where.
    #[error("worker {0} panicked")]
    Panicked(&'static str),
    /// Time was up.
    #[error("these workers did not end in time: {}", .0.join(", "))]
    Unfinished(Vec<&'static str>),
}

impl Workers {
    /// Makes an empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a worker. It must end by itself once [`Self::stopping`]; if it panics, stopping begins.
    pub fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        self.start(&self.shared.workers, Shared::workers, name, future);
    }

    /// Starts a task that the workers need until they have ended; `stop` says when that is.
    pub(crate) fn spawn_connection<F>(&self, name: &'static str, task: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let shift = &self.shared.connections;
        self.start(shift, Shared::connections, name, task(shift.stop.clone()));
    }

    /// Waits until stopping has begun.
    pub async fn stopping(&self) {
        self.shared.workers.stop.cancelled().await;
    }

    /// Returns a token that is cancelled when stopping begins; cancelling it stops nothing else.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.shared.workers.stop.child_token()
    }

    /// Whether stopping has begun.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.shared.workers.stop.is_cancelled()
    }

    /// Begins stopping.
    pub fn stop(&self) {
        self.shared.workers.stop.cancel();
    }

    /// Waits until all workers ended, and then ends the connections to other daemons.
    ///
    /// # Errors
    /// The worker that panicked, or else those that did not end within `limit`.
    pub async fn wait(&self, limit: Duration) -> Result<(), WorkersError> {
        let deadline = Instant::now() + limit;
        let workers = self.shared.workers.ended(deadline).await;
        self.shared.connections.stop.cancel();
        let connections = self.shared.connections.ended(deadline).await;
        match *lock(&self.shared.panicked) {
            Some(name) => Err(WorkersError::Panicked(name)),
            None => workers.and(connections),
        }
    }

    fn start(
        &self,
        shift: &Shift,
        of: fn(&Shared) -> &Shift,
        name: &'static str,
        future: impl Future<Output = ()> + Send + 'static,
    ) {
        let number = self.shared.next.fetch_add(1, Ordering::Relaxed);
        lock(&shift.running).insert(number, name);
        let shared = Arc::clone(&self.shared);
        shift.tracker.spawn(async move {
            // The worker is dropped on a panic, and nothing of it is used again: it can be unwound safely.
            let end = AssertUnwindSafe(future).catch_unwind().await;
            lock(&of(&shared).running).remove(&number);
            if end.is_err() {
                tracing::error!(worker = name, "Worker panicked, stopping");
                lock(&shared.panicked).get_or_insert(name);
                shared.workers.stop.cancel();
            }
        });
    }
}

impl Shared {
    fn workers(&self) -> &Shift {
        &self.workers
    }

    fn connections(&self) -> &Shift {
        &self.connections
    }
}

impl Shift {
    async fn ended(&self, deadline: Instant) -> Result<(), WorkersError> {
        self.tracker.close();
        match timeout_at(deadline, self.tracker.wait()).await {
            Ok(()) => Ok(()),
            Err(_) => {
                let mut names: Vec<_> = lock(&self.running).values().copied().collect();
                names.sort_unstable();
                names.dedup();
                Err(WorkersError::Unfinished(names))
            }
        }
    }
}

/// Nothing is left half done under these locks, so a panic elsewhere does not spoil what they guard.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn stopping_waits_for_workers() {
        let workers = Workers::new();
        let inner = workers.clone();
        workers.spawn("patient", async move {
            inner.stopping().await;
            tokio::time::sleep(Duration::from_secs(5)).await;
        });

        workers.stop();
        let end = workers.wait(LIMIT).await;

        assert_eq!(end, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_stops_all_and_names_the_worker() {
        let workers = Workers::new();
        workers.spawn("clumsy", async { panic!("on purpose") });

        workers.stopping().await;
        let end = workers.wait(LIMIT).await;

        assert_eq!(end, Err(WorkersError::Panicked("clumsy")));
    }

    #[tokio::test(start_paused = true)]
    async fn those_that_do_not_end_are_named() {
        let workers = Workers::new();
        workers.spawn("stuck", std::future::pending());
        workers.spawn("brief", async {});

        let end = workers.wait(LIMIT).await;

        assert_eq!(end, Err(WorkersError::Unfinished(vec!["stuck"])));
    }

    #[tokio::test(start_paused = true)]
    async fn connections_outlive_the_workers() {
        let workers = Workers::new();
        let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
        workers.spawn_connection("connection", |stop| async move {
            stop.cancelled().await;
            drop(receiver);
        });
        let inner = workers.clone();
        workers.spawn("worker", async move {
            inner.stopping().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(!sender.is_closed());
        });

        workers.stop();
        let end = workers.wait(LIMIT).await;

        assert_eq!(end, Ok(()));
    }

    #[tokio::test]
    async fn a_cancelled_token_stops_nothing_else() {
        let workers = Workers::new();

        workers.token().cancel();

        assert!(!workers.is_stopping());
    }
}
