//! What is used of each limit, by slots of its window. Made of the journal, kept in memory: so a reservation costs no query.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};

use common::call::task::{Amount, Earnings, LimitUse, OpenCalls};
use common::money::NanoUsd;
use daemon_kit::Losses;
use rusqlite::Connection;

use super::earnings;
use super::forecast::Pace;
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
    /// What was used of each limit.
    used: Vec<Slots>,
    /// When the newest call was reserved.
    newest_ms: Option<u64>,
    /// The calls that are not settled.
    open: OpenCalls,
    /// The newest report.
    earnings: Option<Earnings>,
}

/// What was used of one limit.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Slots {
    /// In each slot that its window still holds.
    window: BTreeMap<u64, Used>,
    /// In each minute of the last hour.
    hour: BTreeMap<u64, Used>,
}

/// A limit at a time.
#[derive(Debug)]
pub(super) struct Standing<'a> {
    pub(super) limit: &'a Limit,
    used: Used,
    /// The most money, if limited.
    max_cost: Option<NanoUsd>,
    slots: &'a Slots,
    time_ms: u64,
}

impl Standing<'_> {
    /// Whether there is room for `asked`.
    pub(super) fn admits(&self, asked: Amount) -> bool {
        self.limit.admits(self.used, asked, self.max_cost)
    }

    /// Returns what was used in the last hour, or since its first call.
    pub(super) fn pace(&self) -> Pace {
        self.slots.pace(self.time_ms)
    }

    /// Returns it for the status.
    pub(super) fn usage(&self) -> LimitUse {
        self.limit.usage(self.used, self.max_cost)
    }
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
        let used = vec![Slots::default(); limits.len()];
        let newest_ms = journal::newest(connection)?;
        let earnings = earnings::newest(connection)?;
        let mut tally = Self { limits, used, newest_ms, open: OpenCalls::default(), earnings };
        let Some(newest_ms) = newest_ms else { return Ok(tally) };
        for row in journal::open(connection)? {
            tally.open(row.reserved);
        }
        let starts = tally.limits.iter().map(|limit| window::start_ms(limit.window, newest_ms));
        let start_ms = starts.min().unwrap_or(newest_ms).min(window::first_minute(newest_ms) * window::MINUTE_MS);
        journal::each_since(connection, start_ms, |row| {
            tally.change(&row.subject, row.unix_ms, |used| used.plus(row.used()));
        })?;
        Ok(tally)
    }

    /// Returns the time that windows are counted at.
    pub(super) fn time_ms(&self, now_ms: u64) -> u64 {
        window::window_time(now_ms, self.newest_ms)
    }

    /// Returns each limit as it stands at a time.
    pub(super) fn at(&self, time_ms: u64) -> impl Iterator<Item = Standing<'_>> {
        self.limits.iter().zip(&self.used).map(move |(limit, slots)| Standing {
            limit,
            used: slots.used(limit, time_ms),
            max_cost: limit.max_cost_at(self.earnings.as_ref(), time_ms),
            slots,
            time_ms,
        })
    }

    /// Returns the limits that apply to a call, as they stand at a time.
    pub(super) fn applying<'a>(
        &'a self,
        subject: &'a Subject,
        time_ms: u64,
    ) -> impl Iterator<Item = Standing<'a>> + 'a {
        self.at(time_ms).filter(|standing| standing.limit.applies_to(subject))
    }

    /// Returns the calls that are not settled.
    pub(super) fn open_calls(&self) -> OpenCalls {
        self.open
    }

    /// Returns the newest report of earnings.
    pub(super) fn earnings(&self) -> Option<&Earnings> {
        self.earnings.as_ref()
    }

    /// Takes over a report of earnings that has been written down.
    pub(super) fn set_earnings(&mut self, earnings: Earnings) {
        self.earnings = Some(earnings);
    }

    /// Counts a call that has just been allowed, and forgets the slots that no window holds any more.
    pub(super) fn add_reserved(&mut self, row: &JournalRow) {
        self.newest_ms = Some(row.unix_ms);
        self.open(row.reserved);
        for (limit, slots) in self.limits.iter().zip(&mut self.used) {
            forget_before(&mut slots.window, first_slot(limit.window, row.unix_ms));
            forget_before(&mut slots.hour, window::first_minute(row.unix_ms));
        }
        self.change(&row.subject, row.unix_ms, |used| used.plus(row.used()));
    }

    /// Counts an open call as what it came to. What no window holds any more is not counted.
    pub(super) fn settle(&mut self, subject: &Subject, unix_ms: u64, reserved: Amount, settled: Amount) {
        self.open.calls = self.open.calls.saturating_sub(1);
        self.open.reserved = less(self.open.reserved, reserved);
        self.change(subject, unix_ms, |used| {
            let reserved = less(used.reserved, reserved);
            Used { reserved, ..used }.plus(Used { settled, reserved: Amount::default() })
        });
    }

    fn open(&mut self, reserved: Amount) {
        self.open.calls += 1;
        let Amount { tokens, cost } = &mut self.open.reserved;
        *tokens = tokens.saturating_add(reserved.tokens);
        *cost = cost.saturating_add(reserved.cost);
    }

    /// Makes the sums wrong.
    #[cfg(test)]
    pub(super) fn forget(&mut self) {
        self.used.iter_mut().for_each(|slots| slots.window.clear());
    }

    /// Changes the slot of a time in every limit that matches, if the limit's window still holds it.
    fn change(&mut self, subject: &Subject, unix_ms: u64, to: impl Fn(Used) -> Used) {
        let newest_ms = self.newest_ms.unwrap_or(unix_ms);
        for (limit, slots) in self.limits.iter().zip(&mut self.used) {
            if !limit.matches(subject) {
                continue;
            }
            let (at, minute) = (slot(limit.window, unix_ms), unix_ms / window::MINUTE_MS);
            let held = [
                (at >= first_slot(limit.window, newest_ms)).then(|| slots.window.entry(at).or_default()),
                (minute >= window::first_minute(newest_ms)).then(|| slots.hour.entry(minute).or_default()),
            ];
            for used in held.into_iter().flatten() {
                *used = to(*used);
            }
        }
    }
}

impl Slots {
    fn used(&self, limit: &Limit, time_ms: u64) -> Used {
        sum(&self.window, first_slot(limit.window, time_ms)..=slot(limit.window, time_ms))
    }

    fn pace(&self, time_ms: u64) -> Pace {
        let minutes = window::first_minute(time_ms)..=time_ms / window::MINUTE_MS;
        let began = self.hour.range(minutes.clone()).next().map(|(minute, _)| minute * window::MINUTE_MS);
        let in_ms = time_ms.saturating_sub(began.unwrap_or(time_ms));
        Pace { used: sum(&self.hour, minutes).total(), in_ms }
    }
}

fn sum(slots: &BTreeMap<u64, Used>, held: RangeInclusive<u64>) -> Used {
    slots.range(held).fold(Used::default(), |sum, (_, used)| sum.plus(*used))
}

fn forget_before(slots: &mut BTreeMap<u64, Used>, first: u64) {
    while let Some(entry) = slots.first_entry().filter(|entry| *entry.key() < first) {
        entry.remove();
    }
}

fn less(amount: Amount, by: Amount) -> Amount {
    Amount { tokens: amount.tokens.saturating_sub(by.tokens), cost: NanoUsd(amount.cost.0.saturating_sub(by.cost.0)) }
}
