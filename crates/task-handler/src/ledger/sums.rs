//! What is used of each limit, by slots of its window. Made of the journal, kept in memory: so a reservation costs no query.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use common::call::task::{Amount, LimitUse};
use common::money::NanoUsd;
use daemon_kit::Losses;
use rusqlite::Connection;

use super::journal::{self, JournalRow};
use super::limit::{Limit, Subject, Used};
use super::window::{self, first_slot, slot};

/// The sums that the jobs of a store share. Only jobs may use them: on the store's thread they are always those of the
/// journal.
#[derive(Clone, Debug)]
pub(super) struct Sums {
    limits: Arc<[Limit]>,
    losses: Losses,
    kept: Arc<Mutex<Option<Kept>>>,
}

#[derive(Debug)]
struct Kept {
    /// The lost transactions before it was made: after another, memory may hold what the journal does not.
    losses: u64,
    tally: Tally,
}

/// What a journal adds up to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Tally {
    limits: Arc<[Limit]>,
    /// For each limit, what was used of it in each slot that its window still holds.
    used: Vec<BTreeMap<u64, Used>>,
    /// When the newest call was reserved.
    newest_ms: Option<u64>,
}

impl Sums {
    /// Sums of what `limits` hold, not made yet.
    pub(super) fn new(limits: Arc<[Limit]>, losses: Losses) -> Self {
        Self { limits, losses, kept: Arc::default() }
    }

    /// Works with the sums, which are made anew where they may be wrong. A job changes them last, when nothing of it can
    /// fail any more.
    pub(super) fn with<T>(
        &self,
        connection: &Connection,
        work: impl FnOnce(&mut Tally) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        // A panic while they were changed leaves them away.
        let mut place = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let losses = self.losses.count();
        let mut tally = match place.take() {
            Some(kept) if kept.losses == losses => kept.tally,
            Some(_) | None => Tally::of_journal(connection, Arc::clone(&self.limits))?,
        };
        let result = work(&mut tally);
        *place = Some(Kept { losses, tally });
        result
    }

    /// Compares the sums with the journal and, if they differ, makes them anew. Returns whether they were right.
    pub(super) fn verify(&self, connection: &Connection) -> rusqlite::Result<bool> {
        self.with(connection, |tally| {
            let right = Tally::of_journal(connection, Arc::clone(&self.limits))?;
            let is_right = *tally == right;
            *tally = right;
            Ok(is_right)
        })
    }
}

impl Tally {
    fn of_journal(connection: &Connection, limits: Arc<[Limit]>) -> rusqlite::Result<Self> {
        let used = vec![BTreeMap::new(); limits.len()];
        let newest_ms = journal::newest(connection)?;
        let mut tally = Self { limits, used, newest_ms };
        let Some(newest_ms) = newest_ms else { return Ok(tally) };
        let starts = tally.limits.iter().map(|limit| window::start_ms(limit.window, newest_ms));
        let start_ms = starts.min().unwrap_or(newest_ms);
        journal::each_since(connection, start_ms, |row| {
            tally.change(&row.subject, row.unix_ms, |used| used.plus(row.used()));
        })?;
        Ok(tally)
    }

    /// Returns the time that windows are counted at.
    pub(super) fn time_ms(&self, now_ms: u64) -> u64 {
        window::window_time(now_ms, self.newest_ms)
    }

    /// Returns each limit with what is used of it at a time.
    pub(super) fn usage(&self, time_ms: u64) -> Vec<LimitUse> {
        self.at(time_ms).map(|(limit, used)| limit.usage(used)).collect()
    }

    /// Returns the limits that apply to a call, with what is used of them at a time.
    pub(super) fn applying<'a>(
        &'a self,
        subject: &'a Subject,
        time_ms: u64,
    ) -> impl Iterator<Item = (&'a Limit, Used)> + 'a {
        self.at(time_ms).filter(|(limit, _)| limit.applies_to(subject))
    }

    /// Counts a call that has just been allowed, and forgets the slots that no window holds any more.
    pub(super) fn add_reserved(&mut self, row: &JournalRow) {
        self.newest_ms = Some(row.unix_ms);
        for (limit, slots) in self.limits.iter().zip(&mut self.used) {
            let first = first_slot(limit.window, row.unix_ms);
            while let Some(entry) = slots.first_entry().filter(|entry| *entry.key() < first) {
                entry.remove();
            }
        }
        self.change(&row.subject, row.unix_ms, |used| used.plus(row.used()));
    }

    /// Counts an open call as what it came to. What no window holds any more is not counted.
    pub(super) fn settle(&mut self, subject: &Subject, unix_ms: u64, reserved: Amount, settled: Amount) {
        self.change(subject, unix_ms, |used| {
            let reserved = Amount {
                tokens: used.reserved.tokens.saturating_sub(reserved.tokens),
                cost: NanoUsd(used.reserved.cost.0.saturating_sub(reserved.cost.0)),
            };
            Used { reserved, ..used }.plus(Used { settled, reserved: Amount::default() })
        });
    }

    /// Makes the sums wrong.
    #[cfg(test)]
    pub(super) fn forget(&mut self) {
        self.used.iter_mut().for_each(BTreeMap::clear);
    }

    fn at(&self, time_ms: u64) -> impl Iterator<Item = (&Limit, Used)> {
        self.limits.iter().zip(&self.used).map(move |(limit, slots)| {
            let held = first_slot(limit.window, time_ms)..=slot(limit.window, time_ms);
            (limit, slots.range(held).fold(Used::default(), |sum, (_, used)| sum.plus(*used)))
        })
    }

    /// Changes the slot of a time in every limit that matches, if the limit's window still holds it.
    fn change(&mut self, subject: &Subject, unix_ms: u64, to: impl Fn(Used) -> Used) {
        let newest_ms = self.newest_ms.unwrap_or(unix_ms);
        for (limit, slots) in self.limits.iter().zip(&mut self.used) {
            let at = slot(limit.window, unix_ms);
            if limit.matches(subject) && at >= first_slot(limit.window, newest_ms) {
                let used = slots.entry(at).or_default();
                *used = to(*used);
            }
        }
    }
}
