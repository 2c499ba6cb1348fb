//! Counts what blocked whom, in bounded memory, since the process was started.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use common::call::task::Blocked;
use common::id::{Netuid, Ss58};

/// The most combinations of limit, subnet and validator.
const MOST: usize = 256;

/// The counts. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    of: BTreeMap<(String, Netuid, Ss58), Count>,
    of_limit: BTreeMap<String, u64>,
    others: u64,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    calls: u64,
    last_unix_ms: u64,
}

impl Blocks {
    /// Counts a blocked call. Who comes when the table is full takes the place of the least one, which goes to the others.
    pub(super) fn count(&self, limit: &str, netuid: Netuid, validator: &Ss58, unix_ms: u64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.of_limit.entry(limit.to_owned()).or_default() += 1;
        let key = (limit.to_owned(), netuid, validator.clone());
        if counts.of.len() >= MOST && !counts.of.contains_key(&key) {
            let least = counts.of.iter().min_by_key(|(_, count)| (count.calls, count.last_unix_ms));
            let Some(least) = least.map(|(key, _)| key.clone()) else { return };
            counts.others += counts.of.remove(&least).map_or(0, |count| count.calls);
        }
        let count = counts.of.entry(key).or_insert(Count { calls: 0, last_unix_ms: unix_ms });
        count.calls += 1;
        count.last_unix_ms = unix_ms;
    }

    /// Returns the calls that a limit blocked.
    pub(super) fn of_limit(&self, limit: &str) -> u64 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.of_limit.get(limit).copied().unwrap_or(0)
    }

    /// Returns the counts, the largest first, and how many calls are not among them.
    pub(super) fn list(&self) -> (Vec<Blocked>, u64) {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let blocked = counts.of.iter().map(|((limit, netuid, validator), count)| Blocked {
            limit: limit.clone(),
            netuid: *netuid,
            validator: validator.clone(),
            calls: count.calls,
            last_unix_ms: count.last_unix_ms,
        });
        let mut blocked: Vec<_> = blocked.collect();
        blocked.sort_by_key(|blocked| std::cmp::Reverse(blocked.calls));
        (blocked, counts.others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    #[test]
    fn however_many_are_blocked_the_memory_is_bounded_and_none_is_lost() {
        let blocks = Blocks::default();

        for netuid in 0..1_000 {
            for _ in 0..=u16::from(netuid == 7) {
                blocks.count("day", Netuid(netuid), &ALICE.parse().unwrap(), netuid.into());
            }
        }

        let (blocked, others) = blocks.list();
        assert_eq!(blocked.len(), MOST);
        assert_eq!((blocked[0].netuid, blocked[0].calls), (Netuid(7), 2), "who is blocked most stays");
        assert_eq!(blocked.iter().map(|blocked| blocked.calls).sum::<u64>() + others, 1_001);
        assert_eq!((blocks.of_limit("day"), blocks.of_limit("month")), (1_001, 0));
    }
}
