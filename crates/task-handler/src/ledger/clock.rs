//! The clocks, as arguments: tests turn them as they like.

use std::fmt;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Tells the time in milliseconds since 1970, and beside it the time on a clock that nobody sets.
#[derive(Clone)]
pub struct Clock {
    wall: Arc<Hands>,
    steady: Arc<Hands>,
    boot: Arc<str>,
}

type Hands = dyn Fn() -> u64 + Send + Sync;

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reading {
    /// Milliseconds since 1970.
    pub unix_ms: u64,
    /// Milliseconds on the clock that only counts on, from any beginning.
    pub steady_ms: u64,
}

impl Clock {
    /// Returns the system's clocks.
    #[must_use]
    pub fn system() -> Self {
        let wall = || {
            let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
        };
        let (began, at_first) = (Instant::now(), uptime_ms().unwrap_or(0));
        // The time since the boot, because it goes on while the machine sleeps; an `Instant` stops then.
        let steady = move || {
            let counted = || at_first.saturating_add(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
            uptime_ms().unwrap_or_else(counted)
        };
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self::with_steady(wall, steady, boot.trim())
    }

    /// Makes a clock of a function; the steady clock shows the same.
    pub fn new(now_ms: impl Fn() -> u64 + Clone + Send + Sync + 'static) -> Self {
        Self::with_steady(now_ms.clone(), now_ms, "")
    }

    /// Makes a clock of two functions. `boot` says how long readings of the steady one can be compared; empty if not even
    /// between two processes.
    pub fn with_steady(
        now_ms: impl Fn() -> u64 + Send + Sync + 'static,
        steady_ms: impl Fn() -> u64 + Send + Sync + 'static,
        boot: &str,
    ) -> Self {
        Self { wall: Arc::new(now_ms), steady: Arc::new(steady_ms), boot: boot.into() }
    }

    /// Returns the time in milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        (self.wall)()
    }

    /// Reads both clocks.
    #[must_use]
    pub fn reading(&self) -> Reading {
        Reading { unix_ms: (self.wall)(), steady_ms: (self.steady)() }
    }

    /// Returns what the machine calls the time since it was started.
    pub(super) fn boot(&self) -> &str {
        &self.boot
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now_ms())
    }
}

/// Returns how long the machine runs, its sleep included.
fn uptime_ms() -> Option<u64> {
    parse_uptime(&std::fs::read_to_string("/proc/uptime").ok()?)
}

/// Reads seconds with two decimals.
fn parse_uptime(text: &str) -> Option<u64> {
    let (seconds, hundredths) = text.split_whitespace().next()?.split_once('.')?;
    let (seconds, hundredths) = (seconds.parse::<u64>().ok()?, hundredths.parse::<u64>().ok()?);
    seconds.checked_mul(1000)?.checked_add(hundredths.checked_mul(10)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_uptime_is_read() {
        assert_eq!(parse_uptime("350735.47 234388.90\n"), Some(350_735_470));
        assert_eq!(parse_uptime("soon"), None);
    }

    #[test]
    fn the_systems_clocks_go_forward() {
        let clock = Clock::system();

        let (before, after) = (clock.reading(), clock.reading());

        assert!(after.steady_ms >= before.steady_ms && before.steady_ms > 0);
        assert!(!clock.boot().is_empty());
    }
}
