//! The validators that were answered lately: how often they come, and how far their clocks are off. Pure.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use common::call::miner::CallerStatus;
use common::id::Ss58;

/// The most validators remembered: a subnet has not half as many.
const MOST: usize = 512;
/// The most validators shown.
const SHOWN: usize = 64;
/// Each request moves the measured clock by this part of the difference.
const SMOOTHING: i64 = 8;

/// What is known of each validator. Memory is bounded: whoever has not come for longest is forgotten.
#[derive(Debug, Default)]
pub(crate) struct CallerLog(Mutex<HashMap<Ss58, Seen>>);

#[derive(Clone, Copy, Debug)]
struct Seen {
    requests: u64,
    ahead_ns: i64,
    last_unix_ms: u64,
}

impl CallerLog {
    /// A verified and admitted request has come, signed by a clock that is so far ahead of ours.
    pub(crate) fn note(&self, caller: &Ss58, ahead_ns: i64, unix_ms: u64) {
        let mut log = self.lock();
        if let Some(seen) = log.get_mut(caller) {
            seen.requests += 1;
            seen.ahead_ns += (ahead_ns - seen.ahead_ns) / SMOOTHING;
            seen.last_unix_ms = unix_ms;
            return;
        }
        if log.len() >= MOST {
            let oldest = log.iter().min_by_key(|(_, seen)| seen.last_unix_ms).map(|(caller, _)| caller.clone());
            oldest.and_then(|oldest| log.remove(&oldest));
        }
        log.insert(caller.clone(), Seen { requests: 1, ahead_ns, last_unix_ms: unix_ms });
    }

    /// Returns those who came last, the latest first.
    pub(crate) fn statuses(&self) -> Vec<CallerStatus> {
        let status = |(caller, seen): (&Ss58, &Seen)| CallerStatus {
            caller: caller.clone(),
            requests: seen.requests,
            clock_ahead_ms: seen.ahead_ns / 1_000_000,
            last_unix_ms: seen.last_unix_ms,
        };
        let mut statuses: Vec<_> = self.lock().iter().map(status).collect();
        statuses.sort_by(|one, other| (other.last_unix_ms, &one.caller).cmp(&(one.last_unix_ms, &other.caller)));
        statuses.truncate(SHOWN);
        statuses
    }

    /// Every change is complete before anything can panic.
    fn lock(&self) -> MutexGuard<'_, HashMap<Ss58, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn caller(number: u32) -> Ss58 {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&number.to_be_bytes());
        bittensor::ss58::encode(&key)
    }

    #[test]
    fn a_clock_that_is_off_is_measured_whatever_single_requests_say() {
        let log = CallerLog::default();
        for request in 0..200 {
            let late = if request % 20 == 0 { -300 } else { 0 };
            log.note(&caller(1), (1500 + late) * MS, request);
        }

        let statuses = log.statuses();

        assert_eq!((statuses[0].requests, statuses[0].last_unix_ms), (200, 199));
        assert!((1400..=1500).contains(&statuses[0].clock_ahead_ms), "{statuses:?}");
    }

    #[test]
    fn those_who_came_last_are_remembered_and_shown() {
        let log = CallerLog::default();
        for number in 0..2000 {
            log.note(&caller(number), 0, u64::from(number));
        }

        let statuses = log.statuses();

        assert_eq!(log.lock().len(), MOST);
        assert_eq!((statuses.len(), &statuses[0].caller), (SHOWN, &caller(1999)));
    }
}
